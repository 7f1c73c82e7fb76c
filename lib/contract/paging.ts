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
    return pageOf(rows.map(item), around, nextLink(head?.headers.link));
  };
}

function rowsIn(around: Json, fields: readonly string[]): unknown[] | undefined {
  const name = fields.find((field) => Array.isArray(around[field]));
  return name === undefined ? undefined : (around[name] as unknown[]);
}

function pageOf<T>(items: T[], around: Json, link: string | undefined): Page<T> {
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
  const total = number(find('total', 'totalItems', 'total_items', 'totalCount', 'total_count', 'totalElements'));
  const pageSize = number(find('limit', 'perPage', 'per_page', 'pageSize', 'page_size', 'size'));
  const offset = number(find('offset', 'skip', 'from'));
  const stated = number(first(paging, ['page', 'currentPage', 'current_page', 'pageNumber', 'page_number']));
  const current = stated ?? (offset !== undefined && pageSize ? Math.floor(offset / pageSize) + 1 : undefined);
  const counted = total !== undefined && pageSize ? Math.ceil(total / pageSize) : undefined;
  const pages =
    number(find('totalPages', 'total_pages', 'pages', 'pageCount', 'page_count', 'lastPage', 'last_page')) ?? counted;
  const address =
    link ??
    linkIn(
      object(around.links) ?? object(paging.links) ?? object(around._links),
      find('next', 'next_page', 'nextPage', 'next_url'),
    );
  const cursor = find(
    'nextCursor',
    'next_cursor',
    'nextPageToken',
    'next_page_token',
    'endCursor',
    'after',
    'cursor_next',
  );
  const nextCursor = string(cursor) ?? cursorIn(address);
  const flag = find('hasMore', 'has_more', 'hasNext', 'has_next', 'hasNextPage', 'has_next_page', 'more');
  const byPages = current !== undefined && pages !== undefined ? current < pages : undefined;
  const isStatedEnd = cursor === null || (hasLinks(around, paging) && address === undefined);
  const hasNext =
    typeof flag === 'boolean' ? flag : nextCursor !== undefined || address !== undefined || (byPages ?? false);
  const result: Page<T> = { items, hasNext };
  if (typeof flag !== 'boolean' && byPages === undefined && !hasNext && !isStatedEnd) result.endUnsaid = true;
  put(result, 'total', total);
  put(result, 'page', current);
  put(result, 'pageSize', pageSize);
  put(result, 'nextCursor', nextCursor);
  return result;
}

function first(from: Json, names: readonly string[]): unknown {
  return names.map((name) => from[name]).find((one) => one !== undefined);
}

function hasLinks(around: Json, paging: Json): boolean {
  return [around.links, paging.links, around._links].some(isObject);
}

/** `{next: "https://..."}`, `{next: {href}}`, or a `next` that is an address or a cursor itself */
function linkIn(links: Json | undefined, next: unknown): string | undefined {
  const given = links?.next ?? next;
  const text = string(isObject(given) ? (given.href ?? given.url) : given);
  return text === undefined || text === '0' ? undefined : text;
}

/** The next page in a `Link` header (RFC 8288). */
function nextLink(header: string | undefined): string | undefined {
  for (const part of (header ?? '').split(/,\s*(?=<)/)) {
    const [, address, parameters = ''] = /^<([^>]*)>(.*)$/s.exec(part.trim()) ?? [];
    if (address !== undefined && /;\s*rel="?(?:[^"]*\s)?next(?:\s[^"]*)?"?(?:;|$)/i.test(parameters)) return address;
  }
  return undefined;
}

const CURSOR_PARAMETERS = ['cursor', 'nextCursor', 'next_cursor', 'after', 'page_token', 'pageToken', 'starting_after'];

/** @returns the cursor in a URL; undefined for a page number, since the client counts pages itself */
function cursorIn(address: string | undefined): string | undefined {
  if (address === undefined) return undefined;
  if (!/[/?=]/.test(address)) return /^\d{1,6}$/.test(address) ? undefined : address;
  const query = new URLSearchParams(address.slice(address.indexOf('?') + 1));
  return CURSOR_PARAMETERS.map((name) => query.get(name)).find((one) => one !== null && one !== '') ?? undefined;
}
