import { invalid } from '../errors';
import { foldLoosely, looseForm, readList } from '../text';

/** Scripts without blanks between words, where a word may be anywhere. */
const WITHOUT_BLANKS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** A text prepared for the search of words: folded, without accents and punctuation. */
export interface WordForm {
  words: ReadonlySet<string>;
  /** with one blank before, between and after the words */
  spaced: string;
}

type Term = (form: WordForm) => boolean;

interface Alternative {
  terms: readonly Term[];
  /** all of its terms begin with a minus */
  isVeto: boolean;
}

/** @param folded a text as {@link fold} leaves it */
export function wordForm(folded: string): WordForm {
  const loose = looseForm(folded);
  return { words: new Set(loose.split(' ')), spaced: ` ${loose} ` };
}

/**
 * Compile keywords that match a message. Separated by commas or lines, any of them matches. `a & b` requires both.
 * `order*` is the beginning of a word, `*port` the end. `-refund` excludes messages with this word. Several words in
 * sequence are a phrase. Case, accents and punctuation are ignored.
 * @returns a test for a text in its {@link WordForm}
 * @throws LinktorError `validation` when there is no keyword
 */
export function keywords(value: string): (form: WordForm) => boolean {
  const alternatives = readList(value, 'value').map(alternativeOf);
  const vetoes = alternatives.flatMap(({ terms, isVeto }) => (isVeto ? terms : []));
  const wanted = alternatives.filter(({ terms, isVeto }) => !isVeto && terms.length > 0).map(({ terms }) => terms);
  if (vetoes.length + wanted.length === 0) {
    throw invalid('A rule has no keywords.', 'Write one or more words, separated by commas.');
  }
  return (form) => {
    const holds = (term: Term) => term(form);
    return vetoes.every(holds) && (wanted.length === 0 || wanted.some((terms) => terms.every(holds)));
  };
}

function alternativeOf(entry: string): Alternative {
  const terms: Term[] = [];
  let isVeto = true;
  for (const part of entry.split('&')) {
    const [, minus = '', first = '', body = '', last = ''] = /^\s*(-?)\s*(\*?)([\s\S]*?)(\*?)\s*$/.exec(part) ?? [];
    const word = foldLoosely(body);
    if (word === '') continue;
    const isIn = search(word, first !== '', last !== '');
    terms.push(minus === '' ? isIn : (form) => !isIn(form));
    if (minus === '') isVeto = false;
  }
  return { terms, isVeto };
}

function search(word: string, isOpenBefore: boolean, isOpenAfter: boolean): Term {
  const isWithoutBlanks = WITHOUT_BLANKS.test(word);
  if (!isWithoutBlanks && !isOpenBefore && !isOpenAfter && !word.includes(' ')) return ({ words }) => words.has(word);
  const before = isWithoutBlanks || isOpenBefore ? '' : ' ';
  const after = isWithoutBlanks || isOpenAfter ? '' : ' ';
  const sought = before + word + after;
  return ({ spaced }) => spaced.includes(sought);
}
