import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import type { Conversation, Event } from '../../../lib/model';
import { EVENTS_PER_TURN } from '../../../lib/realtime/bounds';
import { Bus, type BusSettings } from '../../../lib/realtime/bus/bus';
import type { Delivery } from '../../../lib/realtime/bus/delivery';
import { RecentKeys } from '../../../lib/realtime/bus/recent-keys';
import { Inbox, settled, unhandled } from '../support';

describe('realtime: keys seen', () => {
  it('knows what it has seen', () => {
    const seen = new RecentKeys();
    const given = ['a', 'a', 'b', 'a'].map((id) => seen.add('m', id));
    assert.deepEqual(given, [true, false, true, false]);
    assert.equal(seen.add('e', 'a'), true, 'of another kind');
    assert.deepEqual([seen.has('m', 'b'), seen.has('e', 'b')], [true, false]);
  });

  it('forgets the oldest first when there are too many', () => {
    const seen = new RecentKeys({ limit: 3 });
    for (const key of ['a', 'b', 'c', 'd']) seen.add('m', key);
    assert.deepEqual(
      ['b', 'c', 'd'].map((key) => seen.add('m', key)),
      [false, false, false],
    );
    assert.equal(seen.add('m', 'a'), true);
    assert.equal(seen.add('m', 'b'), true, 'a has pushed it out');
  });

  it('forgets what is too old, and counts from the first time', () => {
    const seen = new RecentKeys({ lifeMs: 1000 });
    assert.equal(seen.add('m', 'a', 0), true);
    assert.equal(seen.add('m', 'a', 999), false);
    assert.equal(seen.add('m', 'a', 1000), true);
    assert.equal(seen.add('m', 'a', 1999), false);
  });

  it('takes a key that has come back for a young one', () => {
    const seen = new RecentKeys({ limit: 2, lifeMs: 1000 });
    seen.add('m', 'a', 0);
    seen.add('m', 'b', 900);
    seen.add('m', 'a', 1000);
    seen.add('m', 'c', 1000);
    assert.equal(seen.add('m', 'a', 1001), false);
    assert.equal(seen.add('m', 'b', 1001), true);
  });

  it('behaves like a list of the last keys, each with its time', () => {
    const step = fc.record({ kind: fc.constantFrom('m', 's'), id: fc.nat({ max: 8 }), wait: fc.nat({ max: 40 }) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 60 }), fc.integer({ min: 1, max: 5 }), (steps, limit) => {
        const seen = new RecentKeys({ limit, lifeMs: 100 });
        let kept: [string, number][] = [];
        let now = 1000;
        for (const { kind, id, wait } of steps) {
          now += wait;
          kept = kept.filter(([, at]) => now - at < 100);
          const key = `${kind}:${id}`;
          const isNew = !kept.some(([one]) => one === key);
          assert.equal(seen.has(kind, String(id), now), !isNew);
          assert.equal(seen.add(kind, String(id), now), isNew);
          if (isNew) kept = [...kept, [key, now] as [string, number]].slice(-limit);
          assert.deepEqual(seen.export(), kept);
        }
      }),
    );
  });

  it('keeps ids of any length and in any script, while it grows and wraps around', () => {
    const id = fc.oneof(fc.string({ maxLength: 300 }), fc.string({ unit: 'binary', maxLength: 300 }));
    fc.assert(
      fc.property(
        fc.uniqueArray(id, { minLength: 1, maxLength: 40 }),
        fc.integer({ min: 1, max: 30 }),
        (ids, limit) => {
          const seen = new RecentKeys({ limit });
          for (let round = 0; round < 20; round++) {
            for (const one of ids) seen.add('m', `${one}${round}`, 1000);
            const newest = ids.map((one) => `${one}${round}`).slice(-limit);
            assert.deepEqual(
              seen.export().slice(-newest.length),
              newest.map((one) => [`m:${one}`, 1000]),
            );
            assert.ok(newest.every((one) => seen.has('m', one, 1000) && !seen.has('m', `${one}x`, 1000)));
          }
        },
      ),
      { numRuns: 50 },
    );
  });

  it('takes over what there is, whatever else somebody has put beside it', () => {
    const seen = new RecentKeys();
    const now = Date.now();
    const strange: [string, number][] = [
      ['', now],
      ['nothing', now],
      ['m:', now],
      ['m:x', Number.NaN],
      ['e:y', Number.POSITIVE_INFINITY],
      ['e:z', -1],
    ];
    seen.import([['m:a', now], ...strange, ['s:a:sent', now]]);
    assert.deepEqual(
      [seen.has('m', 'a', now), seen.has('s', 'a:sent', now), seen.has('e', 'z', now)],
      [true, true, false],
    );
    assert.equal(seen.add('m', 'x', now), true);
    assert.equal(seen.add('m', 'x', now), false);
    const successor = new RecentKeys();
    successor.import(seen.export());
    assert.deepEqual(successor.export(), seen.export());
  });

  it('keeps thousands, of which the oldest make way, and can be carried over', () => {
    const seen = new RecentKeys({ limit: 5000 });
    const ids = Array.from({ length: 12_000 }, (_, index) => `msg_${index}`);
    const now = Date.now();
    for (const id of ids) assert.equal(seen.add('m', id, now), true);
    const successor = new RecentKeys({ limit: 5000 });
    successor.add('m', 'msg_0', now);
    successor.import(seen.export());
    for (const keeper of [seen, successor]) {
      const newest = keeper === seen ? ids.slice(-5000) : [...ids.slice(-4999), 'msg_0'];
      assert.deepEqual(
        keeper.export(),
        newest.map((id) => [`m:${id}`, now]),
      );
      assert.ok(newest.every((id) => keeper.has('m', id, now) && !keeper.add('m', id, now)));
      assert.ok(ids.slice(1, 7000).every((id) => !keeper.has('m', id, now)));
    }
  });
});

