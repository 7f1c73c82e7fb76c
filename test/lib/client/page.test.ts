import { strict as assert } from 'node:assert';
import fc from 'fast-check';
import { items, pages } from '../../../lib/client/page';
import type { Slice } from '../../../lib/contract/index';
import { ANY_LIST_FIELDS, decodeList } from '../../../lib/contract/paging';
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

describe('client: the paging of any server', () => {
  interface Form {
    body(rows: Item[], place: { page: number; limit: number; offset: number; total: number }): unknown;
    headers?(place: { page: number; limit: number; offset: number; total: number }): Record<string, string>;
    /** the largest page that the server gives */
    most?: number;
    byCursor?: boolean;
  }
  const more = ({ offset, limit, total }: { offset: number; limit: number; total: number }) => offset + limit < total;
  const forms: Record<string, Form> = {
    'a flag': { body: (data, at) => ({ data, pagination: { hasMore: more(at), limit: at.limit } }) },
    'a flag in snake_case': { body: (data, at) => ({ data, has_more: more(at) }) },
    'a cursor': {
      body: (data, at) => ({ data, next_cursor: more(at) ? String(at.offset + at.limit) : null }),
      byCursor: true,
    },
    'a link in the body': {
      body: (items, at) => ({ items, links: { next: more(at) ? `/x?cursor=${at.offset + at.limit}` : null } }),
      byCursor: true,
    },
    'a Link header': {
      body: (rows) => rows,
      headers: (at) => ({
        link: `</x?page=1>; rel="first"${more(at) ? `, <https://h.test/x?limit=3&page=${at.page + 1}>; rel="next"` : ''}`,
      }),
    },
    'a number of pages': {
      body: (data, at) => ({ data, meta: { page: at.page, total_pages: Math.ceil(at.total / at.limit) } }),
    },
    'a total without a size': { body: (results, at) => ({ results, total: at.total }) },
    'a total that is not counted': { body: (data, at) => ({ data, total: -1, page: at.page, limit: at.limit }) },
    'a total and a size of 0': { body: (data, at) => ({ data, meta: { total: 0, limit: 0, page: at.page } }) },
    'a size of its own that is none': { body: (data, at) => ({ data, per_page: 1_000_000_000, has_more: more(at) }) },
    'a flag as a text': { body: (data, at) => ({ data, has_more: String(more(at)) }), most: 17 },
    'a flag as a number': { body: (data, at) => ({ data, pagination: { hasNext: Number(more(at)) } }), most: 17 },
    'a next page that is true or false': { body: (data, at) => ({ data, next: more(at) }), most: 17 },
    'a last page that says so': { body: (content, at) => ({ content, last: !more(at) }), most: 17 },
    'the number of the last page': {
      body: (data, at) => ({
        data,
        pagination: { current_page: at.page, last: 9, total: at.total, per_page: at.limit },
      }),
      most: 17,
    },
    'a list of links': {
      body: (items, at) => ({
        items,
        links: [{ rel: 'self', href: '/x' }, ...(more(at) ? [{ rel: 'next', href: '/x?page=2' }] : [])],
      }),
      most: 17,
    },
    'the address of the next page, or null': {
      body: (results, at) => ({
        ...{ count: at.total, previous: null, results },
        next: more(at) ? `https://h.test/x?page=${at.page + 1}` : null,
      }),
      most: 17,
    },
    'nothing, a bare list': { body: (rows) => rows },
    'nothing, and pages that are smaller than asked for': { body: (rows) => rows, most: 20 },
  };

  async function readAll(
    form: Form,
    all: Item[],
    { limit, failAt = Number.POSITIVE_INFINITY, overlap = 0 }: { limit: number; failAt?: number; overlap?: number },
  ) {
    const decode = decodeList((wire) => wire as Item, 'rows', ANY_LIST_FIELDS);
    let calls = 0;
    const found: Page<Item>[] = [];
    const fetch = async ({ limit: asked = 100, page = 1, cursor }: Slice) => {
      calls++;
      if (calls === failAt) throw new Error('broken');
      assert.ok(calls < 20_000, 'asks for ever');
      const size = Math.min(asked, form.most ?? asked);
      const offset = cursor === undefined ? (page - 1) * size : Number(cursor);
      const at = { page, limit: size, offset, total: all.length };
      const head = { headers: form.headers?.(at) ?? {} };
      return decode(form.body(all.slice(Math.max(0, offset - overlap), offset + size), at), head);
    };
    let error: unknown;
    try {
      for await (const page of pages(fetch, limit)) found.push(page);
    } catch (thrown) {
      error = thrown;
    }
    return {
      ids: found.flatMap((page) => page.items.map(({ id }) => id)),
      truncated: found.at(-1)?.truncated,
      error,
      calls,
    };
  }

  for (const [name, form] of Object.entries(forms)) {
    it(`loses nothing and doubles nothing with ${name}, from 0 to 10,001 rows`, async () => {
      for (const count of [0, 1, 19, 20, 21, 99, 100, 101, 200, 999, 1000, 10_000, 10_001]) {
        const all = numbered(count);
        const { ids, truncated, error } = await readAll(form, all, { limit: 100 });
        assert.deepEqual([ids.length, new Set(ids).size, error], [count, count, undefined], `${count} rows`);
        assert.notEqual(truncated, count === 0 ? 'x' : true, `${count} rows are all`);
      }
      await fc.assert(
        fc.asyncProperty(
          fc.nat({ max: 150 }),
          fc.integer({ min: 2, max: 40 }),
          fc.integer({ min: 1, max: 6 }),
          async (count, limit, failAt) => {
            const all = numbered(count);
            // A server with small pages of its own is taken at its word only where they are round.
            if (form.most !== undefined && limit < form.most) return;
            const whole = await readAll(form, all, { limit });
            assert.deepEqual(
              whole.ids,
              all.map(({ id }) => id),
            );
            const broken = await readAll(form, all, { limit, failAt });
            const size = Math.min(limit, form.most ?? limit);
            const before = all.slice(0, (failAt - 1) * size).map(({ id }) => id);
            if (broken.error === undefined) assert.deepEqual(broken.ids, whole.ids);
            else assert.deepEqual(broken.ids, before, 'what came before the failure has been handed over');
          },
        ),
        { numRuns: 60 },
      );
    });
  }

  for (const [what, body, headers] of [
    ['an address of null', { next: null, previous: null }],
    ['a cursor of null', { next_cursor: null }],
    ['an empty cursor', { nextCursor: '' }],
    ['a cursor that is false', { nextCursor: false }],
    ['a cursor of 0', { next_cursor: 0 }],
    ['a page number of 0', { pagination: { next_page: 0 } }],
    ['links without a next one', { links: [{ rel: 'first', href: '/x' }] }],
    ['a Link header without a next one', {}, { link: '</x?page=1>; rel="first", </x?page=1>; rel="prev"' }],
  ] as [string, object, Record<string, string>?][]) {
    it(`asks no further after a full page with ${what}`, async () => {
      const form: Form = { body: (data) => ({ data, ...body }), headers: () => headers ?? {} };
      const { ids, calls, truncated } = await readAll(form, numbered(100), { limit: 100 });
      assert.deepEqual([ids.length, calls, truncated], [100, 1, undefined]);
    });
  }

  it('leaves out a row that comes again because the list has moved', async () => {
    const all = numbered(350);
    const { ids } = await readAll(forms['a flag'] as Form, all, { limit: 100, overlap: 1 });
    assert.deepEqual(
      ids,
      all.map(({ id }) => id),
    );
  });

  it('ends though a server always states another page, and says that it did', async () => {
    const same = numbered(30);
    for (const [what, fetch] of Object.entries({
      'the same rows': async () => ({ items: same, hasNext: true }),
      'two pages in turn': async ({ page = 1 }: Slice) => ({
        items: same.slice((page % 2) * 10, (page % 2) * 10 + 10),
        hasNext: true,
      }),
      'rows without ids': async () => ({ items: [{ a: 1 }, { a: 2 }], hasNext: true }),
      'ids alone': async () => ({ items: ['a', 'b'], hasNext: true }),
    } as Record<string, (slice: Slice) => Promise<Page<unknown>>>)) {
      const found: Page<unknown>[] = [];
      for await (const page of pages(fetch, 10)) found.push(page);
      assert.equal(found.at(-1)?.truncated, true, what);
      assert.ok(found.length <= 3, what);
    }
  });

  const made = (count: number, from: number) => Array.from({ length: count }, (_, at) => ({ id: `i${from + at}` }));
  for (const [what, most, answer] of [
    ['one item of a hundred with each page', 1000, (call: number) => ({ items: made(1, call) })],
    ['whole pages', 10_001, (call: number) => ({ items: made(100, call * 100) })],
    ['cursors in a circle', 4, (call: number) => ({ items: made(100, call * 100), nextCursor: `c${call % 3}` })],
    ['more than there are', 4, (call: number) => ({ items: made(100, call * 100), total: 300 })],
  ] as const) {
    it(`ends where a server makes up new items as long as it is asked: ${what}`, async () => {
      let calls = 0;
      const ends: (boolean | undefined)[] = [];
      for await (const page of pages(async () => ({ hasNext: true, ...answer(calls++) }), 100))
        ends.push(page.truncated);
      assert.equal(calls, most);
      assert.equal(ends.at(-1), true);
    }).timeout(30_000);
  }

  it('goes on where the total is that of each page', async () => {
    let calls = 0;
    const fetch = async () => ({ items: made(10, calls * 10), total: 10, hasNext: calls++ < 9 });
    let count = 0;
    for await (const { items, truncated } of pages(fetch, 10)) {
      assert.equal(truncated, undefined);
      count += items.length;
    }
    assert.equal(count, 100);
  });

  it('reads ids alone, page by page', async () => {
    const all = Array.from({ length: 25 }, (_, index) => `i${index}`);
    const found: unknown[] = [];
    const fetch = async ({ limit = 10, page = 1 }: Slice) => ({
      items: all.slice((page - 1) * limit, page * limit),
      hasNext: page * limit < all.length,
    });
    for await (const page of pages(fetch, 10)) found.push(...page.items);
    assert.deepEqual(found, all);
  });
});
