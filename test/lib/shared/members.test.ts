import { strict as assert } from 'node:assert';
import { useFakeTimers } from 'sinon';
import { Members } from '../../../lib/shared/members';
import { setUpStore } from './support';

/** a tenth of the real times */
const timing = { beatMs: 100, goneMs: 600, marginMs: 150 };

describe('the instances of an account', () => {
  const opened: Members[] = [];
  afterEach(() => Promise.all(opened.splice(0).map((members) => members.close())));
  const store = setUpStore();

  async function instance(name: string) {
    const connection = await store.connect();
    const waiting = new Set<() => void>();
    const onChange = () => {
      for (const look of waiting) look();
    };
    const members = new Members({ connection, name, onChange, timing });
    opened.push(members);
    const until = (isSo: () => boolean) =>
      new Promise<void>((resolve) => {
        const look = () => {
          if (!isSo()) return;
          waiting.delete(look);
          resolve();
        };
        waiting.add(look);
        look();
      });
    const names = () => members.all.map(({ name }) => name);
    return { members, connection, until, names };
  }

  it('know one another, the oldest first', async () => {
    const one = await instance('one');
    await one.until(() => one.names().length === 1);
    const two = await instance('two');
    await one.until(() => one.names().length === 2);
    await two.until(() => two.names().length === 2);
    assert.deepEqual(two.names(), ['one', 'two']);
    assert.deepEqual(two.members.all, one.members.all);
  });

  it('know by how much their clock differs from that of the store', async () => {
    const one = await instance('one');
    await one.until(() => one.names().length === 1);
    assert.equal(one.members.ahead, 0);
    const clock = useFakeTimers({ now: Date.now() - 3_600_000, toFake: ['Date'] });
    try {
      const two = await instance('two');
      await two.until(() => two.names().length === 2);
      assert.ok(Math.abs((two.members.ahead ?? 0) - 3_600_000) < 60_000, `${two.members.ahead}`);
    } finally {
      clock.restore();
    }
  });

  it('one that leaves is gone at once, one that falls silent after a while', async () => {
    const one = await instance('one');
    await one.until(() => one.names().length === 1);
    one.connection.close();
    const two = await instance('two');
    await two.until(() => two.names().join() === 'two');
    const three = await instance('three');
    await three.until(() => three.names().length === 2);
    await two.members.close();
    await three.until(() => three.names().join() === 'three');
  });

  it('one that is drained says so until it is told otherwise', async () => {
    const [one, two] = [await instance('one'), await instance('two')];
    const isDraining = () => two.members.all.find(({ name }) => name === 'one')?.isDraining;
    await two.until(() => isDraining() === false);
    one.members.drain(true);
    await two.until(() => isDraining() === true);
    one.members.drain(false);
    await two.until(() => isDraining() === false);
  });
});
