import { strict as assert } from 'node:assert';
import { LinktorError } from '../../../lib/errors';
import { type AccountLedger, createLedger, type Ledger, SharedLedger } from '../../../lib/ledger';
import { HeldJobs, leaveTo, Outbox, type OutboxJob } from '../../../lib/outbox';
import { StoreConnection } from '../../../lib/shared/connection';
import { StoreServer, storeServerPath } from '../../support/store';
import { failing } from '../support';

describe('new messages of several instances', () => {
  let server: StoreServer;
  let prefix = 0;
  let shared: SharedLedger;
  let local: AccountLedger;
  let connection: StoreConnection;
  const open: HeldJobs[] = [];
  const waiting = new Set<() => void>();

  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
  });
  beforeEach(async () => {
    connection = await StoreConnection.open({ url: server.url, prefix: `h${++prefix}` });
    shared = new SharedLedger({ connect: async () => connection, keepDays: 1 });
    local = createLedger({ keepIn: 'memory', keepDays: 1 });
    await shared.open();
  });
  afterEach(async () => {
    for (const held of open.splice(0)) await held.close();
    await shared.close();
    connection.close();
    await local.close();
  });
  after(() => server?.close());

  /** @param own null: this instance has no disk */
  function instance({ maxPending = 100, own = local as Ledger | null, now = Date.now } = {}) {
    const held = new HeldJobs({
      ...{ shared, local: () => own ?? undefined, maxPending, now },
      onChange() {
        for (const look of waiting) look();
      },
      onProblem: (error) => assert.fail(error),
    });
    open.push(held);
    connection.onState((state) => state === 'ready' && held.drain());
    const store = (work: string, put = (job: OutboxJob) => leaveTo(shared, job, 1000)) =>
      held.store({ nodeId: 'node', lane: 'c1', work, carried: {}, dropped: [] }, put);
    return { held, store };
  }

  const stored = async () => {
    const entries = await shared.list<OutboxJob>('outbox');
    return entries.sort((one, other) => (one.key < other.key ? -1 : 1)).map(({ value }) => value.work);
  };
  const emptied = (held: HeldJobs) =>
    new Promise<void>((resolve) => {
      const look = () => {
        if (held.pending() > 0) return;
        waiting.delete(look);
        resolve();
      };
      waiting.add(look);
      look();
    });

  it('leave in the order in which the instances have stored them, whichever sends', async () => {
    const left: unknown[] = [];
    let told = () => {};
    const leader = new Outbox({
      ledger: shared,
      processor: {
        isIdempotent: true,
        deliver: async ({ work }) => {
          left.push(work);
          told();
          return {};
        },
        find: async () => undefined,
        isWatched: () => false,
        watch: () => assert.fail(),
      },
      ...{ maxPending: 1000, maxAgeMs: 60_000, onChange() {}, onProblem: (error) => assert.fail(error) },
    });
    leader.register('node', { sent() {}, failed: (_job, error) => assert.fail(error) });
    leader.start();
    const other = instance();
    const mine = instance();
    const wanted: string[] = [];
    for (let number = 1; number <= 20; number++) {
      await other.store(`${number} of another`);
      const own = [`${number} of its own`, `${number} after that`];
      await Promise.all(own.map((work) => mine.store(work, (job) => leader.accept(job))));
      wanted.push(`${number} of another`, ...own);
    }
    await new Promise<void>((resolve) => {
      told = () => left.length >= wanted.length && resolve();
      told();
    });
    assert.deepEqual(left, wanted);
    await leader.close();
  });

  it('are as old as the clock says that all share, whatever the own one says', async () => {
    const now = () => Date.now() - 7_200_000;
    const { store } = instance({ now });
    await store('from an instance whose clock is two hours ahead');
    let came = (_work: unknown) => {};
    const first = new Promise<unknown>((resolve) => {
      came = resolve;
    });
    const deliver = async ({ work }: OutboxJob) => {
      came(work);
      return {};
    };
    const leader = new Outbox({
      ledger: shared,
      processor: {
        isIdempotent: true,
        deliver,
        find: async () => undefined,
        isWatched: () => false,
        watch: () => assert.fail(),
      },
      ...{ maxPending: 1000, maxAgeMs: 3_600_000, now, onChange() {}, onProblem: came },
    });
    leader.register('node', { sent() {}, failed: (_job, error) => came(error) });
    leader.start();
    const left = await first;
    await leader.close();
    assert.equal(left, 'from an instance whose clock is two hours ahead');
  });

  it('wait on the disk of the instance while the store is away, and follow in their order', async () => {
    const { held, store } = instance();
    await store('1');
    await server.down();
    for (const text of ['2', '3', '4']) await store(text);
    assert.deepEqual([held.pending(), held.pending('node'), held.pending('other')], [3, 3, 0]);
    await server.up();
    await emptied(held);
    await store('5');
    await emptied(held);
    assert.deepEqual(await stored(), ['1', '2', '3', '4', '5']);
    assert.equal(await local.count('held'), 0);
  });

  it('are handed over by the next process', async () => {
    const { held, store } = instance();
    await server.down();
    await store('1');
    await held.close();
    await server.up();
    await connection.ready();
    const next = instance();
    next.held.start();
    await next.store('2');
    await emptied(next.held);
    assert.deepEqual(await stored(), ['1', '2']);
  });

  it('are taken once, though it was not known whether the store had them', async () => {
    const { held, store } = instance();
    await store('0');
    server.freeze();
    const sending = ['1', '2', '3'].map((text) => store(text));
    await Promise.all(sending);
    assert.equal(held.pending(), 3);
    // The store wakes, and takes what had reached it; what is sent at once is not stored a second time.
    server.thaw();
    await connection.ready();
    const early = await shared.list<OutboxJob>('outbox');
    for (const { key, value } of early) if (value.work === '1') await shared.delete('outbox', key);
    const wasThere = early.some(({ value }) => value.work === '1');
    held.drain();
    await emptied(held);
    assert.deepEqual(await stored(), wasThere ? ['0', '2', '3'] : ['0', '1', '2', '3']);
  });

  it('are refused when too many wait, and where there is no disk', async () => {
    const { store } = instance({ maxPending: 2 });
    const bare = instance({ own: null });
    await server.down();
    try {
      await store('1');
      await store('2');
      assert.equal((await failing(store('3'))).code, 'rate_limit');
      assert.equal((await failing(bare.store('1'))).code, 'storage');
    } finally {
      await server.up();
    }
  });

  it('a refusal of the store is told, and nothing waits', async () => {
    const { held } = instance();
    const given = { nodeId: 'node', lane: 'c1', work: '1', carried: {}, dropped: [] };
    const full = held.store(given, () => Promise.reject(new LinktorError('rate_limit', 'full')));
    assert.equal((await failing(full)).code, 'rate_limit');
    assert.equal(held.pending(), 0);
  });
});
