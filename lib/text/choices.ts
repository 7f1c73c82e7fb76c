import { fold, foldLoosely, isPlain, tidy } from './normalise';

/** One offered choice. */
export interface Offered {
  id: string;
  title: string;
  /** synonyms */
  also?: readonly string[];
}

/** Result of matching an answer: one of the choices, several of them, or none. */
export type Chosen<T extends Offered> =
  | { kind: 'one'; option: T; index: number; how: 'id' | 'number' | 'title' | 'word' }
  | { kind: 'several'; options: readonly T[] }
  | { kind: 'none' };

/** Maximum length of an answer to a question with choices, in UTF-16 units. */
export const MAX_ANSWER_LENGTH = 1000;
/** minimum number of letters of a prefix */
const MIN_BEGINNING = 3;

/**
 * Find the choice named by a typed answer, in place of a pressed button. In this order: the id, the number in the list,
 * the title, a synonym, and a unique prefix of at least three letters. Titles and synonyms are compared exactly first,
 * then without accents, punctuation and emoji.
 */
export function choose<T extends Offered>(text: string, options: readonly T[]): Chosen<T> {
  if (text.length > MAX_ANSWER_LENGTH) return { kind: 'none' };
  const byId = options.findIndex(({ id }) => id === text.trim());
  if (byId >= 0) return one(options, byId, 'id');
  const number = numberIn(text);
  if (number !== undefined && options[number - 1]) return one(options, number - 1, 'number');
  const words = wordsOf(options);
  const [folded, loose] = [fold(text), foldLoosely(text)];
  if (folded === '') return { kind: 'none' };
  const tests: [how: 'title' | 'word', fits: (words: Words) => boolean][] = [
    ['title', ({ title }) => title === folded],
    ['title', ({ looseTitle }) => loose !== '' && looseTitle === loose],
    ['word', ({ also }) => also.includes(folded)],
    ['word', ({ looseAlso }) => loose !== '' && looseAlso.includes(loose)],
    [
      'title',
      ({ looseTitle, looseAlso }) =>
        [...loose].length >= MIN_BEGINNING && [looseTitle, ...looseAlso].some((word) => word.startsWith(loose)),
    ],
  ];
  for (const [how, fits] of tests) {
    const found = words.filter(fits);
    const [first] = found;
    if (first && found.length === 1) return one(options, first.index, how);
    if (first) return { kind: 'several', options: found.map(({ index }) => options[index] as T) };
  }
  return { kind: 'none' };
}

interface Words {
  index: number;
  title: string;
  looseTitle: string;
  also: string[];
  looseAlso: string[];
}

function wordsOf(options: readonly Offered[]): Words[] {
  return options.map(({ title, also = [] }, index) => ({
    index,
    title: fold(title),
    looseTitle: foldLoosely(title),
    also: also.map(fold),
    looseAlso: also.map(foldLoosely),
  }));
}

function one<T extends Offered>(options: readonly T[], index: number, how: 'id' | 'number' | 'title' | 'word') {
  return { kind: 'one' as const, option: options[index] as T, index, how };
}

/** @returns the number of a list item in an answer: 2, 2., 2), (2), #2, with digits of any script */
export function numberIn(text: string): number | undefined {
  if (text.length > MAX_ANSWER_LENGTH) return undefined;
  const digits = asciiDigits(tidy(text)).replace('\u20e3', '');
  const found = /^[#(]?(\d{1,4})[.):]?$/.exec(digits.replaceAll(' ', ''));
  return found ? Number(found[1]) : undefined;
}

const DIGIT = /\p{Nd}/u;
const FOREIGN_DIGITS = /(?![0-9])\p{Nd}/gu;

/** @returns the text with the decimal digits of every script as 0 to 9 */
export function asciiDigits(text: string): string {
  if (isPlain(text)) return text;
  return text.replace(FOREIGN_DIGITS, (digit) => {
    const code = digit.codePointAt(0) ?? 0;
    // Every script has ten consecutive digits, so the zero is the first of the run.
    let zero = code;
    while (code - zero < 9 && DIGIT.test(String.fromCodePoint(zero - 1))) zero--;
    return String((code - zero) % 10);
  });
}

/** @returns a test for messages that consist of one of these words, ignoring case and accents */
export function anyOf(words: readonly string[]): (text: string) => boolean {
  const known = new Set(words.map(foldLoosely).filter((word) => word !== ''));
  return (text) => text.length <= MAX_ANSWER_LENGTH && known.has(foldLoosely(text));
}
