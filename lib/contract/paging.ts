import type { Page } from '../model';
import type { Decode, Headers } from './envelope';
import { isObject, type Json, number, object, put, string, unexpectedShape } from './json';

/** Decodes a page; the headers of the answer may hold the address of the next one. */
export type DecodeList<T> = (body: unknown, head?: { headers: Headers }) => Page<T>;

/** Names of the list field on other servers, for calls in the server's own format. */
export const ANY_LIST_FIELDS: readonly string[] = ['data', 'items', 'results', 'records', 'rows', 'entries', 'content'];

/**
 * A list in any of its shapes: `{data, pagination}`, `{data, meta}`, flat `{data, nextCursor, hasMore}`, each maybe in
 * `{success, data}`, or a bare array; the next page as a flag, a cursor, a link, a number of pages or of items, or as a
 * `Link` header (RFC 8288). Anything else is an error, never an empty list.
 * @param fields names of the field that may contain the list
 */
export function decodeList<T>(item: Decode<T>, what: string, fields: readonly string[] = ['data']): DecodeList<T> {
  return (body, head) => {
    const inner = isObject(body) && body.success === true && isObject(body.data) ? body.data : body;
    const rows = Array.isArray(inner) ? inner : rowsIn(object(inner) ?? {}, fields);
    if (!rows) throw unexpectedShape(`a list of ${what}`);
    const around = object(inner) ?? {};
    return pageOf(rows.map(item), around, headerLinks(head?.headers.link));
  };
}

function rowsIn(around: Json, fields: readonly string[]): unknown[] | undefined {
  const name = fields.find((field) => Array.isArray(around[field]));
  return name === undefined ? undefined : (around[name] as unknown[]);
}

function pageOf<T>(items: T[], around: Json, link: HeaderLinks): Page<T> {
  const meta = object(around.meta);
  const paging =
    object(around.pagination) ??
    object(around.paging) ??
    object(meta?.pagination) ??
    object(meta?.cursor) ??
    object(around.page) ??
    meta ??
    around;
  const find = (...names: string[]) =>
    [paging, around].map((from) => first(from, names)).find((one) => one !== undefined);
  const stated = number(find('total', 'totalItems', 'total_items', 'totalCount', 'total_count', 'totalElements'));
  // 0 or -1 beside rows means that the server has not counted them.
  const total = stated !== undefined && stated >= items.length ? stated : undefined;
  const pageSize = sizeOf(find('limit', 'perPage', 'per_page', 'pageSize', 'page_size', 'size'));
  const offset = number(find('offset', 'skip', 'from'));
  const place = number(first(paging, ['page', 'currentPage', 'current_page', 'pageNumber', 'page_number']));
  const current = place ?? (offset !== undefined && pageSize ? Math.floor(offset / pageSize) + 1 : undefined);
  const counted = total !== undefined && pageSize ? Math.ceil(total / pageSize) : undefined;
  const pages =
    number(find('totalPages', 'total_pages', 'pages', 'pageCount', 'page_count', 'lastPage', 'last_page')) ?? counted;
  const next = find('next', 'next_page', 'nextPage', 'next_url');
  const address = link.next ?? linkIn(linksOf(around.links) ?? linksOf(paging.links) ?? linksOf(around._links), next);
  const cursor = find(
    'nextCursor',
    'next_cursor',
    'nextPageToken',
    'next_page_token',
    'endCursor',
    'after',
    'cursor_next',
  );
  const nextCursor = isEnd(cursor) ? undefined : (string(cursor) ?? cursorIn(address));
  const flag =
    flagOf(find('hasMore', 'has_more', 'hasNext', 'has_next', 'hasNextPage', 'has_next_page', 'more')) ??
    (typeof next === 'boolean' ? next : undefined) ??
    negated(find('last', 'isLast', 'is_last'));
  const byPages = current !== undefined && pages !== undefined ? current < pages : undefined;
  const isStatedEnd =
    isEnd(cursor) || isEnd(next) || ((hasLinks(around, paging) || link.isList) && address === undefined);
  const hasNext = flag ?? (nextCursor !== undefined || address !== undefined || (byPages ?? false));
  const result: Page<T> = { items, hasNext };
  if (flag === undefined && byPages === undefined && !hasNext && !isStatedEnd) result.endUnsaid = true;
  put(result, 'total', total);
  put(result, 'page', current);
  put(result, 'pageSize', pageSize);
  put(result, 'nextCursor', nextCursor);
  return result;
}

