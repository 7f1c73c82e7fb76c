import { strict as assert } from 'node:assert';
import { detach, fence } from '../../../lib/async/fence';
import { unhandled } from '../support';

describe('a fence', () => {
  const failures: [what: string, act: () => unknown][] = [
    ['throws', () => assert.fail('no')],
    ['throws nothing that is an error', () => nothing()],
    ['rejects', async () => assert.fail('no')],
    ['rejects later', () => new Promise((_, reject) => setImmediate(() => reject(new Error('no'))))],
    ['rejects with nothing', () => Promise.reject()],
  ];
  for (const [what, act] of failures) {
    it(`stands around what ${what}`, async () => {
      const told: unknown[] = [];
      const heard = await unhandled(async () => {
        fence(act)();
        await new Promise<void>((resolve) => {
          fence(act, (error) => {
            told.push(error);
            resolve();
          })();
        });
      });
      assert.deepEqual(heard, []);
      assert.equal(told.length, 1);
    });

    it(`stands around what ${what}, and around who is told of it`, async () => {
      let asked = 0;
      const heard = await unhandled(async () => {
        await new Promise<void>((resolve) => {
          fence(act, () => {
            asked++;
            resolve();
            assert.fail('not this either');
          })();
        });
      });
      assert.deepEqual([heard, asked], [[], 1]);
    });
  }

  it('hands on what the callback gets', () => {
    const got: unknown[] = [];
    fence((...args: number[]) => got.push(...args))(1, 2, 3);
    assert.deepEqual(got, [1, 2, 3]);
  });

  it('stands around work that nobody waits for', async () => {
    const told: unknown[] = [];
    const failed = async () => assert.fail('no');
    const heard = await unhandled(async () => {
      detach(failed());
      await new Promise<void>((resolve) => {
        detach(failed(), (error) => {
          told.push(error);
          resolve();
        });
      });
    });
    assert.deepEqual([heard, told.length], [[], 1]);
  });
});

function nothing(): never {
  throw undefined;
}
