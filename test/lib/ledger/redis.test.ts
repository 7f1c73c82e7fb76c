import { strict as assert } from 'node:assert';
import { SharedLedger } from '../../../lib/ledger';
import { StoreConnection } from '../../../lib/shared/connection';
import { StoreServer, storeServerPath } from '../../support/store';
import { failing } from '../support';
import { conformance } from './conformance';

describe('with a store that instances share', () => {
  let server: StoreServer;
  let places = 0;
  before(async function () {
    const file = await storeServerPath();
    if (!file) return this.skip();
    server = await StoreServer.start(file);
  });
  after(() => server?.close());

  const connections: StoreConnection[] = [];
  const openAt = (prefix: string) => {
    const connect = async () => {
      const connection = await StoreConnection.open({ url: server.url, prefix });
      connections.push(connection);
      return connection;
    };
    return new SharedLedger({ connect, keepDays: 30 });
  };
  afterEach(() => {
    for (const connection of connections.splice(0)) connection.close();
  });

  conformance({
    name: 'redis',
    durability: 'crash',
    place: async () => {
      const prefix = `test-${places++}`;
      return { open: () => openAt(prefix).open(), remove: async () => {} };
    },
  });

  describe('the shared ledger', () => {
    it('is one for all that open it: one of two takes a record, and no change is lost', async () => {
      const [one, other] = [openAt('both'), openAt('both')];
      await one.put('ask', 'q', 1, { tags: ['t'], due: 5 });
      assert.equal((await other.get('ask', 'q'))?.value, 1);
      const taken = await Promise.all([one.delete('ask', 'q'), other.delete('ask', 'q')]);
      assert.deepEqual(taken.sort(), [false, true]);
      const add = (value: number | undefined) => ({ value: (value ?? 0) + 1 });
      const adding = [one, other].flatMap((ledger) => Array.from({ length: 25 }, () => ledger.update('var', 'n', add)));
      await Promise.all(adding);
      assert.equal((await one.get('var', 'n'))?.value, 50);
    });

    for (const lost of ['values', 'metadata', 'order of writes']) {
      it(`takes a record for none when a store that evicts has lost the ${lost} of its kind, and goes on`, async () => {
        const ledger = openAt(`evicting ${lost}`);
        await ledger.put('var', 'n', 1, { tags: ['t'], due: 5 });
        const [letter] = lost;
        await connections.at(-1)?.run('lose', `return redis.call('DEL', KEYS[1] .. ':ledger:${letter}:var')`);
        if (lost !== 'order of writes') {
          assert.equal(await ledger.get('var', 'n'), undefined);
          assert.deepEqual([await ledger.find('var', 't'), await ledger.due(10)], [[], []]);
        }
        assert.deepEqual(await ledger.list('var'), []);
        const add = (value: number | undefined) => ({ value: (value ?? 0) + 1, tags: ['t'] });
        await ledger.update('var', 'n', add);
        await ledger.update('var', 'other', add);
        const values = (await ledger.list<number>('var')).map(({ key, value }) => [key, value]);
        assert.deepEqual(values, [
          ['n', lost === 'order of writes' ? 2 : 1],
          ['other', 1],
        ]);
        assert.equal((await ledger.find('var', 't')).length, 2);
      });
    }

    it('fails at once while the store is away, and goes on when it is back, with what was kept', async () => {
      const ledger = openAt('away');
      await ledger.put('ask', 'q', 1);
      await server.down();
      const error = await failing(ledger.put('ask', 'q', 2));
      assert.deepEqual([error.code, (error.cause.details as { problem: string }).problem], ['storage', 'unreachable']);
      assert.equal(ledger.state.name, 'failed');
      await server.up();
      await connections.at(-1)?.ready();
      assert.equal((await ledger.get('ask', 'q'))?.value, 1);
      assert.equal(ledger.state.name, 'ready');
    });
  });
});
