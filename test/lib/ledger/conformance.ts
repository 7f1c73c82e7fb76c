import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { type Durability, type Entry, type Ledger, MAX_RECORD_BYTES, namespaces, type Soon } from '../../../lib/ledger';
import { failing } from '../support';

/** One place where an engine keeps its records. */
export interface Place {
  /** open it; after `close` of the ledger before, or after a crash of whoever had it */
  open(): Promise<Ledger>;
  remove(): Promise<void>;
}

export interface Engine {
  name: string;
  durability: Durability;
  place(): Promise<Place>;
}

const soon = async <T>(value: Soon<T>): Promise<T> => value;
const keysOf = (entries: readonly Entry[]) => entries.map(({ key }) => key);

/** What every engine of the ledger has to do. */
export function conformance(engine: Engine): void {
  describe(`the ledger of the engine ${engine.name}`, () => {
    let place: Place;
    let ledger: Ledger;

    beforeEach(async () => {
      place = await engine.place();
      ledger = await place.open();
    });

    afterEach(async () => {
      await ledger.close();
      await place.remove();
    });

    it('says what it survives', () => {
      assert.equal(ledger.durability, engine.durability);
    });

    it('gives back what was put, with its due time and its tags', async () => {
      const before = Date.now();
      await ledger.put('ask', 'q1', { text: 'How many?', tries: 2 }, { due: 9e12, tags: ['c:1', 'p:7'] });
      const entry = await soon(ledger.get('ask', 'q1'));
      assert.deepEqual(entry?.value, { text: 'How many?', tries: 2 });
      assert.equal(entry?.due, 9e12);
      assert.deepEqual(entry?.tags, ['c:1', 'p:7']);
      assert.ok((entry?.writtenAt ?? 0) >= before);
    });

    it('knows nothing of what was never put, in this namespace or another', async () => {
      await ledger.put('ask', 'q1', 1);
      assert.equal(await ledger.get('ask', 'q2'), undefined);
      assert.equal(await ledger.get('form', 'q1'), undefined);
      assert.equal(await ledger.delete('form', 'q1'), false);
    });

    it('shares no object with its readers and writers', async () => {
      const given = { list: [1] };
      await ledger.put('var', 'v', given);
      given.list.push(2);
      const first = await soon(ledger.get<{ list: number[] }>('var', 'v'));
      first?.value.list.push(3);
      assert.deepEqual((await soon(ledger.get('var', 'v')))?.value, { list: [1] });
    });

    it('gives what is stored to readers that may share it, and a copy to all others', async () => {
      const share = { mayShare: true };
      await ledger.put('ask', 'q1', { list: [1] }, { tags: ['c:1'], ...share });
      assert.deepEqual((await soon(ledger.get('ask', 'q1', share)))?.value, { list: [1] });
      const more = ({ list }: { list: number[] } = { list: [] }) => ({ value: { list: [...list, 2] }, tags: ['c:1'] });
      const changed = await ledger.update('ask', 'q1', more, share);
      assert.deepEqual(changed?.value, { list: [1, 2] });
      const own = await soon(ledger.get<{ list: number[] }>('ask', 'q1'));
      own?.value.list.push(3);
      assert.deepEqual((await soon(ledger.find('ask', 'c:1', share)))[0]?.value, { list: [1, 2] });
      await ledger.put('ask', 'q1', { list: [] });
      assert.deepEqual((await soon(ledger.get('ask', 'q1', share)))?.value, { list: [] });
    });

    it('counts the size of a shared value too, and refuses a due time that is none', async () => {
      const share = { mayShare: true };
      await ledger.put('ask', 'q1', { text: 'é'.repeat(20_000) }, share);
      const refused = async (value: unknown, due?: number) => {
        const options = { ...share, ...(due !== undefined && { due }) };
        await failing(async () => ledger.put('ask', 'q2', value, options));
        assert.equal(await ledger.get('ask', 'q2'), undefined);
      };
      await refused({ text: 'é'.repeat(40_000) });
      await refused({ text: '\u0001'.repeat(12_000) });
      await refused({ id: 1n });
      await refused({ id: 1 }, Number.NaN);
      assert.equal((await soon(ledger.list('ask'))).length, 1);
    });

    it('keeps every text as it is: keys and values in any writing', async () => {
      await fc.assert(
        fc.asyncProperty(fc.string({ unit: 'grapheme', minLength: 1 }), fc.jsonValue(), async (key, value) => {
          await ledger.put('var', key, value);
          assert.deepEqual((await soon(ledger.get('var', key)))?.value, JSON.parse(JSON.stringify(value)));
        }),
        { numRuns: 40 },
      );
    });

    it('replaces value, due time and tags together', async () => {
      await ledger.put('ask', 'q1', 1, { due: 5, tags: ['old', 'both'] });
      await ledger.put('ask', 'q1', 2, { tags: ['new', 'both'] });
      assert.equal((await soon(ledger.get('ask', 'q1')))?.value, 2);
      assert.deepEqual(await ledger.find('ask', 'old'), []);
      assert.deepEqual(keysOf(await ledger.find('ask', 'new')), ['q1']);
      assert.deepEqual(keysOf(await ledger.find('ask', 'both')), ['q1']);
      assert.deepEqual(await ledger.due(10), []);
      assert.equal(await ledger.count('ask'), 1);
    });

    it('keeps long values of any length over one another, one after the other and at once', async () => {
      const texts = fc.array(fc.tuple(fc.integer({ min: 0, max: 8000 }), fc.constantFrom('a', 'é', '漢', '👍')), {
        minLength: 2,
        maxLength: 12,
      });
      const readAgain = async (key: string) => (await soon(ledger.get<string>('seen', key, { mayShare: true })))?.value;
      await fc.assert(
        fc.asyncProperty(texts, fc.boolean(), async (all, atOnce) => {
          const values = all.map(([length, letter]) => letter.repeat(length));
          const puts = values.map((value) => async () => ledger.put('seen', 'long', value));
          if (atOnce) await Promise.all(puts.map((put) => put()));
          else
            for (const [index, put] of puts.entries()) {
              await put();
              assert.equal(await readAgain('long'), values[index]);
            }
          assert.equal(await readAgain('long'), values.at(-1));
          await ledger.put('seen', 'other', values[0]);
          assert.equal(await readAgain('long'), values.at(-1));
        }),
        { numRuns: 30 },
      );
      const last = await readAgain('long');
      await ledger.close();
      ledger = await place.open();
      if (engine.durability !== 'none') assert.equal(await readAgain('long'), last);
    });

    it('lists a namespace, the oldest write first', async () => {
      for (const key of ['b', 'a', 'c']) {
        await ledger.put('form', key, key);
        await tick();
      }
      await ledger.put('form', 'b', 'again');
      assert.deepEqual(keysOf(await ledger.list('form')), ['a', 'c', 'b']);
      assert.deepEqual(await ledger.list('ask'), []);
    });

    it('writes nothing while another record has the tag, when told so', async () => {
      const taking = ['a', 'b'].map((key) => ledger.put('form', key, key, { tags: ['t'], unlessTagged: true }));
      await Promise.all(taking);
      assert.deepEqual(keysOf(await ledger.list('form')), ['a']);
      await ledger.put('form', 'c', 'c', { tags: ['u'], unlessTagged: true });
      await ledger.delete('form', 'a');
      await ledger.put('form', 'd', 'd', { tags: ['t', 'u'], unlessTagged: true });
      await ledger.put('form', 'b', 'b', { tags: ['t'], unlessTagged: true });
      assert.deepEqual(keysOf(await ledger.list('form')), ['c', 'b']);
    });

    it('writes nothing where the record is gone, when told so', async () => {
      const gone: string[] = [];
      const write = (key: string, value: string) =>
        ledger.put('form', key, value, { tags: ['t'], onMissing: () => gone.push(value) });
      await write('a', 'never written');
      await ledger.put('form', 'a', 'first');
      await write('a', 'second');
      const deleting = ledger.delete('form', 'a');
      await Promise.all([deleting, write('a', 'third')]);
      assert.deepEqual(
        [gone, await ledger.list('form'), await ledger.find('form', 't')],
        [['never written', 'third'], [], []],
      );
    });

    it('finds by tag within a namespace', async () => {
      await ledger.put('ask', 'q1', 1, { tags: ['c:1'] });
      await tick();
      await ledger.put('ask', 'q2', 2, { tags: ['c:1', 'c:2'] });
      await ledger.put('form', 'f1', 3, { tags: ['c:1'] });
      assert.deepEqual(keysOf(await ledger.find('ask', 'c:1')), ['q1', 'q2']);
      await ledger.delete('ask', 'q1');
      assert.deepEqual(keysOf(await ledger.find('ask', 'c:1')), ['q2']);
    });

    it('tells what is due in all namespaces, the earliest first', async () => {
      await ledger.put('ask', 'late', 1, { due: 3000 });
      await ledger.put('form', 'early', 2, { due: 1000 });
      await ledger.put('ask', 'future', 3, { due: 5000 });
      await ledger.put('var', 'never', 4);
      assert.deepEqual(keysOf(await ledger.due(3000)), ['early', 'late']);
      await ledger.delete('form', 'early');
      assert.deepEqual(keysOf(await ledger.due(3000)), ['late']);
    });

    it('lets exactly one of many take a record', async () => {
      await ledger.put('ask', 'q1', 1);
      const taken = await Promise.all(Array.from({ length: 20 }, () => ledger.delete('ask', 'q1')));
      assert.equal(taken.filter(Boolean).length, 1);
      assert.equal(await ledger.count('ask'), 0);
    });

    it('loses no change of many at once', async () => {
      const add = (value: number | undefined) => ({ value: (value ?? 0) + 1 });
      await Promise.all(Array.from({ length: 50 }, () => ledger.update<number>('var', 'sum', add)));
      assert.equal((await soon(ledger.get('var', 'sum')))?.value, 50);
    });

    it('makes, changes and deletes with update, and says what came of it', async () => {
      const made = await ledger.update<number>('var', 'v', () => ({ value: 1, due: 7, tags: ['t'] }));
      assert.deepEqual([made?.value, made?.due, made?.tags], [1, 7, ['t']]);
      assert.equal(await ledger.update<number>('var', 'v', () => undefined), undefined);
      assert.equal(await ledger.get('var', 'v'), undefined);
      assert.equal(await ledger.update<number>('var', 'w', () => undefined), undefined);
    });

    it('leaves the record alone when the change fails', async () => {
      await ledger.put('var', 'v', 1);
      const broken = () => {
        throw new Error('no');
      };
      await assert.rejects(ledger.update('var', 'v', broken), /no/);
      assert.equal((await soon(ledger.get('var', 'v')))?.value, 1);
    });

    it('refuses what JSON cannot hold', async () => {
      const cycle: Record<string, unknown> = {};
      cycle.self = cycle;
      for (const value of [undefined, () => 1, 1n, cycle]) {
        assert.equal((await failing(ledger.put('var', 'v', value))).code, 'validation');
      }
      assert.equal((await failing(ledger.put('var', 'v', 1, { due: Number.NaN }))).code, 'validation');
      assert.equal(await ledger.get('var', 'v'), undefined);
    });

    it('refuses a record that is too large, and keeps the one before', async () => {
      await ledger.put('var', 'v', 'small');
      const error = await failing(ledger.put('var', 'v', 'é'.repeat(MAX_RECORD_BYTES / 2)));
      assert.equal(error.code, 'rate_limit');
      await ledger.put('var', 'w', 'x'.repeat(MAX_RECORD_BYTES - 2));
      assert.equal((await soon(ledger.get('var', 'v')))?.value, 'small');
    });

    it('never gives up a question for a new one, and drops the oldest of what only saves work', async function () {
      this.timeout(60_000);
      const fill = async (namespace: 'ask' | 'sent') => {
        const { limit } = namespaces[namespace];
        const puts = Array.from({ length: limit }, (_, index) => ledger.put(namespace, `k${index}`, index));
        await Promise.all(puts);
      };
      await Promise.all([fill('ask'), fill('sent')]);
      assert.equal((await failing(ledger.put('ask', 'more', 1))).code, 'rate_limit');
      await ledger.put('ask', 'k5', 'a change is no new record');
      await ledger.put('sent', 'more', 1);
      assert.equal(await ledger.count('sent'), namespaces.sent.limit);
      assert.equal(await ledger.get('sent', 'k0'), undefined);
      assert.equal((await soon(ledger.get('ask', 'k0')))?.value, 0);
    });

    it('writes what it has promised before it closes, and then says that it is closed', async () => {
      const writing = ledger.put('ask', 'q1', 1);
      await ledger.close();
      await writing;
      assert.equal((await failing(ledger.put('ask', 'q2', 1))).code, 'storage');
      assert.equal((await failing(async () => ledger.get('ask', 'q1'))).code, 'storage');
    });

    const survives = engine.durability !== 'none';
    it(survives ? 'survives an orderly stop' : 'begins empty after a stop', async () => {
      await ledger.put('ask', 'q1', { text: 'a' }, { due: 7, tags: ['c:1'] });
      await ledger.put('ask', 'q2', 1);
      await ledger.delete('ask', 'q2');
      await ledger.put('optout', 'p1', true, { onDisk: true });
      await ledger.close();
      ledger = await place.open();
      assert.deepEqual(keysOf(await ledger.list('ask')), survives ? ['q1'] : []);
      assert.deepEqual(keysOf(await ledger.find('ask', 'c:1')), survives ? ['q1'] : []);
      assert.deepEqual(keysOf(await ledger.due(10)), survives ? ['q1'] : []);
      assert.equal((await soon(ledger.get('optout', 'p1')))?.value, survives ? true : undefined);
    });
  });
}

/** Two writes of one millisecond have no order that a store could keep. */
async function tick(): Promise<void> {
  const now = Date.now();
  while (Date.now() === now) await new Promise((resolve) => setImmediate(resolve));
}
