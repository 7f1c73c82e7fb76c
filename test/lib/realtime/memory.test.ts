import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { LinktorError } from '../../../lib/errors';
import { createLedger, type Ledger, type Namespace } from '../../../lib/ledger';
import type { Position } from '../../../lib/realtime/handover';
import { type Delivery, Realtime, type RealtimeSettings } from '../../../lib/realtime/index';
import { journalsIn, LastingMemory } from '../../../lib/realtime/memory/lasting-memory';
import { type Bench, bench, Inbox } from '../support';

const HOUR_MS = 3_600_000;

describe('realtime: the first position', () => {
  let clock: SinonFakeTimers;
  beforeEach(() => {
    clock = useFakeTimers();
  });
  afterEach(() => clock.restore());

  for (const [when, afterMs, withinMs] of [
    ['at once', 30, 50],
    ['after an hour without the server', HOUR_MS, 500],
  ] as const) {
    it(`is stored as soon as it is known: ${when}`, async () => {
      const ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
      const handover = { position: undefined as Position | undefined, resume: () => {} };
      const bus = { memory: { export: () => [], import: () => {} }, settled: async () => true, isIdle: true };
      const onProblem = (error: unknown) => assert.fail(String(error));
      const journals = journalsIn(ledger, onProblem);
      const memory = new LastingMemory(
        { ledger, journals, bus, handover },
        { isContinued: false, intervalMs: 10_000, onProblem },
      );
      await memory.ready;
      await clock.tickAsync(afterMs);
      handover.position = { watermark: 1_700_000_000_000, read: [] };
      await clock.tickAsync(withinMs);
      const kept = await ledger.list<{ watermark: number }>('cursor');
      assert.deepEqual(
        kept.map(({ value }) => value.watermark),
        [1_700_000_000_000],
      );
      const closing = memory.close();
      await clock.tickAsync(1);
      await closing;
    });
  }
});

