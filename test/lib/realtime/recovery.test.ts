import { strict as assert } from 'node:assert';
import { api } from '../../../lib/contract/api/index';
import type { Signal } from '../../../lib/contract/index';
import { LinktorError } from '../../../lib/errors';
import { type Delivery, Realtime, type RealtimeSettings, type SocketState } from '../../../lib/realtime/index';
import { ServerTime } from '../../../lib/realtime/server-time';
import { FrameProxy } from '../../support/frame-proxy';
import { type Bench, bench, Inbox, KEY, unhandled } from '../support';

describe('realtime: what cannot be heard', () => {
  let box: Bench;
  let realtime: Realtime;
  const made: Realtime[] = [];
  let told: Inbox<Delivery>;
  let states: Inbox<SocketState>;
  let problems: Inbox<string>;

  beforeEach(async () => {
    box = await bench({ receipts: 'manual' });
    told = new Inbox();
    states = new Inbox();
    problems = new Inbox();
  });
  afterEach(async () => {
    for (const one of made.splice(0)) await one.close();
    await box.close();
  });

  type Rest = RealtimeSettings['rest']['conversations'];
  function make(settings: Partial<RealtimeSettings> = {}, rest?: (real: Rest) => Partial<Rest>): Realtime {
    const client = box.client({ maxRetries: 0 });
    const { contract, url } = client.realtime;
    const real: Rest = {
      each: (filter) => client.conversations.each(filter),
      get: (id) => client.conversations.get(id),
      eachMessage: (id, filter) => client.conversations.eachMessage(id, filter),
      latest: () => client.conversations.latest(),
      messages: (id, filter) => client.conversations.messages(id, filter),
      message: (id, messageId) => client.conversations.message(id, messageId),
    };
    realtime = new Realtime({
      contract,
      rest: { conversations: { ...real, ...rest?.(real) } },
      url,
      reconnectInterval: 4,
      discoverInterval: 20,
      onProblem: problems.add,
      ...settings,
      timing: { linger: 30, ...settings.timing },
    });
    realtime.onState(states.add);
    made.push(realtime);
    return realtime;
  }
  const opened = (times: number) => states.some(times, ({ name }) => name === 'open');
  const write = (text: string, conversationId = 'conv_ana') =>
    box.control<{ id: string }>('/messages', { conversationId, text });
  const hears = (id: string) => told.first(({ event }) => event.message?.id === id);
  const named = (name: string) => told.first(({ event }) => event.name === name);
  const gap = async () => (await named('sync.gap')).event;
  const messageIds = () => told.all.flatMap(({ event }) => (event.message ? [event.message.id] : []));
  /** All conversations, on a connection that stands; what was said before has been passed by. */
  async function everything(...settings: Parameters<typeof make>): Promise<(() => void)[]> {
    make(...settings);
    const releases = [realtime.subscribeAll(), realtime.listen(told.add)];
    await ready();
    return releases;
  }
  async function ready(): Promise<void> {
    for (;;) {
      const { id } = await write('ready?');
      const heard = await Promise.race([hears(id), new Promise((resolve) => setTimeout(resolve, 100))]);
      if (heard) return;
    }
  }
  /** Nobody gets in until the door is opened again. */
  async function cutOff(): Promise<() => Promise<void>> {
    const open = states.all.filter(({ name }) => name === 'open').length;
    await box.control('/fail', { count: 100_000, status: 503, path: '/ws' });
    await box.control('/sockets/drop');
    await states.first(({ name }) => name === 'waiting');
    return async () => {
      await box.control('/fail', { count: 0 });
      await opened(open + 1);
    };
  }

  describe('times of the server', () => {
    const hour = 3_600_000;
    const ahead = (milliseconds: number) => new Date(Date.now() + milliseconds).toISOString();
    /** The server says of this conversation that it was active at that time. */
    const claim =
      (id: string, time: () => string | undefined, first = false) =>
      (real: Rest): Partial<Rest> => ({
        async *each(filter) {
          const rows = [];
          for await (const one of real.each(filter)) {
            if (one.id === id) {
              const { lastMessageAt: _, createdAt: __, ...rest } = one;
              const claimed = { ...rest, lastMessageAt: time(), createdAt: time() };
              if (first) rows.unshift(claimed);
              else rows.push(claimed);
            } else rows.push(one);
          }
          yield* rows;
          return false;
        },
      });

    for (const [what, time] of Object.entries<() => string | undefined>({
      'the year 2099': () => '2099-01-01T00:00:00.000Z',
      'an hour ahead': () => ahead(hour),
      'a minute ahead': () => ahead(60_000),
      'without a time': () => undefined,
      'no time at all': () => 'soon',
    })) {
      it(`do not hide what others have missed, nor new customers: one conversation is listed ${what}`, async () => {
        await everything({}, claim('conv_bruno', time, true));
        const reopen = await cutOff();
        const lost = await write('lost');
        const stranger = await box.control<{ id: string }>('/messages', { contact: { name: 'Zoe' }, text: 'Hi' });
        await reopen();
        assert.equal((await hears(lost.id)).recovered, true);
        await hears(stranger.id);
        await ready();
        assert.equal(new Set(messageIds()).size, messageIds().length);
        assert.ok(!told.all.some(({ event }) => event.gap && Date.parse(String(event.gap.since)) > Date.now()));
      });
    }

    it('in a frame do not become the place where a successor goes on', async () => {
      const { frame } = box.client().realtime.contract;
      const contract = {
        ...api,
        frame: (text: string) => {
          const event = frame(text);
          return event ? { ...event, at: '2099-01-01T00:00:00.000Z' } : undefined;
        },
      };
      const releases = await everything({ contract });
      await write('from the future');
      for (const release of releases) release();
      const [mark] = realtime.memory.export().filter(([key]) => key.startsWith('w:'));
      assert.ok(Number(mark?.[0].slice(2)) <= Date.now());
    });

    it('that a predecessor has handed over are checked as well', async () => {
      make();
      realtime.memory.import([[`w:${Date.now() + 100 * hour}`, Date.now()]]);
      realtime.subscribeAll();
      realtime.listen(told.add);
      await ready();
    });

    it('are compared with the clock of the server, which may be hours behind or ahead of ours', async () => {
      for (const apart of [-5 * hour, 5 * hour]) {
        const time = new ServerTime({
          get serverTime() {
            return Date.now() + apart;
          },
        });
        const recent = Date.now() + apart - 10;
        assert.equal(time.clamp(recent), recent);
        assert.ok(time.clamp(Date.now() + apart + hour) <= Date.now() + apart);
        assert.equal(time.isPossible(ahead(apart - 10), Date.now()), true);
        assert.equal(time.isPossible(ahead(apart + hour), Date.now()), false);
        assert.equal(time.isPossible(ahead(apart + hour).replace('Z', '+00:00'), Date.now()), false);
      }
    });
  });

  describe('order', () => {
    /** A message that comes after a later one of its conversation, and no gap was told before. */
    function assertOrdered(written: string[]): void {
      const place = new Map(written.map((id, index) => [id, index]));
      let newest = -1;
      let gaps = 0;
      for (const { event } of told.all) {
        if (event.gap) gaps++;
        const at = event.message ? place.get(event.message.id) : undefined;
        if (at === undefined) continue;
        assert.ok(at > newest || gaps > 0, 'out of order, and no gap was told');
        newest = Math.max(newest, at);
      }
    }

    it('is kept when the connection breaks again before what was missed could be asked for', async () => {
      let isDown = false;
      await everything({ timing: { persistence: 5000 } }, (real) => ({
        async *each(filter) {
          if (isDown) throw new LinktorError('server', 'down', { retryable: true });
          return yield* real.each(filter);
        },
      }));
      const ids: string[] = [];
      const reopen = await cutOff();
      ids.push((await write('missed')).id);
      isDown = true;
      await reopen();
      ids.push((await write('live, and held back')).id);
      while (realtime.facts().counters.frames === 0) await new Promise((resolve) => setImmediate(resolve));
      const again = await cutOff();
      ids.push((await write('missed as well')).id);
      isDown = false;
      await again();
      for (const id of ids) await hears(id);
      assertOrdered(ids);
      assert.ok(!told.all.some(({ event }) => event.gap));
    });

    it('is given up with a gap when what was missed cannot be asked for in time', async () => {
      let isDown = false;
      await everything({ timing: { persistence: 50 } }, (real) => ({
        async *each(filter) {
          if (isDown) throw new LinktorError('server', 'down', { retryable: true });
          return yield* real.each(filter);
        },
      }));
      const reopen = await cutOff();
      const missed = await write('missed');
      isDown = true;
      await reopen();
      const live = await write('live');
      await hears(live.id);
      isDown = false;
      await hears(missed.id);
      assertOrdered([missed.id, live.id]);
      assert.equal((await gap()).gap?.reason, 'unreadable');
    });

    it('is given up with one gap for a conversation whose messages cannot be fetched in time', async () => {
      let isDown = false;
      await everything({ timing: { persistence: 50 } }, (real) => ({
        async *eachMessage(id, filter) {
          if (isDown && id === 'conv_ana') throw new LinktorError('server', 'down', { retryable: true });
          return yield* real.eachMessage(id, filter);
        },
      }));
      const reopen = await cutOff();
      const missed = await write('missed');
      isDown = true;
      await reopen();
      const live = await write('live');
      await hears(live.id);
      isDown = false;
      await hears(missed.id);
      assertOrdered([missed.id, live.id]);
      const gaps = told.all.filter(({ event }) => event.gap && event.conversationId === 'conv_ana');
      assert.equal(gaps.length, 1);
    });
  });

  describe('whatever others throw', () => {
    it('ends nothing: a log, a listener, an onlooker', async () => {
      const thrown = await unhandled(async () => {
        make({
          onProblem: () => {
            throw new Error('the log is full');
          },
        });
        realtime.onState(() => {
          throw new Error('a status node');
        });
        realtime.observe(() => {
          throw new Error('an onlooker');
        });
        realtime.subscribeAll();
        realtime.listen(told.add);
        await ready();
        await box.control('/fail', { count: 3, status: 500, method: 'GET', path: '/conversations*' });
        await box.control('/sockets/drop');
        await opened(2);
        await ready();
      });
      assert.deepEqual(thrown, []);
    });
  });

  describe('a gap', () => {
    it('is reported where more was missed than the server shows, before what it does show', async () => {
      let most = Number.POSITIVE_INFINITY;
      await everything({}, (real) => ({
        async *eachMessage(id, filter) {
          let left = most;
          for await (const message of real.eachMessage(id, filter)) {
            if (left-- === 0) return true;
            yield message;
          }
          return false;
        },
      }));
      const { event: last } = await hears(messageIds().at(-1) as string);
      most = 2;
      const reopen = await cutOff();
      const lost = [];
      for (let index = 0; index < 5; index++) lost.push((await write(`lost ${index}`)).id);
      await reopen();
      await hears(lost[4] as string);
      const { conversationId, gap: found, original } = await gap();
      assert.deepEqual([conversationId, found?.reason], ['conv_ana', 'truncated']);
      assert.ok(Date.parse(String(found?.since)) <= Date.parse(String(last.at)) + 60_000);
      assert.deepEqual(original, { conversationId, ...found });
      const names = told.all.map(({ event }) => event.message?.id ?? event.name);
      assert.deepEqual(names.slice(names.indexOf('sync.gap')), ['sync.gap', lost[3], lost[4]]);
      assert.equal(realtime.facts().counters.gaps, 1);
      assert.ok(problems.all.some((text) => text.includes('truncated')));
    });

    it('is reported where the server lists fewer conversations than have news', async () => {
      let most = Number.POSITIVE_INFINITY;
      await everything({}, (real) => ({
        async *each(filter) {
          let left = most;
          for await (const conversation of real.each(filter)) {
            if (left-- === 0) return true;
            yield conversation;
          }
          return false;
        },
      }));
      most = 1;
      await box.control('/sockets/drop');
      const { conversationId, gap: found } = await gap();
      assert.deepEqual([conversationId, found?.reason], [undefined, 'truncated']);
    });

    it('is reported where a conversation may not be read, and the others are told', async () => {
      await everything();
      const reopen = await cutOff();
      const forbidden = await write('lost for good');
      const other = await write('lost for now', 'conv_bruno');
      await reopen();
      await box.control('/fail', { count: 100, status: 403, path: '/conversations/conv_ana/messages' });
      await hears(other.id);
      const { conversationId, gap: found } = await gap();
      assert.deepEqual([conversationId, found?.reason], ['conv_ana', 'unreadable']);
      assert.ok(!messageIds().includes(forbidden.id));
      const live = await write('live');
      await hears(live.id);
    });

    it('is no gap while the key is refused: what was missed comes when it is right again', async () => {
      await everything();
      await box.control('/fail', { count: 100_000, status: 401, path: '*' });
      await box.control('/sockets/drop');
      await states.first(({ name }) => name === 'refused');
      await box.control('/fail', { count: 0 });
      const { id } = await write('lost');
      realtime.reconnect();
      assert.equal((await hears(id)).recovered, true);
      assert.ok(!told.all.some(({ event }) => event.name === 'sync.gap'));
    });

    for (const [trick, reason] of [
      ['oversize', 'oversize'],
      ['no-text', 'malformed'],
    ] as const) {
      it(`is reported when a frame could not be taken (${trick}); its message is told all the same, without a loop`, async () => {
        const proxy = await FrameProxy.open(Number(new URL(box.url).port));
        try {
          await everything({ url: async () => `${proxy.url.replace('http', 'ws')}/ws?api_key=${KEY}` });
          proxy.mischief = (text) => {
            proxy.mischief = () => undefined;
            return text.includes('hard to take') ? trick : undefined;
          };
          const { id } = await write('hard to take');
          assert.equal((await hears(id)).recovered, true);
          const found = (await gap()).gap;
          assert.deepEqual([found?.reason, typeof found?.since], [reason, 'string']);
          await ready();
          const { counters } = realtime.facts();
          assert.deepEqual([counters.malformed, counters.gaps, counters.reconnects], [1, 1, 1]);
        } finally {
          await proxy.down();
        }
      });
    }

    it('is none where a frame says nothing; it is counted', async () => {
      const proxy = await FrameProxy.open(Number(new URL(box.url).port));
      try {
        await everything({ url: async () => `${proxy.url.replace('http', 'ws')}/ws?api_key=${KEY}` });
        proxy.mischief = () => 'garbage';
        for (let turn = 0; turn < 6; turn++) await hears((await write('among rubbish')).id);
        const { counters } = realtime.facts();
        assert.ok(counters.malformed > 0);
        assert.deepEqual([counters.gaps, counters.reconnects], [0, 0]);
      } finally {
        await proxy.down();
      }
    });

    it('is filled in order even while the server fails to answer', async () => {
      await everything();
      const reopen = await cutOff();
      const lost = await write('lost');
      await reopen();
      await box.control('/fail', { count: 3, status: 500, path: '/conversations*' });
      const live = await write('live');
      await hears(live.id);
      assert.deepEqual(messageIds().slice(-2), [lost.id, live.id]);
      assert.equal((await hears(lost.id)).recovered, true);
    });
  });

  it('tells what has become of messages while it was away: once, and never before them', async () => {
    await everything();
    const { conversations } = box.client();
    const before = await conversations.sendText('conv_ana', 'before');
    const last = await conversations.sendText('conv_bruno', 'the last of its conversation');
    await Promise.all([hears(before.id), hears(last.id)]);
    const reopen = await cutOff();
    const lost = await conversations.sendText('conv_ana', 'lost');
    for (const { id } of [before, last, lost]) await box.control('/status', { messageId: id, status: 'delivered' });
    for (const { id } of [before, lost]) await box.control('/status', { messageId: id, status: 'read' });
    await reopen();
    await Promise.all(
      [before, lost].map(({ id }) => told.first(({ event }) => event.messageId === id && event.status === 'read')),
    );
    await told.first(({ event }) => event.messageId === last.id && event.status === 'delivered');
    await box.control('/status', { messageId: last.id, status: 'read' });
    await told.first(({ event }) => event.messageId === last.id && event.status === 'read');
    await ready();
    const of = ({ id }: { id: string }) =>
      told.all
        .filter(({ event }) => event.messageId === id && (event.message || event.status !== 'sent'))
        .map(({ event, recovered }) => `${event.name}${recovered ? ' late' : ''}`);
    assert.deepEqual([before, last, lost].map(of), [
      ['message.sent', 'message.read late'],
      ['message.sent', 'message.delivered late', 'message.read'],
      ['message.sent late', 'message.read late'],
    ]);
  });

  describe('a connection that stands and brings nothing', () => {
    /** The server does not know what we want to hear, as if it had lost track of us. */
    function forgetful(isDeaf: () => boolean): Partial<RealtimeSettings> {
      const { contract } = box.client().realtime;
      const signal = (one: Signal) => (isDeaf() && one.type === 'subscribe' ? undefined : contract.signal(one));
      return { contract: { ...contract, signal }, timing: { stall: 60 } };
    }

    it('is found out, ended and made anew, and what it kept is told', async () => {
      make(
        forgetful(
          () => states.all.every(({ name }) => name !== 'waiting') && realtime.facts().counters.reconnects === 0,
        ),
      );
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await opened(1);
      // Where we stand is known when the newest conversation has been listed.
      while (!(await box.state()).requests.some(({ path }) => path.endsWith('/messages'))) await box.state();
      const { id } = await write('into the void');
      const { recovered, source } = await hears(id);
      assert.deepEqual([recovered, source], [true, 'poll']);
      assert.equal((await gap()).gap?.reason, 'deaf');
      assert.equal(realtime.facts().counters.reconnects, 1);
      const live = await write('and now?');
      assert.equal((await hears(live.id)).source, 'ws');
    });

    it('is left alone when there was nothing to tell', async () => {
      make({ timing: { stall: 20 } });
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await ready();
      // Neither what is said elsewhere nor what we have said ourselves proves anything.
      await write('not for us', 'conv_bruno');
      const before = (await box.state()).counts.requests ?? 0;
      while (((await box.state()).counts.requests ?? 0) < before + 5)
        await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([realtime.facts().counters.reconnects, realtime.facts().counters.gaps], [0, 0]);
    });

    it('is left alone when what was heard last is older than what was heard before it', async () => {
      const { contract } = box.client().realtime;
      const frame = (text: string) => {
        const event = contract.frame(text);
        if (event?.name === 'typing') event.at = '2020-01-01T00:00:00Z';
        return event;
      };
      make({ contract: { ...contract, frame }, timing: { stall: 20 } });
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await ready();
      await box.control('/typing', { conversationId: 'conv_ana', isTyping: true });
      await named('typing');
      const before = (await box.state()).counts.requests ?? 0;
      while (((await box.state()).counts.requests ?? 0) < before + 5)
        await new Promise((resolve) => setImmediate(resolve));
      assert.deepEqual([realtime.facts().counters.reconnects, realtime.facts().counters.gaps], [0, 0]);
    });
  });

  describe('an operator', () => {
    it('can let go of the connection; nothing is asked meanwhile, and what was missed comes with the next one', async () => {
      const releases = await everything();
      realtime.disconnect();
      assert.equal(realtime.state.name, 'paused');
      const before = (await box.state()).counts.requests;
      const { id } = await write('nobody there');
      releases[1]?.();
      const again = realtime.listen(told.add);
      await new Promise((resolve) => setTimeout(resolve, 60));
      assert.deepEqual([(await box.state()).counts.requests, (await box.state()).sockets.open], [before, 0]);
      realtime.connect();
      assert.equal((await hears(id)).recovered, true);
      again();
    });

    it('tells those who come late nothing of what was said in a pause that nobody was there to see', async () => {
      const releases = await everything();
      realtime.disconnect();
      for (const release of releases) release();
      await write('to nobody');
      await new Promise((resolve) => setTimeout(resolve, 60));
      const before = messageIds().length;
      realtime.subscribeAll();
      realtime.listen(told.add);
      realtime.connect();
      await ready();
      const late = told.all.filter(({ event, recovered }) => event.message && recovered);
      assert.deepEqual(
        late.filter(({ event }) => event.message?.text === 'to nobody'),
        [],
      );
      assert.ok(messageIds().length > before);
    });

    it('can have a new connection', async () => {
      await everything();
      realtime.reconnect();
      await opened(2);
      await ready();
      const { state, counters, attempts } = realtime.facts();
      assert.deepEqual([state, counters.reconnects, attempts], ['open', 1, 0]);
      assert.equal((await box.state()).sockets.open, 1);
    });

    it('sees how it is and what it has brought', async () => {
      await everything();
      const { id } = await write('one more');
      const { event } = await hears(id);
      realtime.feed({ ...event, id: 'evt_1' }, 'webhook');
      while (realtime.facts().latency === undefined) await new Promise((resolve) => setImmediate(resolve));
      const { state, since, attempts, lastError, latency = -1, subscriptions, counters } = realtime.facts();
      assert.deepEqual([state, attempts, lastError], ['open', 0, undefined]);
      assert.ok(since <= Date.now() && latency >= 0 && subscriptions > 0);
      assert.ok(counters.frames > 0 && counters.events >= messageIds().length);
      assert.equal(counters.duplicates, 1);
      assert.deepEqual([counters.gaps, counters.malformed, counters.refusedFrames], [0, 0, 0]);
    });

    it('is told on the bus as well how the connection is, without the key', async () => {
      await everything();
      await box.control('/sockets/drop', { code: 1012 });
      await opened(2);
      realtime.disconnect();
      const connection = told.all.filter(({ event }) => event.name.startsWith('connection.'));
      assert.deepEqual(
        connection.map(({ event }) => `${event.name} ${event.connection?.name}`),
        ['connection.open open', 'connection.waiting waiting', 'connection.open open', 'connection.closed paused'],
      );
      const { event } = connection[1] as Delivery;
      assert.deepEqual([event.connection?.reason, event.connection?.attempt], ['closed with 1012', 1]);
      assert.equal(event.at, new Date(event.connection?.since ?? 0).toISOString());
      assert.ok(!JSON.stringify(connection).includes('sandbox-key'));
    });
  });

  it('says that somebody is typing, and that this could not be said', async () => {
    make();
    assert.equal(realtime.typing('conv_ana', true), false);
    realtime.subscribe('conv_ana');
    realtime.listen(told.add);
    await opened(1);
    const other = box.client();
    const ear = new Inbox<Delivery>();
    const { contract, url } = other.realtime;
    const watching = new Realtime({ contract, rest: other, url, onProblem() {} });
    watching.subscribe('conv_ana');
    watching.listen(ear.add);
    try {
      while ((await box.state()).clients.length < 2) await box.state();
      while ((await box.state()).clients.some(({ subscriptions }) => subscriptions.length === 0)) await box.state();
      assert.equal(realtime.typing('conv_ana', true), true);
      const { event } = await ear.first(({ event: one }) => one.name === 'typing');
      assert.deepEqual([event.conversationId, event.typing?.isTyping], ['conv_ana', true]);
    } finally {
      await watching.close();
    }
  });

  describe('conversations', () => {
    it('are told to be new before what is said in them, wherever they are found', async () => {
      await everything();
      const { id } = await box.control<{ id: string }>('/messages', { contact: { name: 'Zoe' }, text: 'Hi' });
      const { event } = await hears(id);
      const reopen = await cutOff();
      const lost = await box.control<{ id: string }>('/messages', { contact: { name: 'Yan' }, text: 'Hi' });
      await reopen();
      const { event: other } = await hears(lost.id);
      for (const conversationId of [event.conversationId, other.conversationId]) {
        const names = told.all
          .filter((one) => one.event.conversationId === conversationId)
          .map((one) => one.event.name);
        assert.deepEqual(names.slice(0, 2), ['conversation.created', 'message.received']);
        assert.equal(names.filter((name) => name === 'conversation.created').length, 1);
      }
      assert.ok(
        !told.all.some((one) => one.event.name === 'conversation.created' && one.event.conversationId === 'conv_ana'),
      );
    });

    it('are told by the most telling name of what changes, with what was before', async () => {
      await everything();
      const { conversations } = box.client();
      await conversations.assign('conv_ana', 'user_demo');
      const assigned = (await named('conversation.assigned')).event;
      assert.deepEqual([assigned.conversationId, assigned.changed], ['conv_ana', ['assignedTo']]);
      assert.deepEqual(Object.keys(assigned.previous ?? {}), ['assignedTo']);
      await conversations.resolve('conv_ana');
      const { event } = await named('conversation.resolved');
      assert.deepEqual(
        [event.changed?.includes('status'), event.previous?.status, event.changes?.status],
        [true, 'open', 'resolved'],
      );
      await conversations.reopen('conv_ana');
      assert.equal((await named('conversation.reopened')).event.previous?.status, 'resolved');
    });

    it('are told to have changed while nobody could hear it', async () => {
      await everything();
      const reopen = await cutOff();
      await box.client().conversations.resolve('conv_bruno');
      await reopen();
      const { event, recovered } = await named('conversation.resolved');
      assert.deepEqual([event.conversationId, event.previous?.status, recovered], ['conv_bruno', 'open', true]);
    });
  });

  describe('a deploy', () => {
    // Longer than a slow machine takes for it.
    const timing = { linger: 60_000 };

    it('loses nothing that comes while the nodes are being made anew, whatever it is', async () => {
      const releases = await everything({ timing });
      for (const id of ['conv_ana', 'conv_bruno']) realtime.subscribe(id);
      for (const release of releases) release();
      const { id } = await write('into the deploy');
      await box.control('/typing', { conversationId: 'conv_ana', isTyping: true });
      while (realtime.facts().counters.frames < 3) await new Promise((resolve) => setImmediate(resolve));
      realtime.subscribeAll();
      realtime.listen(told.add);
      await hears(id);
      await named('typing');
      await ready();
      assert.equal(messageIds().filter((one) => one === id).length, 1);
      assert.equal(states.all.filter(({ name }) => name === 'open').length, 1);
    });

    it('loses nothing of one node that is made anew while others stay', async () => {
      await everything({ timing });
      const others = new Inbox<Delivery>();
      const release = realtime.listen(others.add);
      release();
      const { id } = await write('into the deploy');
      const before = realtime.facts().counters.frames;
      while (realtime.facts().counters.frames === before) await write('on and on', 'conv_bruno');
      realtime.listen(others.add);
      await others.first(({ event }) => event.message?.id === id);
      await hears(id);
      await ready();
      assert.equal(new Set(messageIds()).size, messageIds().length);
    });

    it('goes on where one node is gone for good', async () => {
      await everything({ timing: { linger: 300 } });
      realtime.listen(() => {})();
      const { id } = await write('after the deploy');
      await hears(id);
    });

    it('keeps what webhooks bring from nobody who only looks on, when those are gone who had the connection', async () => {
      make();
      realtime.observe(told.add);
      const bring = (id: string) => {
        const message = { id, conversationId: 'conv_ana', direction: 'inbound', contentType: 'text' };
        const about = { conversationId: 'conv_ana', messageId: id, message, original: {} };
        realtime.feed({ name: 'message.received', ...about }, 'webhook');
      };
      const idle = (times: number) => states.some(times, ({ name }) => name === 'idle');
      const passing = realtime.listen(() => {}, false);
      bring('m_0');
      await opened(1);
      await hears('m_0');
      bring('m_1');
      await hears('m_1');
      passing();
      bring('m_2');
      assert.deepEqual(messageIds(), ['m_0', 'm_1', 'm_2']);
      await idle(1);
      const staying = realtime.listen(() => {});
      await opened(2);
      staying();
      bring('m_3');
      await idle(2);
      await hears('m_3');
    });

    it('hands on where it stands, so that its successor misses nothing and tells nothing twice', async () => {
      const releases = await everything();
      for (const release of releases) release();
      const memory = realtime.memory.export();
      await realtime.close();
      const before = messageIds();
      const { id } = await write('between the two');
      make();
      realtime.memory.import(memory);
      realtime.subscribeAll();
      realtime.listen(told.add);
      assert.equal((await hears(id)).recovered, true);
      await ready();
      const after = messageIds();
      assert.deepEqual([after.slice(0, before.length + 1), new Set(after).size], [[...before, id], after.length]);
    });

    it('has nothing to hand on that is too old to matter', async () => {
      const releases = await everything();
      for (const release of releases) release();
      const aged = realtime.memory.export().map(([key, at]): [string, number] => [key, at - 600_000]);
      await realtime.close();
      const { id } = await write('long ago');
      make();
      realtime.memory.import(aged);
      realtime.subscribeAll();
      realtime.listen(told.add);
      await ready();
      assert.ok(!messageIds().includes(id));
    });

    it('does not go on from a time that there cannot be', async () => {
      make();
      realtime.memory.import([['w:1e300', Date.now()]]);
      realtime.subscribeAll();
      realtime.listen(told.add);
      await ready();
      const reopened = await cutOff();
      const { id } = await write('missed');
      await reopened();
      assert.equal((await hears(id)).recovered, true);
    });

    it('begins a conversation that is chosen later where it was chosen', async () => {
      make();
      realtime.subscribe('conv_ana');
      realtime.listen(told.add);
      await ready();
      const old = await write('before it was chosen', 'conv_bruno');
      const listings = async () =>
        (await box.state()).requests.filter(({ path, status }) => path === '/conversations' && status === 200).length;
      const before = await listings();
      realtime.subscribe('conv_bruno');
      while ((await box.state()).clients.every(({ subscriptions }) => subscriptions.length < 2)) await box.state();
      // Its beginning is known when the newest conversation has been listed; that answer comes before this one.
      while ((await listings()) === before) await box.state();
      await box.state();
      const reopen = await cutOff();
      const { id } = await write('after it was chosen', 'conv_bruno');
      await reopen();
      assert.equal((await hears(id)).recovered, true);
      assert.ok(!messageIds().includes(old.id));
    });
  });

  it('keeps a thousand subscriptions and a hundred listeners in little memory', async function () {
    const sweep = global.gc;
    if (!sweep) return this.skip();
    make();
    realtime.listen(told.add);
    await opened(1);
    sweep();
    const before = process.memoryUsage().heapUsed;
    const releases = Array.from({ length: 1000 }, (_, index) => realtime.subscribe(`conv_${index}`));
    for (let index = 0; index < 100; index++) releases.push(realtime.listen(() => index));
    sweep();
    const megabytes = (process.memoryUsage().heapUsed - before) / 2 ** 20;
    assert.ok(megabytes < 20, `${megabytes.toFixed(1)} MB`);
    assert.equal(realtime.facts().subscriptions, 1000);
    for (const release of releases) release();
    assert.equal(realtime.facts().subscriptions, 0);
  });
});
