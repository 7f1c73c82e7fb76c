import { LinktorError } from '../errors';
import { isObject } from '../model';

export { isObject } from '../model';

export type Json = Record<string, unknown>;

/** Node-RED copies messages recursively, so thousands of levels would crash it. No real answer is so deep. */
const MAX_JSON_DEPTH = 200;

/**
 * Parse JSON from outside. Integers beyond 2^53, which are ids, become texts with all their digits. A `__proto__` key
 * is dropped: harmless here, but Node-RED's message cloning would turn it into the real prototype of the copy.
 * @throws SyntaxError when it is not JSON, LinktorError `serialization` when it is nested too deeply to be copied
 */
export function parseJson(text: string): unknown {
  // Before it is parsed, which takes half a second for a million levels.
  if (couldBeDeep(text) && isDeepJson(text)) throw new LinktorError('serialization', 'The JSON is nested too deeply.');
  const exact = hasLongInteger(text) ? quoteLongIntegers(text) : text;
  const value: unknown = JSON.parse(exact);
  // "__proto__" can also be written with unicode escapes, hence the second check.
  const suspicious = exact.includes('__proto__') || exact.includes('\\u');
  // This way of parsing is recursive, so it comes after the check of the depth.
  return suspicious ? JSON.parse(exact, (key, inner) => (key === '__proto__' ? undefined : inner)) : value;
}

/** Integers of fewer digits are exact. */
const LONG_DIGITS = 16;

/** A quick test for every frame: a row of that many digits covers a place that is a multiple of it. */
function hasLongInteger(text: string): boolean {
  for (let at = LONG_DIGITS - 1; at < text.length; at += LONG_DIGITS) {
    if (!isDigit(text, at)) continue;
    let [from, to] = [at, at + 1];
    while (isDigit(text, from - 1)) from--;
    while (isDigit(text, to)) to++;
    if (to - from >= LONG_DIGITS) return true;
  }
  return false;
}

function isDigit(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code >= 48 && code <= 57;
}

/** Puts quotes around integers that a number cannot hold exactly. Digits inside strings are left alone. */
function quoteLongIntegers(text: string): string {
  const digits = /-?\d{16,}/g;
  let result = '';
  let done = 0;
  let scanned = 0;
  let isInString = false;
  for (let found = digits.exec(text); found !== null; found = digits.exec(text)) {
    for (let at = text.indexOf('"', scanned); at >= 0 && at < found.index; at = text.indexOf('"', scanned)) {
      if (!isInString || !isEscaped(text, at)) isInString = !isInString;
      scanned = at + 1;
    }
    const [figure] = found;
    const after = text[digits.lastIndex] ?? '';
    const before = text[found.index - 1] ?? '';
    if (isInString || /[.eE]/.test(after) || /[.eE+]/.test(before) || Number.isSafeInteger(Number(figure))) continue;
    result += `${text.slice(done, found.index)}"${figure}"`;
    done = digits.lastIndex;
  }
  return done === 0 ? text : result + text.slice(done);
}

/** A quote is escaped by an odd number of backslashes before it. */
function isEscaped(text: string, at: number): boolean {
  let first = at;
  while (text.charCodeAt(first - 1) === BACKSLASH) first--;
  return (at - first) % 2 === 1;
}

/** A quick test: most texts do not contain enough brackets. */
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

const [QUOTE, BACKSLASH] = [34, 92];
const [OPEN_LIST, CLOSE_LIST, OPEN_OBJECT, CLOSE_OBJECT] = [91, 93, 123, 125];

/** @returns true when there are too many levels in a text, as far as it is JSON */
function isDeepJson(text: string): boolean {
  let depth = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === QUOTE) at = endOfString(text, at);
    else if (code === OPEN_LIST || code === OPEN_OBJECT) {
      depth++;
      if (depth > MAX_JSON_DEPTH) return true;
    } else if (code === CLOSE_LIST || code === CLOSE_OBJECT) depth--;
  }
  return false;
}

