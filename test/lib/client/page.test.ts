import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { items } from '../../../lib/client/page';
import type { Slice } from '../../../lib/contract/index';
import type { Page } from '../../../lib/model';

interface Item {
  id: string;
}
const numbered = (count: number): Item[] => Array.from({ length: count }, (_, index) => ({ id: `i${index}` }));

/** A server that pages in one style. */
const styles = {
  cursor: (all: Item[], { limit = 20, cursor }: Slice): Page<Item> => {
    const from = cursor === undefined ? 0 : Number(cursor);
    const end = from + limit;
    const hasNext = end < all.length;
    return { items: all.slice(from, end), hasNext, ...(hasNext ? { nextCursor: String(end) } : {}) };
  },
  page: (all: Item[], { limit = 20, page = 1 }: Slice): Page<Item> => ({
    items: all.slice((page - 1) * limit, page * limit),
    hasNext: page * limit < all.length,
    page,
  }),
  'page without a word about the end': (all: Item[], { limit = 20, page = 1 }: Slice): Page<Item> => ({
    items: all.slice((page - 1) * limit, page * limit),
    hasNext: true,
  }),
} as const;

async function collect(of: AsyncGenerator<Item>): Promise<string[]> {
  const ids: string[] = [];
  for await (const { id } of of) ids.push(id);
  return ids;
}

describe('client: paging', () => {
  for (const [style, serve] of Object.entries(styles)) {
    it(`gives every item once, in order, from a server that pages by ${style}`, async () => {
      await fc.assert(
        fc.asyncProperty(fc.nat({ max: 40 }), fc.integer({ min: 1, max: 15 }), async (count, limit) => {
          const all = numbered(count);
          let calls = 0;
          const found = await collect(
            items(async (slice) => {
              assert.ok(++calls < 100, 'asks for ever');
              assert.equal(slice.limit, limit);
              assert.ok(slice.cursor === undefined || slice.page === undefined, 'cursor and page at once');
              return serve(all, slice);
            }, limit),
          );
          assert.deepEqual(
            found,
            all.map(({ id }) => id),
          );
        }),
      );
    });
  }

  it('stops at a page that repeats the one before', async () => {
    let calls = 0;
    const stubborn = async (): Promise<Page<Item>> => {
      calls++;
      return { items: numbered(20), hasNext: true, nextCursor: 'same' };
    };
    assert.equal((await collect(items(stubborn))).length, 20);
    assert.equal(calls, 2);
  });

  it('stops at an empty page, whatever it says', async () => {
    let calls = 0;
    const empty = async (): Promise<Page<Item>> => {
      calls++;
      return { items: [], hasNext: true, nextCursor: String(calls) };
    };
    assert.deepEqual(await collect(items(empty)), []);
    assert.equal(calls, 1);
  });

  it('asks for no page that nobody wants', async () => {
    let calls = 0;
    const serve = async (slice: Slice) => {
      calls++;
      return styles.page(numbered(50), slice);
    };
    for await (const { id } of items(serve, 10)) if (id === 'i9') break;
    assert.equal(calls, 1);
  });

  it('hands on what goes wrong halfway, after what was there before', async () => {
    const seen: string[] = [];
    const serve = async (slice: Slice) => {
      if (slice.page === 2) throw new Error('no more');
      return styles.page(numbered(50), slice);
    };
    await assert.rejects(async () => {
      for await (const { id } of items(serve, 10)) seen.push(id);
    }, /no more/);
    assert.equal(seen.length, 10);
  });
});
