import { LinktorError } from '../errors';

export type Json = Record<string, unknown>;

/** True for a plain object; arrays and null are not. */
export function isObject(value: unknown): value is Json {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/**
 * Parse JSON from outside. A `__proto__` key is dropped: harmless here, but Node-RED's message cloning would turn it
 * into the real prototype of the copy.
 * @throws SyntaxError when it is not JSON
 */
export function parseJson(text: string): unknown {
  // A "__proto__" can also be spelled with unicode escapes, hence the second look.
  const suspicious = text.includes('__proto__') || text.includes('\\u');
  return suspicious ? JSON.parse(text, (key, value) => (key === '__proto__' ? undefined : value)) : JSON.parse(text);
}

/** @returns what the text says, or undefined when it is no JSON */
export function tryJson(text: string): unknown {
  try {
    return parseJson(text);
  } catch {
    return undefined;
  }
}

/** @returns the value when it is a non-empty string or a finite number (as text), else undefined */
export function string(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  return typeof value === 'number' && Number.isFinite(value) ? String(value) : undefined;
}

/** @returns the value when it is a finite number or a text that is one, else undefined */
export function number(value: unknown): number | undefined {
  const figure = typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  return typeof figure === 'number' && Number.isFinite(figure) ? figure : undefined;
}

/** @returns the value when it is an object, else undefined */
export function object(value: unknown): Json | undefined {
  return isObject(value) ? value : undefined;
}

/** @returns the value when it is an array, else an empty one */
export function array(value: unknown): unknown[] {
  return Array.isArray(value) ? value : [];
}

/** Set a key only when there is a value, so that what is unknown is absent on the wire and in messages. */
export function put<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}

/** @returns the error for an answer of the right status and the wrong shape */
export function misfit(what: string): LinktorError {
  return new LinktorError('serialization', `The server's answer is not ${what}.`);
}