const conversation = (id: string): Conversation => ({ id, channelType: 'webchat' });
const said = (id: string, conversationId = 'c', extra: Partial<Event> = {}): Event => ({
  name: 'message.received',
  conversationId,
  messageId: id,
  message: { id, conversationId, direction: 'inbound', contentType: 'text', text: id },
  original: {},
  ...extra,
});
const became = (messageId: string, status: string, conversationId = 'c'): Event => ({
  name: `message.${status}`,
  conversationId,
  messageId,
  status,
  original: {},
});

describe('realtime: the bus', () => {
  /** A bus whose lookups end when the test says so. */
  function make(
    known: (id: string) => ReturnType<Parameters<typeof lookup>[0]> = conversation,
    { takeNew = () => false, ...settings }: Partial<BusSettings> & { takeNew?(id: string): boolean } = {},
  ) {
    const errors: unknown[] = [];
    const bus = new Bus(
      { get: known, takeNew, peek: () => undefined },
      { onError: (error) => errors.push(error), ...settings },
    );
    const told: Delivery[] = [];
    bus.listen((delivery) => told.push(delivery));
    const ids = () => told.map(({ event }) => event.messageId ?? event.name);
    return { bus, told, ids, errors };
  }
  function lookup(find: (id: string) => Conversation | undefined | Promise<Conversation | undefined>) {
    return find;
  }
  /** A lookup that is pending until it is answered. */
  function pending() {
    const answers = new Map<string, (found: Conversation | undefined) => void>();
    const asked: string[] = [];
    const known = new Map<string, Conversation>();
    return {
      asked,
      find: lookup((id) => {
        const there = known.get(id);
        if (there) return there;
        asked.push(id);
        return new Promise((resolve) => answers.set(id, resolve));
      }),
      answer(id: string, found: Conversation | null = conversation(id)) {
        if (found) known.set(id, found);
        answers.get(id)?.(found ?? undefined);
      },
    };
  }

  it('tells every listener at once, with the conversation and where it came from', () => {
    const { bus, told } = make();
    const other: Delivery[] = [];
    const off = bus.listen((delivery) => other.push(delivery));
    bus.feed(said('1'), 'ws');
    off();
    bus.feed(said('2'), 'webhook');
    assert.deepEqual([told.length, other.length], [2, 1]);
    const [first] = told;
    assert.deepEqual([first?.conversation?.id, first?.source, first?.recovered], ['c', 'ws', false]);
    assert.ok(Math.abs(Date.now() - (first?.receivedAt ?? 0)) < 10_000);
  });

  it('goes on when a listener throws', () => {
    const { bus, errors } = make();
    const late: string[] = [];
    bus.listen(() => {
      throw new Error('a flow failed');
    });
    bus.listen(({ event }) => late.push(String(event.messageId)));
    bus.feed(said('1'), 'ws');
    bus.feed(said('2'), 'ws');
    assert.deepEqual(late, ['1', '2']);
    assert.deepEqual(errors.map(String), ['Error: a flow failed', 'Error: a flow failed']);
  });

  it('goes on when a listener fails later', async () => {
    const { bus, errors, ids } = make();
    bus.listen((async () => {
      throw new Error('a flow failed later');
    }) as () => void);
    const heard = await unhandled(async () => {
      bus.feed(said('1'), 'ws');
      await settled();
    });
    assert.deepEqual([heard, ids(), errors.map(String)], [[], ['1'], ['Error: a flow failed later']]);
  });

  it('tells a function that listens twice twice, and once when it has ended one of them', () => {
    const { bus } = make();
    let count = 0;
    const listener = () => {
      count++;
    };
    const [end] = [bus.listen(listener), bus.listen(listener)];
    bus.feed(said('1'), 'ws');
    end();
    end();
    bus.feed(said('2'), 'ws');
    assert.equal(count, 3);
  });

  it('counts what it told, what it did not tell again, and what it told late', async () => {
    const { bus } = make();
    for (const id of ['1', '1', '2']) bus.feed(said(id), 'ws');
    bus.insert('c', Promise.resolve([said('2'), said('3')]));
    await settled();
    assert.deepEqual(bus.counters, { events: 3, duplicates: 2, recovered: 1 });
  });

  it('tells that a conversation is new before all else in it, once', async () => {
    const fresh = new Set(['c', 'd', 'e']);
    const { bus, told } = make(conversation, { takeNew: (id) => fresh.delete(id) });
    const names = () => told.map(({ event }) => `${event.conversationId} ${event.name}`);
    bus.feed(said('1'), 'ws');
    bus.feed({ name: 'conversation.updated', conversationId: 'd', changes: { status: 'open' }, original: {} }, 'ws');
    bus.feed(said('2', 'd'), 'ws');
    bus.feed({ name: 'conversation.created', id: 'evt_1', conversationId: 'e', original: {} }, 'webhook');
    bus.feed(said('3', 'e'), 'ws');
    bus.insert('e', Promise.resolve([]));
    await settled();
    assert.deepEqual(names(), [
      'c conversation.created',
      'c message.received',
      'd conversation.created',
      'd message.received',
      'e conversation.created',
      'e message.received',
    ]);
    assert.equal(told[0]?.conversation?.id, 'c');
  });

  it('lets a status that comes too early wait for its message, and no other event for that', () => {
    const { bus, told } = make(conversation, { statusWaitMs: 10_000 });
    for (const status of ['sent', 'delivered', 'delivered']) bus.feed(became('1', status), 'ws');
    bus.feed(said('2'), 'ws');
    bus.feed(said('1'), 'ws');
    bus.feed(became('1', 'sent'), 'ws');
    bus.feed(became('1', 'read'), 'ws');
    assert.deepEqual(
      told.map(({ event }) => `${event.messageId} ${event.status}`),
      ['2 undefined', '1 undefined', '1 sent', '1 delivered', '1 read'],
    );
    bus.discard();
  });

  it('tells a status whose message never comes, after a while, and the next ones at once', async () => {
    const told = new Inbox<Delivery>();
    const { bus } = make(conversation, { statusWaitMs: 20 });
    bus.listen(told.add);
    bus.feed(became('old', 'delivered'), 'ws');
    bus.feed(became('older', 'delivered'), 'ws');
    assert.equal(told.all.length, 0);
    await told.some(2);
    bus.feed(became('old', 'read'), 'ws');
    assert.deepEqual(
      told.all.map(({ event }) => `${event.messageId} ${event.status}`),
      ['old delivered', 'older delivered', 'old read'],
    );
  });

  it('tells what has become of a message while nobody heard it: of a known one, and only what is new', async () => {
    const { bus, told } = make();
    bus.skip({ id: 'old', direction: 'outbound', status: 'delivered' });
    bus.skip({ id: 'read', direction: 'outbound', status: 'read' });
    bus.feed(said('1'), 'ws');
    bus.feed(became('1', 'read'), 'ws');
    bus.insert(
      'c',
      Promise.resolve([
        became('old', 'delivered'),
        became('old', 'read'),
        became('read', 'delivered'),
        became('unknown', 'read'),
        became('1', 'delivered'),
        said('2'),
        became('2', 'failed'),
      ]),
    );
    await settled();
    assert.deepEqual(
      told.map(({ event, recovered }) => `${event.messageId} ${event.status} ${recovered}`),
      ['1 undefined false', '1 read false', 'old read true', '2 undefined true', '2 failed true'],
    );
  });

  it('says when it cannot hold back any more, and does then what it is told', () => {
    let overflows = 0;
    const { bus, ids } = make(conversation, { onOverflow: () => overflows++ });
    bus.hold('sync');
    for (let index = 0; index < 10_000; index++) bus.feed(said(`m${index}`), 'ws');
    assert.deepEqual([overflows, ids().length], [1, 0]);
    bus.discard();
    bus.feed(said('m0'), 'ws');
    assert.deepEqual(ids(), ['m0'], 'what was discarded may come again');
    bus.hold('sync');
    const large = 1024 * 1024;
    for (let index = 1; index <= 64; index++) bus.feed(said(`m${index}`), 'ws', undefined, false, large);
    assert.deepEqual([overflows, ids().length], [2, 1], 'a few that are large are as much as many');
    bus.release('sync');
    bus.hold('sync');
    bus.feed(said('m65'), 'ws', undefined, false, large);
    assert.equal(overflows, 2, 'those are gone');
  });

  it('tells past what it holds back when it must', () => {
    const { bus, ids } = make();
    bus.hold('sync');
    bus.feed(said('1'), 'ws');
    bus.feedAtOnce(said('2'), 'webhook');
    bus.announce({ name: 'connection.waiting', original: {} }, 'ws');
    assert.deepEqual(ids(), ['2', 'connection.waiting']);
    bus.release('sync');
    assert.deepEqual(ids(), ['2', 'connection.waiting', '1']);
  });

  it('tells an event that belongs to no conversation', () => {
    const { bus, told } = make();
    bus.feed({ name: 'channel.error', original: {} }, 'webhook');
    assert.deepEqual([told.length, told[0]?.conversation], [1, undefined]);
  });

  it('takes a message, a status and an event id only once, from whatever source', () => {
    const { bus, ids } = make();
    bus.feed(said('1'), 'ws');
    bus.feed(said('1'), 'webhook');
    bus.feed(said('1', 'c', { id: 'evt_9' }), 'webhook');
    bus.feed(became('1', 'sent'), 'ws');
    bus.feed(became('1', 'sent'), 'webhook');
    bus.feed({ name: 'conversation.updated', id: 'evt_1', conversationId: 'c', original: {} }, 'webhook');
    bus.feed({ name: 'conversation.updated', id: 'evt_1', conversationId: 'c', original: {} }, 'webhook');
    assert.deepEqual(ids(), ['1', '1', 'conversation.updated']);
  });

  it('lets typing and changes of a conversation through as often as they come', () => {
    const { bus, ids } = make();
    for (let time = 0; time < 3; time++) {
      bus.feed({ name: 'typing', conversationId: 'c', typing: { isTyping: true }, original: {} }, 'ws');
      bus.feed({ name: 'conversation.updated', conversationId: 'c', status: 'open', original: {} }, 'ws');
    }
    assert.equal(ids().length, 6);
  });

  it('never tells a message that is older than our interest when it is fetched, but does when it arrives', async () => {
    const { bus, ids } = make();
    for (const id of ['1', '2']) bus.skip({ id, direction: 'inbound' });
    bus.insert('c', Promise.resolve([said('1'), said('3')]));
    await settled();
    assert.deepEqual(ids(), ['3']);
    assert.ok(bus.isDelivered('2'));
    bus.feed(said('2'), 'ws');
    assert.deepEqual(ids(), ['3', '2']);
  });

  it('never lets a status go back', () => {
    const steps = ['pending', 'sent', 'delivered', 'read', 'failed'];
    fc.assert(
      fc.property(fc.array(fc.tuple(fc.constantFrom('m1', 'm2'), fc.constantFrom(...steps))), (events) => {
        const { bus, told } = make();
        for (const [id, status] of events) bus.feed(became(id, status), 'ws');
        for (const id of ['m1', 'm2']) {
          const ranks = told
            .filter(({ event }) => event.messageId === id)
            .map(({ event }) => steps.indexOf(String(event.status)));
          assert.deepEqual(ranks, [...new Set(ranks)].sort(), 'each once and only upwards');
          const given = events.filter(([one]) => one === id).map(([, status]) => steps.indexOf(status));
          if (given.length > 0) assert.equal(ranks.at(-1), Math.max(...given), 'the highest one is told');
        }
      }),
    );
  });

  it('lets a status that it does not know through once', () => {
    const { bus, told } = make();
    for (const status of ['played', 'constructor', 'played', '__proto__']) bus.feed(became('1', status), 'ws');
    assert.deepEqual(
      told.map(({ event }) => event.status),
      ['played', 'constructor', '__proto__'],
    );
  });

  it('keeps the order of a conversation while it is looked up, and lets the others pass', async () => {
    const { find, answer, asked } = pending();
    const { bus, ids, told } = make(find);
    bus.feed(said('a1', 'a'), 'ws');
    bus.feed(said('b1', 'b'), 'ws');
    bus.feed(became('a1', 'sent', 'a'), 'ws');
    bus.feed(said('a2', 'a'), 'ws');
    await settled();
    assert.deepEqual([ids(), asked], [[], ['a', 'b']]);
    answer('b');
    await settled();
    assert.deepEqual(ids(), ['b1']);
    answer('a');
    await settled();
    assert.deepEqual(ids(), ['b1', 'a1', 'a1', 'a2']);
    assert.deepEqual(
      told.map(({ conversation: of }) => of?.id),
      ['b', 'a', 'a', 'a'],
    );
    bus.feed(said('a3', 'a'), 'ws');
    assert.equal(ids().at(-1), 'a3', 'a known conversation does not wait');
    assert.deepEqual(asked, ['a', 'b']);
  });

  it('tells the events of a conversation that nobody can find, without one', async () => {
    const { find, answer } = pending();
    const { bus, told } = make(find);
    bus.feed(said('1'), 'ws');
    await settled();
    answer('c', null);
    await settled();
    assert.deepEqual([told.length, told[0]?.conversation], [1, undefined]);
  });

  it('asks once for all who wait for a conversation that nobody can find, and anew for who comes later', async () => {
    const { find, answer, asked } = pending();
    const { bus, ids, told } = make(find);
    for (const id of ['1', '2', '3']) bus.feed(said(id), 'ws');
    await settled();
    answer('c', null);
    await settled();
    assert.deepEqual([ids(), asked], [['1', '2', '3'], ['c']]);
    bus.feed(said('4'), 'ws');
    await settled();
    answer('c');
    await settled();
    assert.deepEqual([told.at(-1)?.conversation?.id, asked], ['c', ['c', 'c']]);
  });

  it('holds events back and lets them go in order', () => {
    const { bus, ids } = make();
    bus.hold('sync');
    bus.hold('sync');
    for (const id of ['1', '2', '3']) bus.feed(said(id), 'ws');
    assert.deepEqual(ids(), []);
    bus.release('sync');
    bus.feed(said('4'), 'ws');
    bus.release('sync');
    assert.deepEqual(ids(), ['1', '2', '3', '4']);
  });

  it('lets go of many in turn with other flows; later ones follow them, and a new reason stops it', async () => {
    const { bus, ids } = make();
    bus.hold('sync');
    const wanted = Array.from({ length: 500 }, (_, index) => String(index));
    for (const id of wanted) bus.feed(said(id), 'ws');
    bus.release('sync');
    const turns: number[] = [];
    const emptied = bus.emptied().then(() => turns.push(ids().length));
    bus.feed(said('later'), 'ws');
    while (turns.length < 2) {
      turns.push(ids().length);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.deepEqual(turns, [64, 128]);
    bus.hold('handover');
    for (let turn = 0; turn < 3; turn++) await new Promise((resolve) => setImmediate(resolve));
    assert.deepEqual([ids().length, bus.heldEvents, turns.length], [192, 309, 2]);
    bus.feedAtOnce(said('before'), 'webhook');
    bus.release('handover');
    await emptied;
    assert.deepEqual(ids(), [...wanted.slice(0, 192), 'before', ...wanted.slice(192), 'later']);
  });

  it('lets go of all even while a server never stops sending', async () => {
    const { bus, ids } = make();
    bus.hold('sync');
    const wanted: string[] = [];
    const feed = (count: number) => {
      for (let index = 0; index < count; index++) {
        const id = String(wanted.length);
        wanted.push(id);
        bus.feed(said(id), 'ws');
      }
    };
    feed(500);
    bus.release('sync');
    for (let turn = 0; turn < 100 && bus.heldEvents > 0; turn++) {
      feed(EVENTS_PER_TURN);
      await new Promise((resolve) => setImmediate(resolve));
    }
    assert.equal(bus.heldEvents, 0);
    assert.deepEqual(ids(), wanted);
  });

  it('keeps the order even when more is held than it can keep', () => {
    const { bus, ids } = make();
    bus.hold('sync');
    const wanted = Array.from({ length: 10_050 }, (_, index) => String(index));
    for (const id of wanted) bus.feed(said(id), 'ws');
    bus.release('sync');
    assert.deepEqual(ids(), wanted);
  });

  it('puts what was missed in front of what is live, marked as recovered', async () => {
    const { bus, ids, told } = make();
    let fetched: (events: Event[]) => void = () => {};
    bus.insert(
      'c',
      new Promise((resolve) => {
        fetched = resolve;
      }),
    );
    bus.feed(said('3'), 'ws');
    bus.feed(said('x', 'other'), 'ws');
    await settled();
    assert.deepEqual(ids(), ['x']);
    fetched([said('1'), said('2'), said('x2')]);
    await settled();
    assert.deepEqual(ids(), ['x', '1', '2', 'x2', '3']);
    assert.deepEqual(
      told.map(({ recovered, source }) => [recovered, source]),
      [
        [false, 'ws'],
        [true, 'poll'],
        [true, 'poll'],
        [true, 'poll'],
        [false, 'ws'],
      ],
    );
    assert.ok(told.every(({ conversation: of }) => of !== undefined));
  });

  it('tells nothing twice that was missed and came live as well', async () => {
    const { bus, ids } = make();
    bus.feed(said('1'), 'ws');
    bus.insert('c', Promise.resolve([said('1'), said('2')]));
    bus.insert('c', Promise.resolve([said('2'), said('3')]));
    await settled();
    bus.feed(said('3'), 'ws');
    bus.feed(said('4'), 'ws');
    await settled();
    assert.deepEqual(ids(), ['1', '2', '3', '4']);
  });

  it('goes on live when what was missed cannot be fetched, and brings nothing down', async () => {
    const { find, answer } = pending();
    const { bus, ids } = make(find);
    const heard = await unhandled(async () => {
      bus.feed(said('1'), 'ws');
      bus.insert('c', Promise.reject(new Error('the server is down')));
      bus.feed(said('2'), 'ws');
      // The lookup takes longer than the fetch that fails.
      await new Promise((resolve) => setImmediate(resolve));
      answer('c');
      await settled(40);
    });
    assert.deepEqual([heard, ids()], [[], ['1', '2']]);
  });

  it('fills a gap before what was held, in any order of events', async () => {
    // Message n of a conversation is either missed or live; live ones come while the bus holds.
    const script = fc.array(
      fc.record({ conversation: fc.constantFrom('a', 'b', 'c'), missed: fc.boolean(), twice: fc.boolean() }),
      {
        maxLength: 30,
      },
    );
    await fc.assert(
      fc.asyncProperty(script, async (events) => {
        const { bus, told } = make();
        bus.hold('sync');
        const names = events.map((event, index) => ({ ...event, event: said(`m${index}`, event.conversation) }));
        // All that is missed happened before anything live, as a lost connection has it.
        const missed = names.filter((one) => one.missed);
        const live = names.filter((one) => !one.missed);
        for (const one of live) bus.feed(one.event, 'ws');
        for (const id of ['a', 'b', 'c']) {
          const fetched = [...missed, ...live.filter(({ twice }) => twice)].filter((one) => one.conversation === id);
          bus.insert(id, Promise.resolve(fetched.map(({ event }) => event)));
        }
        bus.release('sync');
        await settled(60);
        for (const id of ['a', 'b', 'c']) {
          const got = told.filter(({ event }) => event.conversationId === id).map(({ event }) => event.messageId);
          const expected = [...missed, ...live]
            .filter((one) => one.conversation === id)
            .map(({ event }) => event.messageId);
          assert.deepEqual([...got].sort(), [...expected].sort(), 'each once');
          const of = (part: typeof names) =>
            part.filter((one) => one.conversation === id).map(({ event }) => event.messageId);
          assert.deepEqual(got.slice(0, of(missed).length), of(missed), 'first what was missed, in order');
        }
      }),
    );
  });
});
