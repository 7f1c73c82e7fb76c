import { invalid } from '../errors';
import { foldLoosely, readList } from '../text';

/** Scripts that put no blanks between words: there a word may stand anywhere. */
const WITHOUT_BLANKS = /[\p{sc=Han}\p{sc=Hiragana}\p{sc=Katakana}\p{sc=Thai}\p{sc=Lao}\p{sc=Khmer}\p{sc=Myanmar}]/u;

/** A text made ready to be searched for words: folded, without accents and punctuation. */
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

export function wordForm(text: string): WordForm {
  const folded = foldLoosely(text);
  return { words: new Set(folded.split(' ')), spaced: ` ${folded} ` };
}

/**
 * Words by which a message is told. Separated by commas or lines: one of them is enough. `a & b`: both of them.
 * `order*` begins a word, `*port` ends one. `-refund` by itself: no match where this word occurs. Several words in a
 * row are a phrase. Case, accents and punctuation do not count.
 * @returns a test for a text in its {@link WordForm}
 * @throws LinktorError `validation` when nothing is left to look for
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
