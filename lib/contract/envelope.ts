import { type ErrorCause, type ErrorCode, LinktorError } from '../errors';
import type { Page } from '../model';
import { array, isObject, type Json, number, object, put, string, tryJson, unexpectedShape } from './json';

/** Decodes one body. A decoder is named after what it returns. @throws LinktorError `serialization` */
export type Decode<T> = (body: unknown) => T;

/** @returns the content of `{success,data}` or `{data,meta}`, or the body itself when it is bare */
export function unwrap(body: unknown): unknown {
  if (!isObject(body) || !('data' in body)) return body;
  const wrapped = body.success === true || 'meta' in body || Object.keys(body).length === 1;
  return wrapped ? body.data : body;
}

/** An object that must be there; bare, wrapped, or with its fields under `attributes`. */
export function decodeEntity(body: unknown, what: string): Json {
  const inner = unwrap(body);
  if (!isObject(inner)) throw unexpectedShape(what);
  return flattenAttributes(inner);
}

/** `{id, type, attributes}` becomes `{id, ...attributes}`; anything else stays as it is. */
export function flattenAttributes(wire: Json): Json {
  return isObject(wire.attributes) ? { ...wire.attributes, id: wire.id } : wire;
}

/** @returns the id of an entity; an entity without one is of no use to anybody */
export function idOf(wire: Json, what: string): string {
  const id = string(wire.id);
  if (id === undefined) throw unexpectedShape(`${what} (it has no id)`);
  return id;
}

/**
 * A list in any of its shapes: `{data, pagination}`, `{data, meta}`, flat `{data, nextCursor, hasMore}`, each maybe in
 * `{success, data}`, or a bare array. Anything else is an error, never an empty list.
 */
export function decodeList<T>(item: Decode<T>, what: string): Decode<Page<T>> {
  return (body) => {
    const inner = isObject(body) && body.success === true && isObject(body.data) ? body.data : body;
    const rows = Array.isArray(inner) ? inner : object(inner)?.data;
    if (!Array.isArray(rows)) throw unexpectedShape(`a list of ${what}`);
    const around = object(inner) ?? {};
    const meta = object(around.meta);
    const paging = object(around.pagination) ?? object(meta?.pagination) ?? object(meta?.cursor) ?? meta ?? around;
    return page(rows.map(item), paging);
  };
}

function page<T>(items: T[], paging: Json): Page<T> {
  const total = number(paging.total ?? paging.totalItems ?? paging.total_items ?? paging.totalCount);
  const pageSize = number(paging.limit ?? paging.perPage ?? paging.pageSize ?? paging.page_size);
  const offset = number(paging.offset);
  const current =
    number(paging.page) ?? (offset !== undefined && pageSize ? Math.floor(offset / pageSize) + 1 : undefined);
  const counted = total !== undefined && pageSize ? Math.ceil(total / pageSize) : undefined;
  const pages = number(paging.totalPages ?? paging.pages) ?? counted;
  const nextCursor = string(paging.nextCursor ?? paging.next);
  const said = paging.hasMore ?? paging.has_next ?? paging.hasNext;
  const hasNext =
    typeof said === 'boolean'
      ? said
      : nextCursor !== undefined || (current !== undefined && pages !== undefined && current < pages);
  const result: Page<T> = { items, hasNext };
  put(result, 'total', total);
  put(result, 'page', current);
  put(result, 'pageSize', pageSize);
  put(result, 'nextCursor', nextCursor);
  return result;
}

const byStatus: Record<number, ErrorCode> = {
  400: 'validation',
  401: 'authentication',
  402: 'authorization',
  403: 'authorization',
  404: 'not_found',
  408: 'timeout',
  409: 'conflict',
  410: 'not_found',
  413: 'validation',
  415: 'validation',
  422: 'validation',
  429: 'rate_limit',
  501: 'not_supported',
};

/** @returns the code for an HTTP status that is not 2xx */
export function codeOf(status: number): ErrorCode {
  return byStatus[status] ?? (status >= 500 ? 'server' : 'unexpected');
}

/** Header names in lower case. */
export type Headers = Readonly<Record<string, string | undefined>>;

/**
 * Understand an error answer in any shape: flat `{code, message, details}`, nested `{error: {code, message}}`,
 * `{error: "text"}`, plain text, or nothing at all.
 * @param now milliseconds, for a Retry-After that is a date
 */
export function toServerError(status: number, headers: Headers, text: string, now: number): LinktorError {
  const body = object(tryJson(text)) ?? {};
  const inner = object(body.error) ?? body;
  const plan: Partial<ErrorCause> = {
    status,
    serverCode: string(inner.code) ?? string(body.code),
    requestId: string(headers['x-request-id']) ?? string(object(body.meta)?.requestId),
    retryAfter: readRetryAfter(headers, [inner.retryAfter, inner.retry_after, body.retryAfter, body.retry_after], now),
    details: inner.details ?? undefined,
  };
  const said = string(inner.message) ?? string(body.error) ?? string(body.message) ?? plainText(headers, text);
  if (status >= 300 && status < 400) {
    plan.hint =
      'Redirects are not followed, since they would carry the key away: set the Server URL to the final address.';
  }
  const code = codeOf(status);
  return new LinktorError(code, said ?? `The server answered ${status}.`, plan);
}

/** A short plain text is worth showing, a page of HTML is not. */
function plainText(headers: Headers, text: string): string | undefined {
  const html = headers['content-type']?.includes('html') === true || text.trimStart().startsWith('<');
  const line = text.trim();
  return html || line === '' || line.length > 300 || /^[[{]/.test(line) ? undefined : line;
}

/** Seconds to wait: the header in seconds or as a date, else the first number in the body. */
export function readRetryAfter(headers: Headers, fromBody: unknown[], now: number): number | undefined {
  const header = headers['retry-after']?.trim();
  if (header !== undefined && header !== '') {
    if (/^-?\d{1,15}(\.\d+)?$/.test(header)) return Math.max(0, Number(header));
    // Date.parse takes almost anything that holds a number; a date has a clock time in it.
    // One of its three forms names no zone and means GMT, not ours.
    const zoned = /(?:GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(header) ? header : `${header} GMT`;
    const date = /\d:\d\d/.test(header) ? Date.parse(zoned) : Number.NaN;
    if (Number.isFinite(date)) return Math.max(0, Math.ceil((date - now) / 1000));
  }
  for (const value of array(fromBody)) {
    const seconds = number(value);
    if (seconds !== undefined) return Math.max(0, seconds);
  }
  return undefined;
}
