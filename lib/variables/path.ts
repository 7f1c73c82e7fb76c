import { invalid } from '../errors';
import { isObject } from '../model';

/** Names that would reach into what every object is made of. */
const FORBIDDEN = new Set(['__proto__', 'prototype', 'constructor']);
const MAX_PARTS = 20;
const MAX_KEY_LENGTH = 200;

/**
 * The parts of a key such as `cart.items.0`.
 * @throws LinktorError `validation` for a key that is none
 */
export function partsOf(key: string): readonly [string, ...string[]] {
  const [root = '', ...inner] = key.split('.');
  const parts = [root, ...inner];
  const isUsable = parts.every((part) => part !== '' && !FORBIDDEN.has(part));
  if (isUsable && parts.length <= MAX_PARTS && key.length <= MAX_KEY_LENGTH) return [root, ...inner];
  throw invalid(`"${key.slice(0, 50)}" is not a key.`, 'Give a name such as step, or cart.total to reach inside.');
}

/** @returns what is found there, undefined where nothing is */
export function valueAt(value: unknown, parts: readonly string[]): unknown {
  let found = value;
  for (const part of parts) {
    if (Array.isArray(found)) found = /^\d+$/.test(part) ? found[Number(part)] : undefined;
    else found = isObject(found) && Object.hasOwn(found, part) ? found[part] : undefined;
  }
  return found;
}

/**
 * @param next undefined takes it away
 * @returns a copy in which only that has changed; what is missing on the way is made
 * @throws LinktorError `validation` where the way leads through something that is no object
 */
export function withValueAt(value: unknown, parts: readonly string[], next: unknown): unknown {
  const [part, ...rest] = parts;
  if (part === undefined) return next;
  if (Array.isArray(value)) {
    const index = Number(part);
    if (!/^\d+$/.test(part) || index > value.length) throw noWay(part);
    const copy = [...value];
    if (rest.length === 0 && next === undefined) copy.splice(index, 1);
    else copy[index] = withValueAt(value[index], rest, next);
    return copy;
  }
  if (value !== undefined && value !== null && !isObject(value)) throw noWay(part);
  const held = Object.entries(value ?? {}).filter(([name]) => name !== part);
  const inner = isObject(value) && Object.hasOwn(value, part) ? value[part] : undefined;
  const changed = withValueAt(inner, rest, next);
  return Object.fromEntries(changed === undefined ? held : [...held, [part, changed]]);
}

function noWay(part: string) {
  return invalid(`"${part}" cannot be reached: what is there is no object.`, 'Choose another key, or delete it first.');
}
