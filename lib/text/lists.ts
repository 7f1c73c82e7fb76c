import { invalid } from '../errors';
import { describe } from './describe';
import { cleanId, trimPasted } from './normalise';

/** Commas, semicolons, tabs and lines, also the small, full-width and half-width ones of Chinese, Japanese and Arabic. */
const SEPARATORS = /[,;\t\r\n\u0085\u2028\u2029\u060c\u061b\u3001\ufe50\ufe51\ufe54\uff0c\uff1b\uff64]/;

/**
 * Parse a list: one text with commas, semicolons, tabs or lines between the entries, a JSON array with or without its
 * brackets, or an array of such texts and of numbers. Entries are trimmed; quotes around them, invisible characters,
 * empty entries and duplicates are removed; the order is kept.
 * @param name the field or column with the value
 * @throws LinktorError `validation` that names the given value
 */
export function readList(given: unknown, name: string): string[] {
  const entries = Array.isArray(given) ? given : (jsonArray(given) ?? [given]);
  const texts = entries.flatMap((entry) => {
    if (typeof entry === 'number' && Number.isFinite(entry)) return [digitsOf(entry, name)];
    if (typeof entry === 'bigint') return [String(entry)];
    if (typeof entry === 'string') return withoutBrackets(entry).split(SEPARATORS);
    throw invalid(
      `"${name}" must be a list of texts, not ${describe(entry)}.`,
      `Give "${name}" as texts between commas, or as an array of texts.`,
    );
  });
  const distinct = new Set(texts.filter((text) => text !== ''));
  return [...new Set([...distinct].map(entryIn).filter((text) => text !== ''))];
}

/**
 * @returns a number that is an id, as text
 * @throws LinktorError `validation` for one beyond 2^53, which has been rounded and may name something else
 */
export function digitsOf(given: number, name: string): string {
  if (!Number.isInteger(given) || Number.isSafeInteger(given)) return String(given);
  throw invalid(
    `"${name}" holds a number of ${String(given).length} digits, which a program cannot hold exactly.`,
    `Give "${name}" as a text.`,
  );
}

/** A list as YAML and Python write it. An entry alone in brackets may be what it is. */
function withoutBrackets(text: string): string {
  const list = trimPasted(text);
  if (!list.startsWith('[') || !list.endsWith(']')) return text;
  const inner = list.slice(1, -1);
  return /[[\]]/.test(inner) || !/[,']|^\s*-?\d+\s*$/.test(inner) ? text : inner;
}

/** Quotes of code and of "smart punctuation" */
const QUOTED =
  /^(?:'([^']*)'|"([^"]*)"|[\u2018\u201a]([^\u2018-\u201b]*)[\u2018\u2019]|[\u201c-\u201e]([^\u201c-\u201f]*)[\u201c\u201d]|\u00ab([^\u00ab\u00bb]*)\u00bb)$/;

function entryIn(text: string): string {
  const entry = cleanId(text);
  const quoted = QUOTED.exec(entry);
  return quoted ? cleanId(quoted.slice(1).find((inner) => inner !== undefined) ?? '') : entry;
}

/** An array may be pasted into a text field. */
function jsonArray(given: unknown): unknown[] | undefined {
  if (typeof given !== 'string') return undefined;
  const text = trimPasted(given);
  const isQuoted = text.startsWith('"') && text.endsWith('"');
  if (!isQuoted && !(text.startsWith('[') && text.endsWith(']'))) return undefined;
  try {
    const list = JSON.parse(isQuoted ? `[${text}]` : text) as unknown[];
    // The digits of the text are still exact.
    return list.some((one) => Number.isInteger(one) && !Number.isSafeInteger(one)) ? undefined : list;
  } catch {
    return undefined;
  }
}
