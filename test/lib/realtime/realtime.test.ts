import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { ClientSettings } from '../../../lib/client/index';
import { type Delivery, Realtime, type RealtimeSettings, type SocketState } from '../../../lib/realtime/index';
import { type Bench, bench, Inbox } from '../support';

interface Stored {
  id: string;
  conversationId: string;
}

for (const broadcast of [false, true]) {
  describe(`realtime: against the sandbox, ${broadcast ? 'which tells everybody everything' : 'which tells subscribers only'}`, () => {
    let box: Bench;
    let realtime: Realtime;
    const made: Realtime[] = [];
    let told: Inbox<Delivery>;
    let states: Inbox<SocketState>;
    let problems: Inbox<string>;
    let posted: Stored[];

    beforeEach(async () => {
      box = await bench({ broadcast, receipts: 'manual' });
      told = new Inbox();
      states = new Inbox();
      problems = new Inbox();
      posted = [];
    });
    afterEach(async () => {
      for (const one of made.splice(0)) await one.close();
      await box.close();
    });

    function make(settings: Partial<RealtimeSettings> = {}, clientSettings: ClientSettings = {}): Realtime {
      const client = box.client({ maxRetries: 0, ...clientSettings });
      const { contract, url } = client.realtime;
      realtime = new Realtime({
        contract,
        rest: client,
        url,
        reconnectInterval: 4,
        discoverInterval: 20,
        onProblem: problems.add,
        ...settings,
        timing: { linger: 10, ...settings.timing },
      });
      realtime.onState(states.add);
      made.push(realtime);
      return realtime;
    }
    /** A trigger for all conversations, on a connection that stands. */
    async function everything(
      settings?: Partial<RealtimeSettings>,
      clientSettings?: ClientSettings,
    ): Promise<() => void> {
      make(settings, clientSettings);
      const releases = [realtime.subscribeAll(), realtime.listen(told.add)];
      await opened(1);
      // What is said before the first listing is as old as what was said before we came.
      await listed(2);
      await ready();
      return () => {
        for (const release of releases) release();
      };
    }
    const listings = async () =>
      (await box.state()).requests.filter(({ path, status }) => path === '/conversations' && status === 200).length;
    /** The server has listed its conversations so many times. */
    async function listed(times: number): Promise<void> {
      while ((await listings()) < times) await new Promise((resolve) => setImmediate(resolve));
    }
    const opened = (times: number) => states.some(times, ({ name }) => name === 'open');
    /** A customer writes. */
    async function write(body: object): Promise<Stored> {
      const message = await box.control<Stored>('/messages', body);
      posted.push({ id: message.id, conversationId: message.conversationId });
      return message;
    }
    const messageIds = () => told.all.flatMap(({ event }) => (event.message ? [event.message.id] : []));
    const hears = (id: string) => told.first(({ event }) => event.message?.id === id);
    /** What was caught up with has been told when a message comes through that was written now. */
    async function ready(conversationId = 'conv_ana'): Promise<void> {
      await hears((await write({ conversationId, text: 'ready?' })).id);
    }
    /** Nobody gets in until the door is opened again. */
    async function cutOff(): Promise<() => Promise<void>> {
      const before = states.all.filter(({ name }) => name === 'waiting').length;
      await box.control('/fail', { count: 100_000, status: 503, path: '/ws' });
      await box.control('/sockets/drop');
      await states.some(before + 1, ({ name }) => name === 'waiting');
      const open = states.all.filter(({ name }) => name === 'open').length;
      return async () => {
        await box.control('/fail', { count: 0 });
        await opened(open + 1);
      };
    }
    /** Every message that was written has been told once, and those of a conversation in order. */
    function assertComplete(among: (one: Stored) => boolean = () => true): void {
      const got = told.all.flatMap(({ event }) => (event.message ? [event.message] : []));
      const wanted = posted.filter(among);
      for (const id of new Set([...wanted, ...got].map(({ conversationId }) => conversationId))) {
        assert.deepEqual(
          got.filter(({ conversationId }) => conversationId === id).map((message) => message.id),
          wanted.filter(({ conversationId }) => conversationId === id).map((message) => message.id),
          `messages of ${id}`,
        );
      }
    }

    it('tells what is said in conversations that exist, with whom and where', async () => {
      await everything();
      const { id } = await write({ conversationId: 'conv_bruno', text: 'And now?' });
      const { event, conversation, source, recovered } = await hears(id);
      assert.deepEqual(
        [event.name, event.message?.text, event.conversationId, source, recovered],
        ['message.received', 'And now?', 'conv_bruno', 'ws', false],
      );
      assert.deepEqual(
        [conversation?.contactId, conversation?.channelId, conversation?.channelType, conversation?.contact?.name],
        ['ct_bruno', 'ch_whatsapp', 'whatsapp', 'Bruno Lima'],
      );
      assertComplete();
    });

    it('tells nothing that was said before', async () => {
      await box.control('/messages', { conversationId: 'conv_bruno', text: 'long ago' });
      await everything();
      await ready('conv_bruno');
      assertComplete();
    });

    it('tells what we say, and what becomes of it, in order', async () => {
      await everything();
      const { id } = await box.client().conversations.sendText('conv_ana', 'Hello');
      await told.first(({ event }) => event.messageId === id && event.status === 'sent' && !event.message);
      await box.control('/status', { messageId: id, status: 'delivered' });
      await box.control('/status', { messageId: id, status: 'read' });
      await told.first(({ event }) => event.messageId === id && event.status === 'read');
      const names = told.all.filter(({ event }) => event.messageId === id).map(({ event }) => event.name);
      assert.deepEqual(names, ['message.sent', 'message.sent', 'message.delivered', 'message.read']);
    });

    it('tells who is typing and what changes, and knows the change from then on', async () => {
      await everything();
      await box.control('/typing', { conversationId: 'conv_ana', isTyping: true });
      const typing = await told.first(({ event }) => event.name === 'typing');
      assert.deepEqual(typing.event.typing, { userId: 'ct_ana', isTyping: true });
      await box.control('/messages', { conversationId: 'conv_carla', text: 'once more' });
      const { event } = await told.first(
        ({ event: one }) => one.name === 'conversation.updated' && one.conversationId === 'conv_carla',
      );
      assert.equal(event.changes?.status, 'open');
      const { id } = await write({ conversationId: 'conv_carla', text: 'and again' });
      assert.equal((await hears(id)).conversation?.status, 'open');
    });

    it('tells the first message of a customer who is new, once, and what follows', async () => {
      await everything();
      const first = await write({ contact: { name: 'Zoe' }, text: 'Hi' });
      await write({ contact: { name: 'Zoe' }, text: 'Are you there?' });
      const { conversation } = await hears(first.id);
      assert.equal(conversation?.contact?.name, 'Zoe');
      await ready(first.conversationId);
      assertComplete();
    });

    it('tells what many new customers say at once', async () => {
      await everything();
      const names = Array.from({ length: 12 }, (_, index) => `Customer ${index}`);
      await Promise.all(
        names.map(async (name) => {
          for (let turn = 0; turn < 3; turn++) await write({ contact: { name }, text: `${turn}` });
        }),
      );
      await Promise.all(posted.map(({ id }) => hears(id)));
      const mine = (one: Stored) => told.all.findIndex(({ event }) => event.message?.id === one.id);
      for (const id of new Set(posted.map(({ conversationId }) => conversationId))) {
        const places = posted.filter(({ conversationId }) => conversationId === id).map(mine);
        assert.deepEqual(
          places,
          [...places].sort((a, b) => a - b),
          id,
        );
      }
      assert.equal(messageIds().length, posted.length);
    });

    it('fills the gap of a lost connection, in order and without duplicates', async () => {
      await everything();
      const reopen = await cutOff();
      for (const text of ['1', '2', '3']) {
        await write({ conversationId: 'conv_ana', text });
        await write({ conversationId: 'conv_bruno', text });
      }
      await write({ contact: { name: 'Zoe' }, text: 'Hi' });
      await write({ conversationId: 'conv_carla', text: 'open again' });
      const lost = posted.slice(1);
      await reopen();
      await Promise.all(lost.map(({ id }) => hears(id)));
      await ready();
      await ready('conv_bruno');
      assertComplete();
      for (const { id } of lost) {
        const { recovered, conversation, source } = await hears(id);
        assert.deepEqual([recovered, source], [true, 'poll']);
        assert.ok(conversation);
      }
    });

    it('fills the gap of conversations that are not open, too', async () => {
      await everything();
      const ana = box.client().conversations;
      const reopen = await cutOff();
      await write({ conversationId: 'conv_bruno', text: 'my last word' });
      await fetch(`${box.url}/conversations/conv_bruno`, {
        method: 'PATCH',
        headers: { 'X-API-Key': 'sandbox-key', 'Content-Type': 'application/json' },
        body: JSON.stringify({ status: 'pending' }),
      });
      assert.equal((await ana.get('conv_bruno')).status, 'pending');
      // The clock has to move on: what was said before the newest listing must not hide behind it.
      const before = Date.now();
      while (Date.now() <= before + 1) await new Promise((resolve) => setImmediate(resolve));
      await write({ conversationId: 'conv_ana', text: 'later' });
      await reopen();
      await Promise.all(posted.map(({ id }) => hears(id)));
      assertComplete();
    });

    it('loses and doubles nothing, however often the connection drops', async () => {
      // Else the wait doubles with every loss, and twelve of them take all the time there is.
      await everything({ timing: { healthy: 1 } });
      const target = fc.constantFrom('conv_ana', 'conv_bruno', 'Zoe', 'Yan');
      const step = fc.oneof({ weight: 4, arbitrary: target }, { weight: 1, arbitrary: fc.constant('drop') });
      await fc.assert(
        fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 12 }), async (steps) => {
          for (const one of steps) {
            if (one === 'drop') await box.control('/sockets/drop', { code: 1012 });
            else if (one.startsWith('conv_')) await write({ conversationId: one, text: 'x' });
            else await write({ contact: { name: one }, text: 'x' });
          }
          await Promise.all(posted.map(({ id }) => hears(id)));
          assertComplete();
        }),
        { numRuns: 15 },
      );
    }).timeout(20_000);

    it('finds out that a connection is frozen, and recovers what it swallowed', async () => {
      await everything({ timing: { silence: 30, pong: 30 } });
      await box.control('/sockets/freeze');
      await write({ conversationId: 'conv_ana', text: 'into the ice' });
      await opened(2);
      await Promise.all(posted.map(({ id }) => hears(id)));
      await ready();
      assertComplete();
    });

    it('tells a chosen conversation only of that one, and fills its gap without telling what was before', async () => {
      make();
      realtime.subscribe('conv_ana');
      const heard = new Inbox<Delivery>();
      realtime.listen((delivery) => {
        if (delivery.event.conversationId === 'conv_ana') told.add(delivery);
        heard.add(delivery);
      });
      await opened(1);
      await ready();
      await write({ conversationId: 'conv_bruno', text: 'not for you' });
      await ready();
      const reopen = await cutOff();
      await write({ conversationId: 'conv_ana', text: 'lost' });
      await reopen();
      await ready();
      assertComplete(({ conversationId }) => conversationId === 'conv_ana');
      const about = heard.all.filter(({ event }) => !event.name.startsWith('connection.'));
      if (!broadcast) assert.ok(about.every(({ event }) => event.conversationId === 'conv_ana'));
    });

    it('tells nothing old of a chosen conversation after a reconnect in which nothing was missed', async () => {
      make();
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await opened(1);
      await listed(1);
      await (await cutOff())();
      await ready();
      assertComplete();
    });

    it('recovers with a later listing when the server cannot be asked at once', async () => {
      await everything();
      const reopen = await cutOff();
      await write({ conversationId: 'conv_ana', text: 'lost' });
      await write({ conversationId: 'conv_bruno', text: 'lost' });
      await reopen();
      await box.control('/fail', { count: 2, status: 500, method: 'GET', path: '/conversations*' });
      await Promise.all(posted.map(({ id }) => hears(id)));
      await ready();
      assertComplete();
      for (const problem of problems.all) assert.ok(!problem.includes('sandbox-key'));
    });

    it('holds live events back until the last of several starts has caught up', async () => {
      const gates: ((problem?: Error) => void)[] = [];
      const asked = new Inbox<number>();
      const client = box.client({ maxRetries: 0 });
      const { conversations } = client;
      const rest: RealtimeSettings['rest'] = {
        conversations: {
          async *each(filter) {
            await new Promise<void>((resolve, reject) => {
              gates.push((problem) => (problem ? reject(problem) : resolve()));
              asked.add(gates.length);
            });
            yield* conversations.each(filter);
          },
          get: (id) => conversations.get(id),
          eachMessage: (id, filter) => conversations.eachMessage(id, filter),
          latest: () => conversations.latest(),
          messages: (id, filter) => conversations.messages(id, filter),
          message: (id, messageId) => conversations.message(id, messageId),
        },
      };
      make({ rest });
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await asked.first((number) => number === 1);
      await box.control('/sockets/drop');
      await asked.first((number) => number === 2);
      while ((await box.state()).clients.every(({ subscriptions }) => subscriptions.length === 0)) await box.state();
      await write({ conversationId: 'conv_ana', text: 'live' });
      gates[0]?.(new Error('too late'));
      await problems.first();
      for (let turn = 0; turn < 5; turn++) await box.state();
      assert.deepEqual(messageIds(), []);
      gates[1]?.();
      await Promise.all(posted.map(({ id }) => hears(id)));
      assertComplete();
    });

    it('starts all the same when the first listing fails', async () => {
      await box.control('/fail', { count: 1, status: 500, method: 'GET', path: '/conversations' });
      await everything();
      await problems.first();
      await ready('conv_bruno');
      await ready();
      assertComplete();
    });

    it('goes on over a redeploy, and lets go of everything when nobody is left', async () => {
      const first = await everything();
      first();
      const again = [realtime.subscribeAll(), realtime.listen(told.add)];
      await ready();
      assert.equal(states.all.filter(({ name }) => name === 'open').length, 1);
      for (const release of again) release();
      await states.first(({ name }) => name === 'idle');
      assert.deepEqual([realtime.counts.subscriptions, realtime.state.name], [0, 'idle']);
      assertComplete();
    });

    it('tells those who come later nothing of what was said while nobody listened', async () => {
      const release = await everything();
      release();
      await states.first(({ name }) => name === 'idle');
      await box.control('/messages', { conversationId: 'conv_bruno', text: 'to nobody' });
      const before = await listings();
      realtime.subscribeAll();
      realtime.listen(told.add);
      await opened(2);
      await listed(before + 2);
      await ready('conv_bruno');
      await ready();
      assertComplete();
    });

    it('keeps the subscriptions of others when one ends, however often it is ended', async () => {
      make();
      const [a, b] = [realtime.subscribe('conv_ana'), realtime.subscribe('conv_ana')];
      const [all, more] = [realtime.subscribeAll(), realtime.subscribeAll()];
      realtime.listen(told.add);
      await opened(1);
      await listed(2);
      await ready();
      a();
      a();
      all();
      all();
      await ready('conv_bruno');
      more();
      await ready('conv_ana');
      assert.equal(realtime.counts.subscriptions, 1);
      b();
      assert.equal(realtime.counts.subscriptions, 0);
      const before = await listings();
      realtime.subscribeAll();
      await listed(before + 2);
      await ready('conv_bruno');
      assertComplete();
    });

    it('takes what comes by webhook as well, and tells it once', async () => {
      await everything();
      const { id } = await write({ conversationId: 'conv_ana', text: 'twice' });
      const { event } = await hears(id);
      realtime.feed({ ...event, id: 'evt_1' }, 'webhook');
      const message = {
        id: 'm_hook',
        conversationId: 'conv_ana',
        direction: 'inbound',
        contentType: 'text',
        text: 'x',
      };
      realtime.feed(
        {
          name: 'message.received',
          id: 'evt_2',
          conversationId: 'conv_ana',
          messageId: 'm_hook',
          message,
          original: {},
        },
        'webhook',
      );
      const hooked = await hears('m_hook');
      assert.deepEqual([hooked.source, hooked.conversation?.id], ['webhook', 'conv_ana']);
      assert.equal(messageIds().filter((one) => one === id).length, 1);
    });

    it('is refused with a bad key, and comes back when a call has succeeded', async () => {
      let key = 'wrong';
      make({ url: async () => `${box.url.replace('http', 'ws')}/ws?api_key=${key}`, timing: { revival: 0 } });
      realtime.subscribeAll();
      realtime.listen(told.add);
      const refused = await states.first(({ name }) => name === 'refused');
      assert.ok(refused.name === 'refused');
      assert.equal(refused.code, 'authentication');
      key = 'sandbox-key';
      realtime.revive();
      await opened(1);
      await listed(2);
      realtime.revive();
      await ready();
      assert.equal(states.all.filter(({ name }) => name === 'open').length, 1);
    });

    it('is quiet once it is closed', async () => {
      await everything();
      await realtime.close();
      assert.equal(realtime.state.name, 'closed');
      const before = (await box.state()).counts.requests ?? 0;
      await box.control('/messages', { conversationId: 'conv_ana', text: 'late' });
      for (let turn = 0; turn < 20; turn++) await box.state();
      assert.equal((await box.state()).counts.requests, before);
      assertComplete();
    });
  });
}
