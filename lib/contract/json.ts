import { LinktorError } from '../errors';
import { isObject } from '../model';

export { isObject } from '../model';

export type Json = Record<string, unknown>;

/** Node-RED copies messages recursively, so that thousands of levels would end it. No real answer is so deep. */
const MAX_JSON_DEPTH = 200;

/**
 * Parse JSON from outside. A `__proto__` key is dropped: harmless here, but Node-RED's message cloning would turn it
 * into the real prototype of the copy.
 * @throws SyntaxError when it is not JSON, LinktorError `serialization` when it is nested too deeply to be copied
 */
export function parseJson(text: string): unknown {
  // A "__proto__" can also be spelled with unicode escapes, hence the second look.
  const suspicious = text.includes('__proto__') || text.includes('\\u');
  const value = suspicious
    ? JSON.parse(text, (key, inner) => (key === '__proto__' ? undefined : inner))
    : JSON.parse(text);
  if (couldBeDeep(text) && isDeeper(value, MAX_JSON_DEPTH)) {
    throw new LinktorError('serialization', 'The JSON is nested too deeply.');
  }
  return value;
}

/** A quick test: most texts do not hold enough brackets. */
function couldBeDeep(text: string): boolean {
  let left = MAX_JSON_DEPTH;
  for (const bracket of '[{') {
    for (let at = text.indexOf(bracket); at >= 0; at = text.indexOf(bracket, at + 1)) {
      left--;
      if (left < 0) return true;
    }
  }
  return false;
}

/** @returns true when there are more levels than these in a value */
export function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  return levels === 0 || Object.values(value).some((one) => isDeeper(one, levels - 1));
}

/** @returns the parsed value; undefined when the text is no JSON */
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

/** @returns a file name that is safe to store a file under, if anything is left of the given one */
export function safeFileName(value: unknown): string | undefined {
  const name = string(value)?.split(/[/\\]/).at(-1)?.replaceAll('\0', '').trim();
  return name === '' || name === '.' || name === '..' ? undefined : name;
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

/** Set a key only when there is a value, so that an unknown field is absent on the wire and in messages. */
export function put<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}

/** @returns the error for an answer of the right status and the wrong shape */
export function unexpectedShape(what: string): LinktorError {
  return new LinktorError('serialization', `The server's answer is not ${what}.`);
}
