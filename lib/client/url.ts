import type { Call } from '../contract';
import { invalid } from '../errors';

/** What stands around an address in a mail, a file of settings or a sentence. */
const AROUND_URL = /^[<"'`]+|[>"'`,;]+$/g;

/**
 * @param url as a person types it
 * @returns the base URL without trailing slashes; a path prefix is kept
 * @throws LinktorError `validation` for anything but http(s) without credentials, query and fragment
 */
export function parseBaseUrl(url: string): string {
  const trimmed = url.trim().replace(AROUND_URL, '').replace(/\/+$/, '');
  let parsed: URL;
  try {
    parsed = new URL(trimmed);
  } catch {
    throw invalid('The Server URL is not a URL.', 'Give it as https://host or https://host/prefix.');
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw invalid('The Server URL must start with http:// or https://.');
  }
  if (parsed.username || parsed.password || /[?#]/.test(trimmed)) {
    throw invalid('The Server URL must not hold a user, a password, a query or a fragment.');
  }
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '').replace(/\/api\/v1$/i, '/api/v1');
}

/**
 * Join a URL without URL resolution, which would drop a path prefix; an id must never change the path around it.
 * @param path segments, not yet encoded
 * @param query undefined and null are omitted, a list repeats its key
 * @throws LinktorError `validation` for an empty segment, `.`, `..`, or a lone surrogate
 */
export function joinUrl(base: string, path: readonly string[], query: Record<string, unknown> = {}): string {
  let url = base;
  for (const segment of path) {
    if (segment === '' || segment === '.' || segment === '..') {
      throw invalid(`"${segment}" is not an id.`, 'Give the id of an existing entity.');
    }
    url += `/${encode(segment)}`;
  }
  let separator = '?';
  for (const key of Object.keys(query)) {
    const value = query[key];
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      url += `${separator}${encode(key)}=${encode(queryText(key, one))}`;
      separator = '&';
    }
  }
  return url;
}

/** @throws LinktorError `validation` when a query or a form cannot contain the value */
export function queryText(key: string, value: unknown): string {
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (['string', 'boolean', 'bigint'].includes(typeof value) || Number.isFinite(value)) return String(value);
  throw invalid(
    `The parameter "${key}" is ${value === null ? 'null' : typeof value === 'object' ? 'an object' : String(value)}, not a text.`,
    'Give a text, a number, true or false, a date, or a list of them; an object as JSON text.',
  );
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw invalid('An id or a search text holds half a character.', 'Give it as valid Unicode text.');
  }
}

/**
 * Parse a typed path, with or without a query. A path to another place is refused, not repaired.
 * @param query takes precedence over the path's own query
 * @throws LinktorError `validation` for another host, a fragment, or an invalid % encoding
 */
export function parsePath(path: string, query: Record<string, unknown> = {}): Pick<Call<unknown>, 'path' | 'query'> {
  if (/^[a-z][a-z0-9+.-]*:|^\/\/|\\|#/i.test(path.trim())) {
    throw invalid('The path must be relative to the Server URL.', 'Give it as /conversations or the like.');
  }
  const [place = '', ...more] = path.trim().split('?');
  const asked = new URLSearchParams(more.join('?'));
  const parts = place.replace(/^\/|\/$/g, '').split('/');
  if (parts.length > 1 && parts.includes('')) {
    throw invalid('A part of the path is empty.', 'Perhaps an id is missing between two slashes.');
  }
  const segments = parts.filter((segment) => segment !== '');
  try {
    return {
      path: segments.map(decodeURIComponent),
      query: { ...Object.fromEntries([...asked.keys()].map((key) => [key, asked.getAll(key)])), ...query },
    };
  } catch {
    throw invalid('The path holds a % that stands for nothing.', 'Write a % as %25.');
  }
}
