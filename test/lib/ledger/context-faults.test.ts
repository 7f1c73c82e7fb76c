import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { type ContextAccess, createLedger } from '../../../lib/ledger';
import { failing } from '../support';

type Done = (error?: Error | null, value?: unknown) => void;

/** Ways of a context store to fail, which others have written. */
const ways: Record<string, (done: Done) => void> = {
  throws: () => {
    throw new Error('the store is broken');
  },
  'throws what is no error': () => {
    throw undefined;
  },
  'answers with an error': (done) => done(new Error('the store is broken')),
  'answers with an error and throws': (done) => {
    done(new Error('the store is broken'));
    throw new Error('and again');
  },
  'answers with an error, later and twice': (done) => {
    setImmediate(() => {
      done(new Error('the store is broken'));
      done();
    });
  },
  'never answers': () => {},
};

describe('a ledger in a context store that fails', () => {
  let time: SinonFakeTimers;
  const pass = async (milliseconds: number) => {
    // The writes of one turn are a group.
    for (let turn = 0; turn < 3; turn++) await new Promise(setImmediate);
    await time.tickAsync(milliseconds);
  };
  beforeEach(() => {
    time = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
  });
  afterEach(() => time.restore());

  for (const [name, fail] of Object.entries(ways)) {
    it(`that ${name} when it is read: "storage", and nothing hangs`, async () => {
      const context: ContextAccess = {
        get: (_key, done) => done(null),
        set: (_key, _value, done) => done(),
        keys: fail,
      };
      const ledger = createLedger({ keepIn: 'context', context, keepDays: 30 });
      const opened = failing(() => ledger.open());
      await pass(30_000);
      assert.equal((await opened).code, 'storage');
      await ledger.close();
    });

    it(`that ${name} when it is written: "storage", and the next record is kept`, async () => {
      let isBroken = true;
      const context: ContextAccess = {
        get: (_key, done) => done(null),
        set: (_key, _value, done) => (isBroken ? fail(done) : done()),
        keys: (done) => done(null, []),
      };
      const ledger = createLedger({ keepIn: 'context', context, keepDays: 30 });
      await ledger.open();
      const written = failing(() => ledger.put('var', 'a', 1));
      await pass(30_000);
      assert.equal((await written).code, 'storage');
      isBroken = false;
      // It tries again every 10 s.
      await pass(10_000);
      await ledger.put('var', 'b', 2);
      assert.equal((await ledger.get('var', 'b'))?.value, 2);
      await ledger.close();
    });
  }
});
