import { isObject, type Json } from './json';

/** `assigned_user_id` becomes `assignedUserId`. */
export function toCamelCase(key: string): string {
  return key.replace(/_([a-z0-9])/g, (_whole, letter: string) => letter.toUpperCase());
}

/** @returns an entity with our field names; nested objects stay as they are */
export function camelKeys(wire: Json): Json {
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [toCamelCase(key), value]));
}

/** Like {@link camelKeys}, but recursive: for answers without maps of the user's own keys. */
export function camelKeysDeep(wire: unknown): unknown {
  if (Array.isArray(wire)) return wire.map(camelKeysDeep);
  if (!isObject(wire)) return wire;
  return Object.fromEntries(Object.entries(wire).map(([key, value]) => [toCamelCase(key), camelKeysDeep(value)]));
}
