import { strict as assert } from 'node:assert';
import type { ClientSettings } from '../../../lib/client/index';
import { type Delivery, Realtime, type RealtimeSettings, type SocketState } from '../../../lib/realtime/index';
import type { SandboxOptions } from '../../../sandbox/index';
import { type Bench, bench, Inbox } from '../support';

const email = 'demo@linktor.local';
const password = 'sandbox';

interface Stored {
  id: string;
  conversationId: string;
}

for (const habits of ['none', 'all'] as const)
  describe(`realtime: where the socket announces no messages, habits ${habits}`, () => {
    let box: Bench;
    let realtime: Realtime;
    const made: Realtime[] = [];
    let told: Inbox<Delivery>;
    let states: Inbox<SocketState>;
    let problems: Inbox<string>;

    async function open(options: SandboxOptions = {}): Promise<void> {
      box = await bench({ contract: 'server', receipts: 'manual', habits: [habits], ...options });
      told = new Inbox();
      states = new Inbox();
      problems = new Inbox();
    }
    afterEach(async () => {
      for (const one of made.splice(0)) await one.close();
      await box.close();
    });

    function make(settings: Partial<RealtimeSettings> = {}, client: ClientSettings = {}): Realtime {
      const rest = box.client({ contract: 'server', apiKey: undefined, email, password, maxRetries: 0, ...client });
      const { contract, url, connection } = rest.realtime;
      realtime = new Realtime({
        contract,
        rest,
        url,
        connection,
        reconnectInterval: 4,
        pollBusy: 10,
        pollIdle: 30,
        onProblem: problems.add,
        ...settings,
        timing: { linger: 50, ...settings.timing },
      });
      realtime.onState(states.add);
      made.push(realtime);
      return realtime;
    }
    const opened = (times = 1) => states.some(times, ({ name }) => name === 'open');
    /** A trigger for all conversations. */
    async function everything(settings?: Partial<RealtimeSettings>, client?: ClientSettings): Promise<() => void> {
      make(settings, client);
      const releases = [realtime.subscribeAll(), realtime.listen(told.add)];
      await opened();
      return () => {
        for (const release of releases) release();
      };
    }
    const write = (body: object) => box.control<Stored>('/messages', body);
    const hears = (id: string) => told.first(({ event }) => event.message?.id === id);
    const messageIds = (of = told) => of.all.flatMap(({ event }) => (event.message ? [event.message.id] : []));
    const facts = () => realtime.facts().poll ?? assert.fail('nothing is asked');
    /** So many looks have been made since now, from beginning to end. */
    async function rounds(more: number): Promise<void> {
      const goal = facts().rounds + more + 1;
      while (facts().rounds < goal) await new Promise((resolve) => setImmediate(resolve));
    }
    const said = (conversationId: string) =>
      told.all.flatMap(({ event }) => (event.conversationId === conversationId && event.message?.text) || []);
    const gaps = () => told.all.flatMap(({ event }) => (event.gap ? [event] : []));
    const fail = (count: number, path = '/conversations') => box.control('/fail', { count, status: 503, path });
    /** What happens meanwhile is found by the next look only. */
    async function unseen(act: () => Promise<void>): Promise<void> {
      await fail(100_000);
      await states.some(1, ({ name }) => name === 'waiting');
      await act();
      await fail(0);
    }

    it('tells what customers say, with whom and where, and nothing that was said before', async () => {
      await open();
      await write({ conversationId: 'conv_ana', text: 'long ago' });
      await everything();
      const { id } = await write({ conversationId: 'conv_bruno', text: 'And now?' });
      const { event, conversation, source, recovered } = await hears(id);
      assert.deepEqual(
        [event.name, event.message?.text, event.conversationId, source, recovered],
        ['message.received', 'And now?', 'conv_bruno', 'poll', false],
      );
      assert.deepEqual(
        [conversation?.contactId, conversation?.channelType, conversation?.contact?.name],
        ['ct_bruno', 'whatsapp', 'Bruno Lima'],
      );
      await rounds(2);
      assert.deepEqual(messageIds(), [id]);
      assert.equal(told.all.filter(({ event: one }) => one.name === 'connection.open').length, 1);
    });

    it('fetches the files of customers, which a list does not show', async () => {
      await open();
      await everything();
      const media = { type: 'image', url: 'https://files.example.com/a.png', mimeType: 'image/png', filename: 'a.png' };
      const { id } = await write({ conversationId: 'conv_ana', media });
      const { event } = await hears(id);
      assert.deepEqual([event.message?.media?.url, event.message?.media?.mimeType], [media.url, media.mimeType]);
    });

    it('tells what we say and what becomes of it, in order', async () => {
      await open();
      await everything();
      const client = box.client({ contract: 'server', apiKey: undefined, email, password });
      const { id } = await client.conversations.sendText('conv_ana', 'Hello');
      const { event } = await hears(id);
      assert.deepEqual([event.name, event.message?.status], ['message.sent', 'pending']);
      for (const status of ['delivered', 'read']) {
        await box.control('/status', { messageId: id, status });
        const { recovered } = await told.first(
          ({ event: one }) => one.messageId === id && one.name === `message.${status}`,
        );
        assert.equal(recovered, false);
      }
      const names = told.all.filter(({ event: one }) => one.messageId === id).map(({ event: one }) => one.name);
      assert.deepEqual(names, ['message.sent', 'message.delivered', 'message.read']);
    });

    it('tells all that has become of a message, though it asks only once', async () => {
      await open({ receipts: 'auto' });
      await everything({ pollBusy: 5000, pollIdle: 5000 });
      const client = box.client({ contract: 'server', apiKey: undefined, email, password });
      const { id } = await client.conversations.sendText('conv_ana', 'Hello');
      while ((await client.conversations.message('conv_ana', id)).status !== 'read') await box.state();
      realtime.reconnect();
      await told.first(({ event: one }) => one.messageId === id && one.name === 'message.read');
      const names = told.all.filter(({ event: one }) => one.messageId === id).map(({ event: one }) => one.name);
      assert.deepEqual(names, ['message.sent', 'message.sent', 'message.delivered', 'message.read']);
    });

    it('fetches the file of a message that the socket announces, and keeps the order', async () => {
      await open({ announces: true });
      await everything({ pollBusy: 5000, pollIdle: 5000 });
      while ((await box.state()).sockets.open === 0) await new Promise((resolve) => setImmediate(resolve));
      const media = { type: 'image', url: 'https://files.example.com/a.png', caption: 'look' };
      const { id } = await write({ conversationId: 'conv_ana', media });
      const { id: next } = await write({ conversationId: 'conv_ana', text: 'and?' });
      await hears(next);
      assert.deepEqual(messageIds(), [id, next]);
      const { event, recovered } = await hears(id);
      assert.deepEqual([event.message?.media?.url, recovered], [media.url, false]);
    });

    it('tells of new conversations and of what changes in them', async () => {
      await open();
      await everything();
      const first = await write({ contact: { name: 'Zoe' }, text: 'Hi' });
      await hears(first.id);
      const id = first.conversationId;
      const { conversations } = box.client({ contract: 'server', apiKey: undefined, email, password });
      const named = (name: string) => told.first(({ event }) => event.name === name && event.conversationId === id);
      await conversations.assign(id, 'user_demo');
      await named('conversation.assigned');
      await conversations.resolve(id);
      const { event } = await named('conversation.resolved');
      assert.deepEqual([event.changed, event.previous], [['status'], { status: 'open' }]);
      await conversations.reopen(id);
      await named('conversation.reopened');
      await rounds(2);
      const names = told.all.filter(({ event: one }) => one.conversationId === id).map(({ event: one }) => one.name);
      assert.deepEqual(names, [
        'conversation.created',
        'message.received',
        'conversation.assigned',
        'conversation.resolved',
        'conversation.reopened',
      ]);
    });

    it('loses nothing and doubles nothing of many conversations, fifteen at a time, and keeps the order of each', async () => {
      await open();
      await everything();
      const names = Array.from({ length: 45 }, (_, index) => `Customer ${index}`);
      const written = new Map<string, string[]>();
      for (let turn = 0; turn < 4; turn++) {
        for (let from = 0; from < names.length; from += 15) {
          await Promise.all(
            names.slice(from, from + 15).map(async (name) => {
              const { id, conversationId: conversation } = await write({ contact: { name }, text: `${turn}` });
              written.set(conversation, [...(written.get(conversation) ?? []), id]);
            }),
          );
          await rounds(1);
        }
      }
      await rounds(2);
      const got = (id: string) =>
        told.all.flatMap(({ event }) => (event.conversationId === id && event.message ? [event.message.id] : []));
      for (const [id, ids] of written) assert.deepEqual(got(id), ids);
      assert.equal(messageIds().length, 45 * 4);
      assert.deepEqual(gaps(), []);
    });

    it('says so when more conversations have changed than the list shows', async () => {
      await open();
      await everything();
      await unseen(async () => {
        for (let index = 0; index < 25; index++) await write({ contact: { name: `Customer ${index}` }, text: 'Hi' });
      });
      await rounds(2);
      const [gap, ...others] = gaps();
      assert.deepEqual([gap?.gap?.reason, gap?.conversationId, others], ['truncated', undefined, []]);
      assert.equal(messageIds().length, 20);
      assert.ok(told.all.every(({ event, recovered }) => !event.message || recovered));
      assert.equal(realtime.facts().counters.gaps, 1);
    });

    it('says so when more has been said in a conversation than the list shows, and tells the rest', async () => {
      await open();
      await everything();
      await unseen(async () => {
        for (let index = 0; index < 60; index++) await write({ conversationId: 'conv_ana', text: `${index}` });
      });
      await rounds(2);
      const [gap, ...others] = gaps();
      assert.deepEqual([gap?.gap?.reason, gap?.conversationId, others], ['truncated', 'conv_ana', []]);
      assert.deepEqual(
        said('conv_ana'),
        Array.from({ length: 50 }, (_, index) => `${index + 10}`),
      );
      await write({ conversationId: 'conv_ana', text: 'live' });
      const { recovered } = await told.first(({ event }) => event.message?.text === 'live');
      assert.equal(recovered, false);
    });

    it('reads a thousand rows of one page, whatever the server puts into it, and says so', async () => {
      await open();
      const { conversations } = box.client({ contract: 'server', apiKey: undefined, email, password });
      let isFlooded = false;
      const flood = async (id: string) => {
        const page = await conversations.messages(id, {});
        const [first] = page.items;
        if (!isFlooded || !first) return page;
        return { ...page, items: Array.from({ length: 5000 }, (_, index) => ({ ...first, id: `row ${index}` })) };
      };
      const rest: RealtimeSettings['rest'] = {
        conversations: {
          each: (filter) => conversations.each(filter),
          eachMessage: (id, filter) => conversations.eachMessage(id, filter),
          get: (id) => conversations.get(id),
          latest: () => conversations.latest(),
          message: (id, messageId) => conversations.message(id, messageId),
          messages: flood,
        },
      };
      await everything({ rest });
      await rounds(1);
      isFlooded = true;
      await write({ conversationId: 'conv_ana', text: 'one of many' });
      const { event } = await told.first((one) => one.event.gap !== undefined);
      assert.deepEqual([event.gap?.reason, event.conversationId], ['truncated', 'conv_ana']);
      await rounds(2);
      assert.equal(messageIds().filter((id) => id.startsWith('row')).length, 1000);
    });

    it('asks once where nothing has happened, often while something does and seldom when it does not', async () => {
      await open();
      await everything({ pollBusy: 10, pollIdle: 40 });
      const before = facts();
      assert.equal(before.every, 40);
      await rounds(5);
      const quiet = facts();
      assert.equal(quiet.requests - before.requests, quiet.rounds - before.rounds);
      await hears((await write({ conversationId: 'conv_ana', text: 'Hi' })).id);
      assert.equal(facts().every, 10);
      while (facts().every === 10) await rounds(1);
      assert.equal(facts().every, 40);
    });

    it('slows down once the socket announces messages, until it stops', async () => {
      await open({ announces: true });
      await everything({ pollBusy: 10, pollIdle: 50 });
      await told.first(({ event, source }) => event.name === 'connection.open' && source === 'ws');
      while ((await box.state()).sockets.open === 0) await rounds(1);
      await write({ conversationId: 'conv_ana', text: 'one' });
      await told.first(({ event }) => event.message?.text === 'one');
      while (facts().every !== 200) {
        await write({ conversationId: 'conv_bruno', text: 'again' });
        await rounds(1);
      }
      const { id } = await write({ conversationId: 'conv_ana', text: 'two' });
      assert.equal((await hears(id)).source, 'ws');
      await rounds(1);
      assert.equal(messageIds().filter((one) => one === id).length, 1);
      // It goes silent: the next look finds what it has kept, and from then on there are more of them.
      await box.control('/announces', { on: false });
      const kept = await write({ conversationId: 'conv_ana', text: 'three' });
      assert.equal((await hears(kept.id)).source, 'poll');
      assert.equal(facts().every, 10);
    });

    it('tells after a restart what came meanwhile, and nothing twice', async () => {
      await open();
      await write({ conversationId: 'conv_ana', text: 'long ago' });
      await everything();
      const before = await write({ conversationId: 'conv_bruno', text: 'before' });
      await hears(before.id);
      await rounds(1);
      const memory = realtime.memory.export();
      await realtime.close();
      const meanwhile = await write({ conversationId: 'conv_bruno', text: 'meanwhile' });
      const newcomer = await write({ contact: { name: 'Zoe' }, text: 'Anybody?' });
      make();
      realtime.memory.import(memory);
      realtime.subscribeAll();
      realtime.listen(told.add);
      assert.equal((await hears(meanwhile.id)).recovered, true);
      await hears(newcomer.id);
      const live = await write({ conversationId: 'conv_bruno', text: 'live' });
      assert.equal((await hears(live.id)).recovered, false);
      await rounds(2);
      assert.deepEqual(said('conv_bruno'), ['before', 'meanwhile', 'live']);
      assert.deepEqual(messageIds().length, 4);
      assert.deepEqual(gaps(), []);
    });

    it('tells what came while the nodes were made anew, and not what nobody wanted to hear', async () => {
      await open();
      const leave = await everything({ timing: { linger: 300 } });
      const kept = realtime.subscribeAll();
      leave();
      const during = await write({ conversationId: 'conv_ana', text: 'during' });
      const release = realtime.listen(told.add);
      assert.equal((await hears(during.id)).recovered, false);
      release();
      await states.first(({ name }) => name === 'idle');
      const asked = facts().requests;
      await write({ conversationId: 'conv_ana', text: 'nobody there' });
      realtime.listen(told.add);
      await opened(2);
      const back = await write({ conversationId: 'conv_ana', text: 'back' });
      await hears(back.id);
      assert.ok(facts().requests > asked);
      assert.deepEqual(said('conv_ana'), ['during', 'back']);
      kept();
    });

    it('hears only of the conversations that somebody chose', async () => {
      await open();
      make();
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await opened();
      await write({ conversationId: 'conv_bruno', text: 'not chosen' });
      await hears((await write({ conversationId: 'conv_ana', text: 'chosen' })).id);
      realtime.subscribe('conv_bruno');
      await rounds(1);
      await hears((await write({ conversationId: 'conv_bruno', text: 'from now on' })).id);
      assert.deepEqual([said('conv_ana'), said('conv_bruno')], [['chosen'], ['from now on']]);
    });

    it('tells a message that is stored long after its own time, in a conversation that there was and in a new one', async () => {
      await open();
      await write({ conversationId: 'conv_ana', text: 'long ago' });
      await everything();
      const ago = (milliseconds: number) => new Date(Date.now() - milliseconds).toISOString();
      await hears((await write({ conversationId: 'conv_bruno', text: 'on time' })).id);
      const late = [
        await write({ conversationId: 'conv_ana', text: 'a minute late', sentAt: ago(60_000) }),
        await write({ conversationId: 'conv_bruno', text: 'an hour late', sentAt: ago(3_600_000) }),
        await write({ contact: { name: 'Zoe' }, text: 'a day late', sentAt: ago(23 * 3_600_000) }),
      ];
      for (const { id } of late) assert.equal((await hears(id)).recovered, false);
      await rounds(2);
      assert.equal(messageIds().length, 4);
      assert.deepEqual(gaps(), []);
    });

    it('loses nothing of a backlog that is stored late and out of order', async () => {
      await open();
      await everything();
      const count = 300;
      const written: string[] = [];
      for (let index = 0; index < count; index++) {
        const sentAt = new Date(Date.now() - 18_000 - ((index * 7919) % 86_000) * 1000).toISOString();
        written.push((await write({ contact: { name: `Customer ${index % 12}` }, text: `${index}`, sentAt })).id);
        if (index % 40 === 39) await rounds(1);
      }
      await rounds(3);
      const got = new Set(messageIds());
      const lost = written.filter((id) => !got.has(id));
      assert.ok(lost.length === 0 || gaps().length > 0, `${lost.length} lost without a gap`);
      assert.equal(lost.length, 0);
      assert.equal(messageIds().length, count);
    });

    it('says so when a message has been stored that the list does not show', async () => {
      await open();
      for (let index = 0; index < 55; index++) await write({ conversationId: 'conv_ana', text: `${index}` });
      await everything();
      const sentAt = new Date(Date.now() - 3_600_000).toISOString();
      await write({ conversationId: 'conv_ana', text: 'behind all others', sentAt });
      const { event } = await told.first(({ event: one }) => one.gap !== undefined);
      assert.deepEqual([event.gap?.reason, event.conversationId], ['truncated', 'conv_ana']);
    });

    it('tells what becomes of every answer, the second and the fifth', async () => {
      await open();
      await everything();
      const client = box.client({ contract: 'server', apiKey: undefined, email, password });
      const ids: string[] = [];
      for (let index = 0; index < 5; index++) {
        const { id } = await client.conversations.sendText('conv_ana', `answer ${index}`);
        realtime.sent('conv_ana');
        ids.push(id);
        await hears(id);
      }
      for (const id of ids) await box.control('/status', { messageId: id, status: 'delivered' });
      await box.control('/status', { messageId: ids[4], status: 'failed' });
      await rounds(3);
      for (const [index, id] of ids.entries()) {
        const names = told.all.filter(({ event: one }) => one.messageId === id).map(({ event: one }) => one.name);
        assert.equal(names.at(-1), index === 4 ? 'message.failed' : 'message.delivered', `answer ${index}: ${names}`);
      }
    });

    it('tells the later replies of a colleague', async () => {
      await open();
      await everything();
      const client = box.client({ contract: 'server', apiKey: undefined, email, password });
      for (const text of ['first', 'second', 'third']) {
        const { id } = await client.conversations.sendText('conv_ana', text);
        await hears(id);
      }
    });

    for (const [what, milliseconds] of Object.entries({
      'an hour': 3_600_000,
      'seventy years': 70 * 365 * 86_400_000,
    })) {
      it(`is not misled by a conversation that is listed ${what} ahead`, async () => {
        await open();
        const ahead = new Date(Date.now() + milliseconds).toISOString();
        make();
        const rest = box.client({ contract: 'server', apiKey: undefined, email, password, maxRetries: 0 });
        const { conversations } = rest;
        await realtime.close();
        make({
          rest: {
            conversations: {
              each: (filter) => conversations.each(filter),
              get: (id) => conversations.get(id),
              eachMessage: (id, filter) => conversations.eachMessage(id, filter),
              messages: (id, filter) => conversations.messages(id, filter),
              message: (id, messageId) => conversations.message(id, messageId),
              latest: async () => {
                const page = await conversations.latest();
                const items = page.items.map((one) =>
                  one.id === 'conv_carla' ? { ...one, updatedAt: ahead, lastMessageAt: ahead } : one,
                );
                return { ...page, items };
              },
            },
          },
        });
        realtime.subscribeAll();
        realtime.listen(told.add);
        await opened();
        await hears((await write({ conversationId: 'conv_ana', text: 'still here' })).id);
        await hears((await write({ contact: { name: 'Zoe' }, text: 'new here' })).id);
        await hears((await write({ conversationId: 'conv_carla', text: 'from the future' })).id);
        const [mark] = realtime.memory.export().filter(([key]) => key.startsWith('w:'));
        assert.ok(Number(mark?.[0].slice(2)) <= Date.now());
      });
    }

    it('is connected without a socket, and with one that comes and goes', async () => {
      await open();
      await box.control('/fail', { count: 100_000, status: 503, path: '/ws' });
      await everything();
      await hears((await write({ conversationId: 'conv_ana', text: 'no socket' })).id);
      await box.control('/fail', { count: 0 });
      while ((await box.state()).sockets.open === 0) await rounds(1);
      await box.control('/typing', { conversationId: 'conv_ana', isTyping: true });
      const { source } = await told.first(({ event }) => event.name === 'typing');
      assert.equal(source, 'ws');
      await box.control('/sockets/drop');
      await hears((await write({ conversationId: 'conv_ana', text: 'still here' })).id);
      assert.deepEqual(
        states.all.map(({ name }) => name),
        ['connecting', 'open'],
      );
    });

    it('says that it waits while the server cannot be asked, for as long as that wants', async () => {
      await open();
      await everything();
      await box.control('/fail', {
        count: 1,
        status: 503,
        path: '/conversations',
        headers: { 'Retry-After': '1' },
      });
      const waiting = await states.first(({ name }) => name === 'waiting');
      assert.ok(waiting.name === 'waiting' && waiting.until - waiting.since >= 1000);
      assert.equal(realtime.facts().attempts, 1);
      const { id } = await write({ conversationId: 'conv_ana', text: 'meanwhile' });
      assert.equal((await hears(id)).recovered, true);
      await opened(2);
      assert.equal(realtime.facts().attempts, 0);
    });

    it('goes on for the others where one conversation cannot be read for now', async () => {
      await open();
      await everything();
      await fail(3, '/conversations/conv_ana/messages');
      const blocked = await write({ conversationId: 'conv_ana', text: 'blocked' });
      const { id } = await write({ conversationId: 'conv_bruno', text: 'free' });
      await hears(id);
      await hears(blocked.id);
      await rounds(2);
      assert.equal(messageIds().length, 2);
      assert.deepEqual(gaps(), []);
    });

    it('says that the server refuses us, and goes on when it takes us again', async () => {
      await open();
      await everything({ timing: { revival: 0 } });
      await box.control('/fail', { count: 100_000, status: 401, path: '/conversations' });
      const refused = await states.first(({ name }) => name === 'refused');
      assert.ok(refused.name === 'refused' && refused.code === 'authentication');
      await box.control('/fail', { count: 0 });
      realtime.revive();
      await opened(2);
      await hears((await write({ conversationId: 'conv_ana', text: 'again' })).id);
    });

    it('asks nothing while it is paused, and tells afterwards what came meanwhile', async () => {
      await open();
      await everything();
      realtime.disconnect();
      assert.equal(realtime.state.name, 'paused');
      const { id } = await write({ conversationId: 'conv_ana', text: 'meanwhile' });
      const before = facts().rounds;
      realtime.connect();
      assert.equal(facts().rounds, before);
      assert.notEqual(realtime.state.name, 'open');
      assert.equal((await hears(id)).recovered, true);
      await opened(2);
    });
  });
