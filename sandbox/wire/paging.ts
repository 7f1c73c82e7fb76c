import { invalid } from './problem';
import { type Answer, ok } from './router';

const MAX_PAGE_SIZE = 100;

/** How the lists of one resource are filtered, searched, ordered and shown. */
export interface Listing<T extends { id: string }> {
  /** Query parameter -> does the item fit this value? Several values of one parameter mean any of them. */
  filters?: Record<string, (item: T, wanted: string) => boolean>;
  /** Returns the texts searched by `search`. */
  search?: (item: T) => (string | undefined)[];
  /** Values of `sortBy`; the first one is the default. */
  sort?: Record<string, (item: T) => string | number>;
  /** Default of `sortOrder`. */
  order?: 'asc' | 'desc';
  /** Default page size. */
  limit?: number;
  view: (item: T) => unknown;
}

/**
 * Answers one page as `{data, pagination}`. A cursor wins over `page`, and `page` over `offset`.
 *
 * @throws a 400 Problem for an invalid paging or sorting parameter
 */
export function list<T extends { id: string }>(items: T[], query: URLSearchParams, listing: Listing<T>): Answer {
  return ok(page(applySort(applyFilters(items, query, listing), query, listing), query, listing.view, listing.limit));
}

/** The values of a parameter written as `k=a&k=b`, `k[]=a&k[]=b` or `k=a,b`. */
export function values(query: URLSearchParams, key: string): string[] {
  return [...query.getAll(key), ...query.getAll(`${key}[]`)]
    .flatMap((value) => value.split(','))
    .map((value) => value.trim())
    .filter((value) => value !== '');
}

export function includesText(texts: (string | undefined)[], wanted: string): boolean {
  const needle = wanted.toLowerCase();
  return texts.some((text) => text?.toLowerCase().includes(needle));
}

function applyFilters<T extends { id: string }>(items: T[], query: URLSearchParams, listing: Listing<T>): T[] {
  const tests: ((item: T) => boolean)[] = [];
  for (const [key, fits] of Object.entries(listing.filters ?? {})) {
    const wanted = values(query, key);
    if (wanted.length > 0) tests.push((item) => wanted.some((value) => fits(item, value)));
  }
  const search = query.get('search')?.trim();
  const { search: texts } = listing;
  if (search && texts) tests.push((item) => includesText(texts(item), search));
  return tests.length === 0 ? items : items.filter((item) => tests.every((test) => test(item)));
}

function applySort<T extends { id: string }>(items: T[], query: URLSearchParams, listing: Listing<T>): T[] {
  const sort = listing.sort ?? {};
  const [first] = Object.keys(sort);
  const by = query.get('sortBy') ?? first;
  const order = query.get('sortOrder') ?? listing.order ?? 'asc';
  if (order !== 'asc' && order !== 'desc') throw invalid('sortOrder', 'must be asc or desc');
  if (by === undefined) return items;
  const key = sort[by];
  if (!key) throw invalid('sortBy', `must be one of ${Object.keys(sort).join(', ')}`);
  const sign = order === 'asc' ? 1 : -1;
  const keyed = items.map((item, index) => ({ item, index, key: key(item) }));
  // Records of the same instant keep their insertion order, reversed for `desc`.
  keyed.sort((a, b) => sign * (a.key < b.key ? -1 : a.key > b.key ? 1 : a.index - b.index));
  return keyed.map(({ item }) => item);
}

/** Cuts one page out of `items`, which are in their final order. */
export function page<T extends { id: string }>(
  items: T[],
  query: URLSearchParams,
  view: (item: T) => unknown,
  usual = 20,
): { data: unknown[]; pagination: Record<string, unknown> } {
  const limit = Math.min(MAX_PAGE_SIZE, readWholeNumber(query, 'limit', 1) ?? usual);
  const start = readStart(items, query, limit);
  const part = items.slice(start, start + limit);
  const end = start + part.length;
  const hasMore = end < items.length;
  const last = part.at(-1);
  return {
    data: part.map(view),
    pagination: {
      total: items.length,
      limit,
      offset: start,
      page: Math.floor(start / limit) + 1,
      totalPages: Math.ceil(items.length / limit),
      hasMore,
      ...(hasMore && last && { nextCursor: encodeCursor(end, last.id) }),
      ...(start > 0 && { prevCursor: encodeCursor(Math.max(0, start - limit)) }),
    },
  };
}

function readStart<T extends { id: string }>(items: T[], query: URLSearchParams, limit: number): number {
  const given = query.get('cursor');
  if (given) {
    const [offset, id] = decodeCursor(given);
    const at = id ? items.findIndex((item) => item.id === id) : -1;
    return at >= 0 ? at + 1 : offset;
  }
  const number = readWholeNumber(query, 'page', 1);
  return number === undefined ? (readWholeNumber(query, 'offset', 0) ?? 0) : (number - 1) * limit;
}

function readWholeNumber(query: URLSearchParams, key: string, min: number): number | undefined {
  const text = query.get(key);
  if (text === null || text === '') return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < min) throw invalid(key, `must be a whole number of at least ${min}`);
  return value;
}

/** Encodes the last item, so that new items do not shift the next page; the offset applies if the item is deleted. */
function encodeCursor(offset: number, id = ''): string {
  return Buffer.from(`${offset}:${id}`).toString('base64url');
}

function decodeCursor(text: string): [offset: number, id: string] {
  const parts = /^(\d+):(.*)$/.exec(Buffer.from(text, 'base64url').toString());
  if (!parts) throw invalid('cursor', 'is not one of ours');
  return [Number(parts[1]), parts[2] ?? ''];
}
