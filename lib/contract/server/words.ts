import { invalid, unsupported } from '../../errors';
import type { Changes } from '../index';
import { isObject, type Json } from '../json';

/** Maps hold texts only (contract 6.1.20): a nested value is written as JSON. @throws LinktorError `validation` */
export function toTextMap(given: unknown, name: string): Record<string, string> {
  if (!isObject(given)) throw invalid(`"${name}" must be an object.`, 'Give it as {"key": "value"}.');
  const kept = Object.entries(given).filter(([, value]) => value !== undefined && value !== null);
  return Object.fromEntries(kept.map(([key, value]) => [key, textOf(value)]));
}

/** @returns a value for a field that takes texts only: objects and lists as JSON */
export function textOf(value: unknown): string {
  return typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value);
}

/** Our field names and the server's; a function converts the value as well. */
export type Fields = Readonly<Record<string, string | ((value: unknown) => Json)>>;

/** Fields of every entity that only the server sets. */
const SERVER_OWNED_FIELDS = new Set(['id', 'tenantId', 'createdAt', 'updatedAt']);

/**
 * Convert our fields to the server's names. A field that the server lacks is refused: it would be lost silently.
 * @param hint the alternative for the user
 * @throws LinktorError `not_supported` naming the field
 */
export function toServerFields(changes: Changes, fields: Fields, what: string, hint: string): Json {
  const result: Json = {};
  for (const [key, value] of Object.entries(changes)) {
    if (value === undefined || SERVER_OWNED_FIELDS.has(key)) continue;
    const field = Object.hasOwn(fields, key) ? fields[key] : undefined;
    if (field === undefined) throw unsupported(`keep "${key}" of ${what}`, hint);
    if (typeof field === 'string') result[field] = value;
    else Object.assign(result, field(value));
  }
  return result;
}
