import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { IdleWatch } from '../../../lib/charge';
import { type AccountLedger, createLedger } from '../../../lib/ledger';

const HOUR_MS = 3_600_000;

describe('conversations that fall silent', () => {
  let time: SinonFakeTimers;
  let ledger: AccountLedger;
  let told: string[];

  beforeEach(() => {
    time = useFakeTimers({ now: Date.parse('2026-05-17T10:00:00Z'), toFake: ['Date', 'setTimeout', 'clearTimeout'] });
    ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
    told = [];
  });
  afterEach(async () => {
    time.restore();
    await ledger.close();
  });

  function made(nodeId = 'n1'): IdleWatch {
    return new IdleWatch({
      ...{ ledger, nodeId, afterMs: HOUR_MS },
      onIdle: (id, since) => told.push(`${id} ${new Date(since).toISOString().slice(11, 16)}`),
      onProblem: (error) => told.push(String(error)),
    });
  }

  it('are told once for each silence', async () => {
    const watch = made();
    await watch.load();
    watch.said('c1');
    time.tick(HOUR_MS / 2);
    watch.said('c1');
    time.tick(HOUR_MS - 1);
    assert.deepEqual(told, []);
    time.tick(1);
    assert.deepEqual(told, ['c1 10:30']);
    time.tick(5 * HOUR_MS);
    watch.said('c1');
    watch.over('c1');
    time.tick(5 * HOUR_MS);
    assert.deepEqual(told, ['c1 10:30']);
  });

  it('are the latest 50,000 that a server names', async () => {
    const watch = made();
    await watch.load();
    for (let index = 0; index < 50_100; index++) watch.said(`c${index}`);
    await time.tickAsync(HOUR_MS);
    assert.equal(told.length, 50_000);
    assert.match(told.find((one) => one.startsWith('c')) ?? '', /^c100 /);
    watch.stop();
  });

  it('are told in the next life of the process, to the node that watched', async () => {
    const before = made();
    await before.load();
    before.said('c1');
    before.stop();
    await new Promise(setImmediate);
    time.tick(2 * HOUR_MS);
    await made('n2').load();
    await made('n1').load();
    time.tick(1);
    assert.deepEqual(told, ['c1 10:00']);
  });
});
