// What a stored or evaluated value of a field means.
import { invalid } from '../../lib/errors';
import { isObject, kindOf } from '../../lib/model';
import { describe } from '../../lib/text/describe';
import { readFigure } from '../../lib/text/figures';
import { digitsOf, readList } from '../../lib/text/lists';
import { cleanId, cleanKey, keyAlone, tidy, trimPasted } from '../../lib/text/normalise';
import { readDay, readTime } from '../../lib/text/times';

/**
 * Kinds of secrets. key: sent in a header, so surrounding pasted characters are removed and invalid ones are refused;
 * signing: the same, but any characters are allowed; address: an e-mail address; password: anything.
 */
export type SecretKind = 'key' | 'signing' | 'address' | 'password';

/** Converters for typed fields. */
export const as = {
  /** texts and numbers */
  string(value: unknown, name: string): string {
    if (typeof value === 'string' || typeof value === 'bigint' || Number.isFinite(value)) return String(value);
    throw invalid(
      `The field "${name}" must be a text, not ${describe(value)}.`,
      `Give a text or a number in the field "${name}", or a property that holds one.`,
    );
  },
  /** a text without surrounding pasted characters */
  pasted: (value: unknown, name: string) => trimPasted(as.string(value, name)),
  /** an id, a name or an address, without surrounding pasted characters */
  id(value: unknown, name: string): string {
    const text = as.string(value, name);
    const id = typeof value === 'number' ? digitsOf(value, name) : cleanId(text);
    if (id !== '') return id;
    throw invalid(`The field "${name}" holds nothing but blanks.`, `Give an id in the field "${name}".`);
  },
  /** a word that only the server's own vocabulary has, such as a status: they are in small letters */
  word: (value: unknown, name: string) => as.id(value, name).toLowerCase(),
  object(value: unknown, name: string): Record<string, unknown> {
    // A Date, a Map or an error would be an empty object to a server.
    if (isObject(value) && kindOf(value) === 'Object') return value;
    throw invalid(
      `The field "${name}" must be an object, not ${describe(value)}.`,
      `Give an object in the field "${name}", or a property that holds one.`,
    );
  },
  /** a time in the future, as ISO 8601 */
  future: (value: unknown, name: string) => readTime(value, name, { future: true }).toISOString(),
  /** a day such as 2026-05-17 unchanged, else a time as ISO 8601 */
  day: (value: unknown, name: string) => readDay(value, name),
  number: (min?: number, max?: number) =>
    Object.assign((value: unknown, name: string) => inRange(value, name, min, max), { min, max }),
  /** a list of texts, typed by a person or given as an array */
  list: readList,
};

/** A text comes from an environment variable: what it means is read or refused, and never taken for false. */
export function readFlag(value: unknown, name: string): boolean {
  if (typeof value !== 'string') return value === true;
  const word = tidy(value).toLowerCase();
  if (word === 'true' || word === 'false' || word === '') return word === 'true';
  throw invalid(`The field "${name}" must be true or false, not "${value}".`, 'Set its variable to true or to false.');
}

/** @returns a secret without what was pasted around it @throws LinktorError `validation` */
export function readSecret(kind: SecretKind, given: string, name: string): string {
  if (kind === 'address') return cleanId(given);
  const pasted = trimPasted(given);
  if (kind === 'password') return pasted;
  const key = cleanKey(kind === 'signing' ? given : keyAlone(given));
  if (key !== undefined) return key;
  if (kind === 'signing') return pasted;
  throw invalid(
    `The field "${name}" holds blanks or letters that no key has.`,
    'Copy the key once more, from where it was made, and paste it alone.',
  );
}

/**
 * @param value a number, or a text with one
 * @param name of the field
 * @throws LinktorError `validation` for anything else, and for a number that is out of range
 */
export function inRange(
  value: unknown,
  name: string,
  min = Number.NEGATIVE_INFINITY,
  max = Number.POSITIVE_INFINITY,
): number {
  const figure = typeof value === 'string' && value.trim() !== '' ? readFigure(value) : value;
  if (typeof figure !== 'number' || !Number.isFinite(figure)) {
    throw invalid(
      `The field "${name}" must be a number, not ${describe(value)}.`,
      `Give a number in the field "${name}", or a property that holds one.`,
    );
  }
  if (figure < min || figure > max) {
    throw invalid(`The field "${name}" must be between ${min} and ${max}, not ${figure}.`);
  }
  return figure;
}