for (const contract of ['api', 'server'] as const) {
  describe(`realtime: what another process knows (${contract})`, () => {
    let box: Bench;
    let ledger: Ledger;
    const running: Realtime[] = [];
    const signIn = contract === 'server' ? { email: 'demo@linktor.local', password: 'sandbox', apiKey: undefined } : {};
    let heard: Inbox<Delivery>;
    let problems: Inbox<string>;

    beforeEach(async () => {
      box = await bench({ receipts: 'manual', contract });
      // It is as lasting as a file, and every process of these tests has the same one.
      const inner = createLedger({ keepIn: 'memory', keepDays: 30 });
      ledger = Object.assign(Object.create(inner), { durability: 'crash' }, methodsOf(inner));
      problems = new Inbox();
    });
    afterEach(async () => {
      for (const one of running.splice(0)) await one.close();
      await box.close();
    });

    /** A process that listens to all conversations, when it is ready. */
    async function start(settings: Partial<RealtimeSettings> = {}): Promise<Realtime> {
      const client = box.client({ maxRetries: 0, ...signIn });
      const realtime = new Realtime({
        contract: client.realtime.contract,
        rest: client,
        url: client.realtime.url,
        discoverInterval: 20,
        pollBusy: 20,
        pollIdle: 20,
        onProblem: problems.add,
        ledger,
        ...settings,
        timing: { linger: 30, remember: 10 },
      });
      running.push(realtime);
      heard = new Inbox();
      realtime.subscribeAll();
      realtime.listen(heard.add);
      for (;;) {
        const { id } = await write('ready?');
        if (await Promise.race([hears(id), new Promise((resolve) => setTimeout(resolve, 200))])) return realtime;
      }
    }
    const write = (text: string, conversationId = 'conv_ana') =>
      box.control<{ id: string }>('/messages', { conversationId, text });
    const hears = (id: string) => heard.first(({ event }) => event.message?.id === id);
    const ids = () => heard.all.flatMap(({ event }) => (event.message ? [event.message.id] : []));
    const gaps = () => heard.all.flatMap(({ event: { gap } }) => (gap ? [gap.reason] : []));
    /** So long nobody was there, as the ledger shows it. */
    function pass(milliseconds: number): void {
      const { list } = ledger;
      ledger.list = async <T>(namespace: Namespace) =>
        (await list<T>(namespace)).map((entry) => {
          const { aliveAt } = entry.value as { aliveAt?: number };
          const value = aliveAt === undefined ? entry.value : { ...entry.value, aliveAt: aliveAt - milliseconds };
          return { ...entry, value, writtenAt: entry.writtenAt - milliseconds };
        });
    }

    it('delivers what it missed, and nothing twice', async () => {
      const first = await start();
      const before = [(await write('one')).id, (await write('two', 'conv_bruno')).id];
      for (const id of before) await hears(id);
      const told = ids();
      await first.close();
      const missed = await write('while nobody was there');
      await start();
      assert.equal((await hears(missed.id)).recovered, true);
      assert.deepEqual(
        ids().filter((id) => told.includes(id)),
        [],
      );
      assert.deepEqual(gaps(), []);
    });

    it('delivers nothing twice after a kill: each key is written down before the event loop goes on', async () => {
      const first = await start();
      const { id } = await write('one');
      await hears(id);
      // What Node-RED does next with a message runs in the check phase.
      await new Promise((resolve) => setImmediate(resolve));
      const keys = (await ledger.list<{ keys: string[] }>('seen')).flatMap(({ value }) => value.keys);
      assert.ok(keys.includes(`m:${id}`), keys.join());
      await first.close();
      await start();
      assert.ok(!ids().includes(id));
    });

    it('after a longer stop says once that something may be missing, and goes on', async () => {
      await (await start()).close();
      pass(HOUR_MS);
      const missed = await write('while nobody was there');
      await start();
      assert.ok(!ids().includes(missed.id));
      assert.deepEqual(gaps(), ['stopped']);
      const gap = heard.all.find(({ event }) => event.gap)?.event.gap;
      assert.ok(Number.isFinite(Date.parse(gap?.since ?? '')), gap?.since);
    });

    it('after a longer stop fetches everything, if that is wanted', async () => {
      const first = await start();
      const told = ids();
      await first.close();
      pass(20 * 24 * HOUR_MS);
      const missed = await write('while nobody was there');
      await start({ whileDown: 'all' });
      await hears(missed.id);
      assert.deepEqual(
        ids().filter((id) => told.includes(id)),
        [],
      );
      assert.deepEqual(gaps(), []);
    });

    it('wants nothing of a stop however short, if that is so', async () => {
      await (await start()).close();
      const missed = await write('while nobody was there');
      await start({ whileDown: 'nothing' });
      assert.ok(!ids().includes(missed.id));
      assert.deepEqual(gaps(), ['stopped']);
    });

    it('forgets nothing by being stopped for days', async () => {
      const first = await start();
      const { id } = await write('one');
      await hears(id);
      const told = ids();
      await first.close();
      pass(48 * HOUR_MS);
      const missed = await write('in the night');
      await start({ whileDown: 'all' });
      await hears(missed.id);
      assert.deepEqual(
        ids().filter((one) => told.includes(one)),
        [],
      );
    });

    it('works without its ledger, and says so', async () => {
      const refuse = async () => {
        throw new LinktorError('storage', 'The ledger of this account cannot be written.');
      };
      const broken = Object.assign(Object.create(ledger), { list: refuse, put: refuse, delete: refuse });
      await start({ ledger: broken });
      const { id } = await write('one');
      await hears(id);
      assert.ok(problems.all.some((text) => text.includes('cannot be written')));
    });

    // A poll looks its conversations up before it reads them.
    if (contract === 'server') return;

    it('writes down how far it has come now and then, and never past what waits for its turn', async () => {
      let answer = () => {};
      const answered = new Promise<void>((resolve) => {
        answer = resolve;
      });
      const client = box.client({ maxRetries: 0, ...signIn });
      const { conversations } = client;
      const rest: RealtimeSettings['rest'] = {
        conversations: {
          each: (filter) => conversations.each(filter),
          eachMessage: (id, filter) => conversations.eachMessage(id, filter),
          latest: () => conversations.latest(),
          messages: (id, filter) => conversations.messages(id, filter),
          message: (id, messageId) => conversations.message(id, messageId),
          get: async (id) => {
            await answered;
            return conversations.get(id);
          },
        },
      };
      await start({ rest });
      const position = async () => (await ledger.get<{ watermark: number }>('cursor', 'position'))?.value.watermark;
      while ((await position()) === undefined) await new Promise((resolve) => setTimeout(resolve, 5));
      const { id } = await box.control<{ id: string }>('/messages', { contact: { name: 'New' }, text: 'hello' });
      await new Promise((resolve) => setTimeout(resolve, 50));
      const before = await position();
      assert.ok(!ids().includes(id), 'it waits');
      answer();
      await hears(id);
      while ((await position()) === before) {
        await new Promise((resolve) => setTimeout(resolve, 5));
      }
    });
  });
}

/** Private fields are not inherited: each call goes to the object that has them. */
function methodsOf(inner: Ledger): Partial<Ledger> {
  return {
    get: inner.get.bind(inner),
    list: inner.list.bind(inner),
    find: inner.find.bind(inner),
    count: inner.count.bind(inner),
    due: inner.due.bind(inner),
    put: inner.put.bind(inner),
    delete: inner.delete.bind(inner),
    update: inner.update.bind(inner),
    close: inner.close.bind(inner),
  };
}
