import { strict as assert } from 'node:assert';
import { Cluster } from '../support/cluster';
import { killedSends, sendingNodes } from '../support/killed-sends';
import { storeServerPath } from '../support/store';

/** The long form, with 1,000 sends and 50 kills, is `npm run soak:cluster -- sends`. */
describe('durable sends of several instances that are killed', function () {
  this.timeout(120_000);

  it('against a server with a limit: none is lost or doubled, each conversation keeps its order', async function () {
    const storeProgram = await storeServerPath();
    if (!storeProgram) return this.skip();
    const account = { outbox: 'durable', discoverInterval: 2 };
    const hearing = { id: 'in', type: 'linktor-message-in', wires: [[]] };
    const cluster = await Cluster.start({ names: ['A', 'B'], storeProgram, flow: [hearing, ...sendingNodes], account });
    try {
      const began = Date.now();
      const { stored, lost, doubled, disordered, failed, calls, limited } = await killedSends(cluster, {
        ...{ sends: 30, conversations: 6, kills: 3, between: 0, faulty: 0.2, seconds: 60 },
        limit: { perMinute: 40, windowMs: 4000 },
      });
      console.log(`        ${Date.now() - began} ms, ${limited} of ${calls} calls refused as too many`);
      assert.ok(stored >= 30, `${stored} stored`);
      assert.deepEqual([lost, doubled, disordered], [0, 0, 0]);
      // What was under way when its connection broke is never sent twice, and told instead.
      assert.deepEqual(
        [...new Set(failed)].filter((code) => code !== 'unexpected ambiguous'),
        [],
      );
      assert.ok(limited < calls * 0.01, `${limited} of ${calls} refused as too many`);
    } finally {
      await cluster.end();
    }
  });
});
