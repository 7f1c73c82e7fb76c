import { strict as assert } from 'node:assert';
import { Claims } from '../../../lib/shared/claims';
import { StoreConnection } from '../../../lib/shared/connection';
import { type Leadership, Lease } from '../../../lib/shared/lease';
import { StoreServer, storeServerPath } from '../../support/store';
import { failing, Inbox } from '../support';
import { setUpStore } from './support';

/** a tenth of the real times */
const timing = { leaseMs: 1500, renewMs: 500, lookMs: 100, marginMs: 200, yieldMs: 800 };

describe('instances that share a store', () => {
  const leases: Lease[] = [];
  afterEach(() => Promise.all(leases.splice(0).map((lease) => lease.close())));
  const store = setUpStore();

  async function instance(name: string, connection?: StoreConnection, more = {}) {
    const said = new Inbox<Leadership>();
    const lease = new Lease({
      ...{ connection: connection ?? (await store.connect()), name, onChange: said.add },
      timing: { ...timing, ...more },
    });
    leases.push(lease);
    const leads = () => said.first(({ isOurs }) => isOurs);
    return { lease, said, leads };
  }

  it('one leads, the others know which', async () => {
    const one = await instance('one');
    await one.leads();
    const two = await instance('two');
    const { isOurs, name, since = 0 } = await two.said.first();
    assert.deepEqual([isOurs, name], [false, 'one']);
    assert.ok(Math.abs(Date.now() - since) < 5000);
    assert.deepEqual([one.lease.isHeld, two.lease.isHeld], [true, false]);
  });

  it('after a clean stop another one leads at once, long before the lease is over', async () => {
    const long = { leaseMs: 600_000, renewMs: 200_000 };
    const one = await instance('one', undefined, long);
    await one.leads();
    const two = await instance('two', undefined, long);
    await two.said.first();
    await one.lease.close();
    await two.leads();
  });

  it('one that hands over lets another lead, and does not take the lease back', async () => {
    const one = await instance('one');
    await one.leads();
    const two = await instance('two');
    await two.said.first();
    const handedOver = Date.now();
    await one.lease.handOver();
    assert.equal(one.lease.isHeld, false);
    await two.leads();
    await two.lease.close();
    const three = await instance('three');
    await three.leads();
    await one.said.first(({ name }) => name === 'three');
    await one.lease.rest(0);
    await three.lease.close();
    await one.said.first(({ isOurs, since = 0 }) => isOurs && since > handedOver);
    assert.equal(one.lease.isHeld, true);
  });

  it('when the one that leads is gone, another one leads when its lease is over, and never two', async () => {
    const connection = await store.connect();
    const one = await instance('one', connection);
    await one.leads();
    const two = await instance('two');
    await two.said.first();
    connection.close();
    // It knows before the other one can.
    await one.said.first(({ isOurs, name }) => !isOurs && name === undefined);
    assert.deepEqual([one.lease.isHeld, two.lease.isHeld], [false, false]);
    await two.leads();
  });

  it('while the store is away nobody leads, and soon after it is back somebody does', async () => {
    const one = await instance('one');
    await one.leads();
    await store.server.down();
    await one.said.first(({ isOurs, name }) => !isOurs && name === undefined);
    await store.server.up();
    const began = Date.now();
    await one.said.some(2, ({ isOurs }) => isOurs);
    assert.ok(Date.now() - began < 5000);
  });

  it('after the store was away the one that led last leads again, and another one where that is gone', async () => {
    // It is the last one to look.
    const leader = await instance('one', undefined, { lookMs: 400 });
    await leader.leads();
    const others = [leader, await instance('two'), await instance('three')];
    const connection = await store.connect();
    const isUnknown = ({ isOurs, name }: Leadership) => !isOurs && name === undefined;
    for (let round = 1; round <= 3; round++) {
      // It ends while the store is away.
      await connection.run('end', "return redis.call('PEXPIRE', KEYS[1] .. ':lease', 50)");
      await store.server.down();
      await Promise.all(others.map(({ said }) => said.some(round, isUnknown)));
      await store.server.up();
      await leader.said.some(round + 1, ({ isOurs }) => isOurs);
      await Promise.all(others.map(({ said }) => said.some(round + 1, ({ name }) => name !== undefined)));
      await connection.ready();
    }
    assert.equal(leader.said.all.filter(({ isOurs }) => isOurs).length, 4);
    for (const other of others)
      if (other !== leader)
        assert.deepEqual(
          other.said.all.filter(({ isOurs }) => isOurs),
          [],
        );
    await store.server.down();
    await leader.lease.close();
    await store.server.up();
    await Promise.race(others.filter((one) => one !== leader).map((one) => one.leads()));
  });

  it('one who stood still for too long knows it before it is told', async () => {
    const one = await instance('one');
    await one.leads();
    const end = performance.now() + timing.leaseMs;
    while (performance.now() < end);
    assert.equal(one.lease.isHeld, false);
  });

  it('of many that get one thing exactly one takes it, and remembers that it is done', async () => {
    const [one, two] = [new Claims(await store.connect()), new Claims(await store.connect())];
    const claims = await Promise.all(Array.from({ length: 20 }, (_, index) => (index % 2 ? one : two).claim('evt')));
    assert.equal(claims.filter((state) => state === 'free').length, 1);
    const owner = claims.indexOf('free') % 2 ? one : two;
    assert.equal(await (owner === one ? two : one).claim('evt'), 'working');
    await owner.done('evt');
    assert.deepEqual([await one.claim('evt'), await two.claim('evt')], ['done', 'done']);
  });

  it('one who stood still while it took a thing does not count on it, and gets it later', async () => {
    const lifetime = 100;
    const claims = new Claims(await store.connect(), lifetime);
    const claiming = claims.claim('evt');
    const end = performance.now() + lifetime;
    while (performance.now() < end);
    assert.equal(await claiming, 'working');
    for (let state = await claims.claim('evt'); state !== 'free'; ) state = await claims.claim('evt');
  });

  it('what has been passed on is remembered soon, and when the instance ends', async () => {
    const [one, two] = [new Claims(await store.connect()), new Claims(await store.connect())];
    await Promise.all(['a', 'b', 'c'].map((key) => one.claim(key)));
    await Promise.all([one.done('a'), one.done('b')]);
    assert.deepEqual([await two.claim('a'), await two.claim('b'), await two.claim('c')], ['done', 'done', 'working']);
    void one.done('c');
    await one.close();
    assert.equal(await two.claim('c'), 'done');
  });

  it('what is being passed on at this moment has been, for one who asks', async () => {
    const [one, two] = [new Claims(await store.connect()), new Claims(await store.connect())];
    await one.claim('evt');
    const confirmed = one.done('evt');
    assert.equal(await two.claim('evt'), 'done');
    await confirmed;
  });

  it('whoever has passed a thing on hears that the store could not be told', async () => {
    const claims = new Claims(await store.connect());
    await store.server.down();
    const told = [claims.done('a'), claims.done('b')].map(failing);
    assert.equal((await failing(claims.claim('c'))).code, 'storage');
    assert.deepEqual(
      (await Promise.all(told)).map(({ code }) => code),
      ['storage', 'storage'],
    );
    await store.server.up();
  });

  it('says at once that the store is away', async () => {
    const claims = new Claims(await store.connect());
    await store.server.down();
    assert.equal((await failing(claims.claim('evt'))).code, 'storage');
    await store.server.up();
  });

  it('says what the store is', async () => {
    const { version, policy, isKept, latency, ahead } = await (await store.connect()).facts();
    assert.match(version, /^\d+\.\d+/);
    assert.deepEqual([policy, isKept], ['noeviction', true]);
    assert.ok(latency < 1000 && Math.abs(ahead) < 2000, `${latency} ${ahead}`);
  });

  it('says what a store refuses that is there: a replica, a user without rights, one that is full', async () => {
    const path = (await storeServerPath()) as string;
    const others = [
      ['READONLY', await StoreServer.start(path, ['--replicaof', '127.0.0.1', String(store.server.port)]), ''],
      ['OOM', await StoreServer.start(path, ['--maxmemory', '1']), ''],
      [
        'NOPERM|ERR',
        await StoreServer.start(path, ['--user', 'reader', 'on', '>pw', '~*', '&*', '+@all', '-set']),
        'reader:pw@',
      ],
    ] as const;
    try {
      for (const [said, { port }, user] of others) {
        const connection = await StoreConnection.open({ url: `redis://${user}127.0.0.1:${port}`, prefix: 'refusing' });
        await connection.ready();
        const { code, message, cause } = await failing(connection.facts());
        connection.close();
        assert.match(message, new RegExp(`refuses a command: (?:${said}) `));
        assert.doesNotMatch(message, /@user_script/);
        assert.deepEqual([code, (cause.details as { problem: string }).problem], ['storage', 'unreachable']);
      }
    } finally {
      for (const [, server] of others) await server.close();
    }
  });

  it('a frozen store counts as down with the first command that has no answer, and as ready once it goes on', async () => {
    const connection = await store.connect();
    const states = new Inbox<string>();
    connection.onState(states.add);
    store.server.freeze();
    try {
      assert.equal((await failing(connection.run('linktorTime', "return redis.call('TIME')"))).code, 'storage');
      assert.equal(connection.state, 'down');
    } finally {
      store.server.thaw();
    }
    await connection.ready();
    assert.deepEqual(states.all, ['down', 'ready']);
  });
});
