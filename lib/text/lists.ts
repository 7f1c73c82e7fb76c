import { invalid } from '../errors';
import { describe } from './describe';
import { cleanId } from './normalise';

/** Commas, semicolons and lines, also as Chinese, Japanese and Arabic write them. */
const SEPARATORS = /[,;\r\n\u2028\u2029\u060c\u061b\uff0c\uff1b\u3001]/;

/**
 * Parse a list: one text with commas, semicolons or lines between the entries, a JSON array, or an array of such texts
 * and of numbers. Entries are trimmed; invisible characters, empty entries and duplicates are removed; the order is
 * kept.
 * @param name the field or column with the value
 * @throws LinktorError `validation` that names the given value
 */
export function readList(given: unknown, name: string): string[] {
  const entries = Array.isArray(given) ? given : (jsonArray(given) ?? [given]);
  const texts = entries.flatMap((entry) => {
    if (typeof entry === 'number' && Number.isFinite(entry)) return [String(entry)];
    if (typeof entry === 'bigint') return [String(entry)];
    if (typeof entry === 'string') return entry.split(SEPARATORS);
    throw invalid(
      `"${name}" must be a list of texts, not ${describe(Array.isArray(given) ? entry : given)}.`,
      `Give "${name}" as texts between commas, or as an array of texts.`,
    );
  });
  return [...new Set(texts.map(cleanId).filter((text) => text !== ''))];
}

/** An array may be pasted into a text field. */
function jsonArray(given: unknown): unknown[] | undefined {
  if (typeof given !== 'string' || !/^\s*\[[\s\S]*\]\s*$/.test(given)) return undefined;
  try {
    return JSON.parse(given) as unknown[];
  } catch {
    return undefined;
  }
}
