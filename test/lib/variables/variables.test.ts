import { strict as assert } from 'node:assert';
import { type SinonFakeTimers, useFakeTimers } from 'sinon';
import { type AccountLedger, createLedger } from '../../../lib/ledger';
import { forget, type Owner, Variables } from '../../../lib/variables';
import { partsOf, valueAt, withValueAt } from '../../../lib/variables/path';

const DAY_MS = 24 * 3_600_000;
const forever = { forMs: 30 * DAY_MS };
const ana: Owner = { scope: 'contact', id: 'ana' };
const talk: Owner = { scope: 'conversation', id: 'c1', contactId: 'ana' };

describe('a key', () => {
  it('reaches inside, and changes nothing else', () => {
    const before = { cart: { items: [1, 2], note: 'x' } };
    const after = withValueAt(before, partsOf('cart.items.1'), 3);
    assert.deepEqual(after, { cart: { note: 'x', items: [1, 3] } });
    assert.deepEqual(before, { cart: { items: [1, 2], note: 'x' } });
    assert.equal(valueAt(after, ['cart', 'items', '1']), 3);
    assert.deepEqual(withValueAt(undefined, ['a', 'b'], 1), { a: { b: 1 } });
    assert.deepEqual(withValueAt({ a: { b: 1, c: 2 } }, ['a', 'b'], undefined), { a: { c: 2 } });
  });

  for (const key of ['', '.', 'a..b', '__proto__', 'a.constructor', 'x'.repeat(201)]) {
    it(`is none: ${JSON.stringify(key.slice(0, 20))}`, () => {
      assert.throws(() => partsOf(key), /is not a key/);
    });
  }

  it('reaches into no text', () => {
    assert.throws(() => withValueAt({ a: 'text' }, ['a', 'b'], 1), /cannot be reached/);
    assert.equal(valueAt({ a: 'text' }, ['a', 'length']), undefined);
  });
});

describe('variables', () => {
  let time: SinonFakeTimers;
  let ledger: AccountLedger;
  let variables: Variables;

  beforeEach(() => {
    time = useFakeTimers({ now: Date.parse('2026-05-17T10:00:00Z'), toFake: ['Date', 'setInterval', 'clearInterval'] });
    ledger = createLedger({ keepIn: 'memory', keepDays: 30 });
    variables = new Variables(() => ledger);
  });
  afterEach(async () => {
    variables.stop();
    await ledger.close();
    time.restore();
  });

  it('are over so long after the last write, and leave the ledger', async () => {
    await variables.set(talk, 'step', 1, { forMs: 2 * DAY_MS });
    time.tick(DAY_MS);
    await variables.set(talk, 'step', 2, { forMs: 2 * DAY_MS });
    time.tick(1.5 * DAY_MS);
    assert.equal(await variables.get(talk, 'step'), 2);
    time.tick(DAY_MS);
    assert.equal(await variables.get(talk, 'step'), undefined);
    assert.deepEqual(await variables.all(talk), {});
    await new Promise(setImmediate);
    assert.equal(await ledger.count('var'), 0);
  });

  it('begin anew after that', async () => {
    await variables.increment(talk, 'count', 1, { forMs: DAY_MS });
    time.tick(2 * DAY_MS);
    assert.equal((await variables.increment(talk, 'count', 1, { forMs: DAY_MS })).value, 1);
  });

  it('are changed by one after the other, however slow the condition is', async () => {
    const slow = {
      ...forever,
      onlyIf: async (old: unknown) => {
        await new Promise(setImmediate);
        return old === undefined;
      },
    };
    const written = await Promise.all([1, 2, 3].map((value) => variables.set(talk, 'winner', value, slow)));
    assert.deepEqual(
      written.map(({ isWritten }) => isWritten),
      [true, false, false],
    );
    assert.equal(await variables.get(talk, 'winner'), 1);
  });

  it('become those of one contact', async () => {
    const bea: Owner = { scope: 'contact', id: 'bea' };
    await variables.set(ana, 'name', 'Ana', forever);
    await variables.set(bea, 'name', 'Bea', forever);
    await variables.set(bea, 'city', 'Rio', forever);
    await variables.join('ana', ['bea']);
    assert.deepEqual(await variables.all(ana), { name: 'Ana', city: 'Rio' });
    assert.deepEqual(await variables.all(bea), {});
  });

  it('of a person are forgotten, with all else that names them', async () => {
    await variables.set(ana, 'name', 'Ana', forever);
    await variables.set(talk, 'step', 1, forever);
    await variables.set({ scope: 'contact', id: 'bea' }, 'name', 'Bea', forever);
    await ledger.put('pause', 'c1', { a: 1 }, { tags: ['c:c1'] });
    await ledger.put('optout', 'ana', { a: 1 }, { tags: ['p:ana', 'c:c2'] });
    await ledger.put('cursor', 'idle', { a: 1 }, { tags: ['c:c2'] });
    const { deleted } = await forget(ledger, 'ana', []);
    assert.deepEqual(deleted, { var: 2, pause: 1, cursor: 1, optout: 1 });
    assert.equal(await ledger.count('var'), 1);
  });
});