/** @returns the stated size of a page, if a page can have it */
function sizeOf(value: unknown): number | undefined {
  const size = number(value);
  return size !== undefined && Number.isInteger(size) && size > 0 ? size : undefined;
}

/** A next page that is none, in the words of several conventions. */
function isEnd(next: unknown): boolean {
  return next === null || next === false || next === '' || next === 0 || next === '0';
}

/** A flag, also written as a number or a text. */
function flagOf(value: unknown): boolean | undefined {
  if (typeof value === 'boolean') return value;
  if (typeof value === 'number') return value > 0;
  if (typeof value !== 'string') return undefined;
  return { true: true, yes: true, '1': true, false: false, no: false, '0': false }[value.toLowerCase()];
}

/** A number would be that of the last page. */
function negated(flag: unknown): boolean | undefined {
  return typeof flag === 'boolean' ? !flag : undefined;
}

function first(from: Json, names: readonly string[]): unknown {
  return names.map((name) => from[name]).find((one) => one !== undefined);
}

function hasLinks(around: Json, paging: Json): boolean {
  return [around.links, paging.links, around._links].some((one) => linksOf(one) !== undefined);
}

/** Links by their relation: an object, or a list of `{rel, href}` */
function linksOf(value: unknown): Json | undefined {
  if (!Array.isArray(value)) return object(value);
  const named = value.filter(isObject).filter(({ rel }) => typeof rel === 'string');
  return named.length === 0 ? undefined : Object.fromEntries(named.map((one) => [one.rel, one]));
}

/** `{next: "https://..."}`, `{next: {href}}`, or a `next` that is an address or a cursor itself */
function linkIn(links: Json | undefined, next: unknown): string | undefined {
  const given = links?.next ?? next;
  const text = string(isObject(given) ? (given.href ?? given.url) : given);
  return text === undefined || text === '0' ? undefined : text;
}

interface HeaderLinks {
  next?: string;
  /** the header names other pages of a list */
  isList: boolean;
}

/** The `Link` header of a page (RFC 8288). */
function headerLinks(header = ''): HeaderLinks {
  const found: HeaderLinks = { isList: false };
  for (const part of header.split(/,\s*(?=<)/)) {
    const [, address, parameters = ''] = /^<([^>]*)>(.*)$/s.exec(part.trim()) ?? [];
    const relations = /;\s*rel=(?:"([^"]*)"|([^\s;]+))/i.exec(parameters);
    const names = (relations?.[1] ?? relations?.[2] ?? '').toLowerCase().split(/\s+/);
    if (address !== undefined && names.includes('next')) found.next ??= address;
    found.isList ||= names.some((name) => ['first', 'prev', 'previous', 'last', 'next'].includes(name));
  }
  return found;
}

const CURSOR_PARAMETERS = ['cursor', 'nextCursor', 'next_cursor', 'after', 'page_token', 'pageToken', 'starting_after'];

/** @returns the cursor in a URL; undefined for a page number, since the client counts pages itself */
function cursorIn(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  if (!/[/?=]/.test(address)) return /^\d{1,6}$/.test(address) ? undefined : address;
  const query = new URLSearchParams(address.slice(address.indexOf('?') + 1));
  return CURSOR_PARAMETERS.map((name) => query.get(name)).find((one) => one !== null && one !== '') ?? undefined;
}
