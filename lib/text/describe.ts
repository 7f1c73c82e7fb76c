import { isBlank } from './normalise';

/** maximum number of named keys of an object */
const MAX_NAMED_KEYS = 5;

/** @returns a short description of a value for errors: "an array of 3", "an object {a, b}" */
export function describe(value: unknown): string {
  if (value === undefined) return 'nothing';
  if (value === null) return 'null';
  if (typeof value === 'string') return isBlank(value) ? 'an empty text' : 'a text';
  if (typeof value === 'number') return Number.isFinite(value) ? `the number ${value}` : String(value);
  if (typeof value === 'bigint') return `the number ${value}`;
  if (typeof value === 'boolean') return String(value);
  if (typeof value === 'function') return 'a function';
  if (typeof value === 'symbol') return 'a symbol';
  if (Buffer.isBuffer(value) || ArrayBuffer.isView(value)) return `a buffer of ${value.byteLength} bytes`;
  if (Array.isArray(value)) return value.length === 0 ? 'an empty array' : `an array of ${value.length}`;
  if (value instanceof Date) return Number.isNaN(value.getTime()) ? 'an invalid date' : 'a date';
  // A function node makes its objects in a realm of its own, where they are instances of other classes.
  const kind = Object.prototype.toString.call(value).slice(8, -1);
  if (kind === 'Error') return 'an error';
  if (kind === 'Blob' || kind === 'File' || kind === 'ReadableStream' || isStream(value))
    return `a ${kind === 'Object' ? 'stream' : kind}, which has to be read into a buffer first`;
  if (kind === 'Map' || kind === 'Set') return `a ${kind} of ${(value as Set<unknown>).size}`;
  return `an object {${keysOf(value)}}`;
}

function isStream(value: object): boolean {
  return typeof (value as { pipe?: unknown }).pipe === 'function';
}

function keysOf(value: object): string {
  const keys = Object.keys(value);
  const named = keys.slice(0, MAX_NAMED_KEYS).map((key) => key.slice(0, 40));
  return keys.length > MAX_NAMED_KEYS ? `${named.join(', ')}, ...` : named.join(', ');
}