/** @returns the place of the quote that ends the string beginning here; the end of the text without one */
function endOfString(text: string, start: number): number {
  for (let at = text.indexOf('"', start + 1); at >= 0; at = text.indexOf('"', at + 1)) {
    if (!isEscaped(text, at)) return at;
  }
  return text.length;
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

/** @returns every outermost `{...}` and `[...]` of a text, in their order */
export function bracketed(text: string): string[] {
  const found: string[] = [];
  let depth = 0;
  let start = -1;
  let isInString = false;
  for (let at = 0; at < text.length; at++) {
    const character = text[at];
    if (depth > 0 && isInString) {
      if (character === '\\') at++;
      else if (character === '"') isInString = false;
    } else if (depth > 0 && character === '"') isInString = true;
    else if (character === '{' || character === '[') {
      if (depth === 0) start = at;
      depth++;
    } else if (depth > 0 && (character === '}' || character === ']')) {
      depth--;
      if (depth === 0) found.push(text.slice(start, at + 1));
    }
  }
  return found;
}

/**
 * @returns the value when it is a non-empty string or a number (as text), else undefined. An integer beyond 2^53 may
 * have been rounded, so it identifies nothing; {@link parseJson} returns such integers as texts
 */
export function string(value: unknown): string | undefined {
  if (typeof value === 'string') return value === '' ? undefined : value;
  if (typeof value !== 'number' || !Number.isFinite(value)) return undefined;
  return Number.isInteger(value) && !Number.isSafeInteger(value) ? undefined : String(value);
}

/** @returns the value when it is a string, an empty one included, else undefined */
export function plain(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The longest file name that every file system takes, in bytes of UTF-8, with room for a number at its end. */
const MAX_FILE_NAME_BYTES = 200;
/** UTF-16 units of a given name that are looked at. */
const MAX_GIVEN_NAME_LENGTH = 2000;
const EDGE = /[\s.]/;
/** Names that Windows reserves for devices, with any extension. */
const DEVICE_NAME = /^(?:con|prn|aux|nul|conin\$|conout\$|clock\$|(?:com|lpt)[0-9\u00b9\u00b2\u00b3])\s*(?:\.|$)/i;

/**
 * @param value a file name from outside
 * @returns a name that is safe to store a file under on every system, if anything is left of the given one
 */
export function safeFileName(value: unknown): string | undefined {
  const base = string(value)?.split(/[/\\]/).at(-1) ?? '';
  const plain = base
    // Long enough for every name, and short enough for normalising, which takes quadratic time for marks.
    .slice(-MAX_GIVEN_NAME_LENGTH)
    .normalize('NFC')
    // Control and format characters, such as those that reverse the text direction: "gpj.exe" reads "exe.jpg".
    .replace(/[\p{Cc}\p{Cf}\p{Cs}\u2028\u2029]/gu, '')
    .replace(/[<>:"|?*]/g, '_');
  const name = trimEdges(plain);
  if (name === '') return undefined;
  return shorten(DEVICE_NAME.test(name) ? `_${name}` : name);
}

/** Remove blanks and dots at both ends; a regular expression would take quadratic time for a long run of them. */
function trimEdges(name: string): string {
  let [start, end] = [0, name.length];
  while (start < end && EDGE.test(name.charAt(start))) start++;
  while (end > start && EDGE.test(name.charAt(end - 1))) end--;
  return name.slice(start, end);
}

/** Shorten a name, but keep its extension, which states the type of the file. */
function shorten(name: string): string {
  if (Buffer.byteLength(name) <= MAX_FILE_NAME_BYTES) return name;
  const ending = /\.[\w-]{1,16}$/.exec(name)?.[0] ?? '';
  let stem = name.slice(0, name.length - ending.length);
  stem = Buffer.from(stem)
    .subarray(0, MAX_FILE_NAME_BYTES - ending.length)
    .toString('utf8')
    .replace(/\ufffd+$/, '');
  return `${trimEdges(stem)}${ending}`;
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

/** Set a key only to a defined value, so that an unknown field is absent on the wire and in messages. */
export function put<T extends object, K extends keyof T>(target: T, key: K, value: T[K] | undefined): void {
  if (value !== undefined) target[key] = value;
}

/** @returns the error for an answer of the right status and the wrong shape */
export function unexpectedShape(what: string): LinktorError {
  return new LinktorError('serialization', `The server's answer is not ${what}.`);
}
