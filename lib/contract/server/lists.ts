import type { Page } from '../../model';
import { read } from '../calls';
import type { Decode } from '../envelope';
import type { Call, Slice } from '../index';
import { isObject, number, object } from '../json';
import { decodeList } from '../paging';

/** Filters items by a condition that the server does not support (contract 6.1.18). */
export type Keep<T> = (item: T) => boolean;

/** A list that is `null` when empty (contract 6.1.16). */
export function decodeServerList<T>(item: Decode<T>, what: string): Decode<Page<T>> {
  const decode = decodeList(item, what);
  return (body) => decode(isObject(body) && body.data === null ? { ...body, data: [] } : body);
}

/** The query of a page of any list. `page_size=0` would crash some of them. */
export function listQuery({ limit, page, cursor }: Slice): Record<string, unknown> {
  return { page, page_size: limit ? Math.min(limit, MAX_PAGE_SIZE) : undefined, cursor };
}

/** Lists of only the newest entries, without paging (contract 6.1.17), with their sizes. */
const UNPAGED_LISTS: readonly (readonly [path: RegExp, shown: number])[] = [
  [/^conversations$/, 20],
  [/^conversations\/[^/]+\/messages$/, 50],
  [/^users$/, 20],
  [/^channels$/, 100],
];

/** Any list, for calls in the server's own format. A list of only the newest items is `truncated` when full. */
export function decodeAnyList(path: readonly string[], { page = 1 }: Slice): Decode<Page<unknown>> {
  const decode = decodeServerList((item) => item, `items at /${path.join('/')}`);
  const shown = UNPAGED_LISTS.find(([pattern]) => pattern.test(path.join('/')))?.[1];
  return (body) => {
    const found = decode(body);
    if (shown === undefined) return withPlace(found, object(body), page);
    return { items: found.items, page: 1, hasNext: false, ...(found.items.length >= shown && { truncated: true }) };
  };
}

/** A list that the server pages: contacts, bots, flows, knowledge bases, items. `page_size=0` would crash it. */
export function pagedList<T>(
  path: readonly string[],
  item: Decode<T>,
  what: string,
  { limit, page, ...filter }: Slice & Record<string, unknown>,
  keep?: Keep<T>,
): Call<Page<T>> {
  const decode = decodeServerList(item, what);
  const size = limit ? Math.min(limit, MAX_PAGE_SIZE) : undefined;
  return read(
    path,
    (body) => {
      const whole = withPlace(decode(body), object(body), page ?? 1);
      if (!keep) return whole;
      const { total: _total, ...rest } = whole;
      return { ...rest, items: whole.items.filter(keep), fingerprint: fingerprintOf(whole.items) };
    },
    { ...filter, page, page_size: size },
  );
}

const MAX_PAGE_SIZE = 100;

/** Some lists state their number of pages; others do not state whether there is a next page. */
function withPlace<T>(page: Page<T>, body: Record<string, unknown> | undefined, asked: number): Page<T> {
  const pages = number(object(body?.pagination)?.pages);
  if (pages === undefined) return page;
  const { endUnsaid: _unsaid, ...known } = page;
  return { ...known, hasNext: asked < pages };
}

/**
 * A list of always the newest `most` items, without paging (contract 6.1.17); the client divides it into pages. The
 * last page is `truncated` when the server may have more items.
 */
export function newestList<T>(
  path: readonly string[],
  item: Decode<T>,
  what: string,
  most: number,
  { limit, page = 1 }: Slice,
  { query, choose = (items) => ({ items }) }: { query?: Call<unknown>['query']; choose?: Choose<T> } = {},
): Call<Page<T>> {
  const decode = decodeServerList(item, what);
  return read(
    path,
    (body) => {
      const shown = decode(body).items;
      const { items, cut = shown.length >= most } = choose(shown);
      const size = limit || most;
      const rest = items.slice((page - 1) * size);
      const hasNext = rest.length > size;
      const result: Page<T> = { items: rest.slice(0, size), page, pageSize: size, hasNext };
      if (!hasNext && cut) result.truncated = true;
      return result;
    },
    query,
  );
}

/** @returns the requested rows, and whether the server has more, if known */
export type Choose<T> = (items: T[]) => { items: T[]; cut?: boolean | undefined };

function fingerprintOf(items: readonly unknown[]): string {
  const id = (item: unknown) => (item as { id?: unknown } | undefined)?.id;
  return JSON.stringify([items.length, id(items[0]), id(items.at(-1))]);
}

/** Does one of the fields contain the text, ignoring case? */
export function containsText(search: string | undefined, ...fields: unknown[]): boolean {
  if (!search) return true;
  const wanted = search.toLowerCase();
  return fields.some((field) => typeof field === 'string' && field.toLowerCase().includes(wanted));
}

/** @returns true without a filter, or when the value equals it */
export function isWanted(wanted: string | undefined, value: unknown): boolean {
  return wanted === undefined || wanted === '' || wanted === value;
}
