/** Stop words: too common to find a passage by. */
const STOP_WORDS = new Set(
  `a about above after again all also am an and any anyone anything are as at be been before being below between both bring but by
  can could did do does doing done each every few for from get gets give go going got had has have having he her here hers him
  his how i if in into is it its itself just know like make many may me might mine more most much must my need no nor not now of
  off often on once one only or other our ours out over own please same she should so some someone something such tell than thank
  thanks that the their them then there these they thing things this those through to too under until up us use very want was
  we were what when where which while who whom whose why will with would you your yours hello hey hi okay yes
  item items product products`.split(/\s+/),
);

/** Letters of a word that count: comparing similar words takes time and memory by the square of their length. */
const MAX_WORD_LENGTH = 60;
/** Marks of a letter that count: normalising takes time by the square of their number. */
const MARKS_IN_EXCESS = /([\p{M}\uff9e\uff9f]{20})[\p{M}\uff9e\uff9f]+/gu;

/** The words of a text, lower case and without accents, in order. */
export function words(text: string): string[] {
  const found = stripAccents(text.replace(MARKS_IN_EXCESS, '$1')).match(/[\p{L}\p{N}]+/gu) ?? [];
  return found.map((word) => word.slice(0, MAX_WORD_LENGTH));
}

/** Normalises a word for comparison: no accents, no ending. Stop words become null. */
export function term(word: string): string | null {
  const lower = stripAccents(word);
  return STOP_WORDS.has(lower) || (lower.length < 2 && !/\d/.test(lower)) ? null : stem(lower);
}

/** The sentences and lines of a text. */
export function sentences(text: string): string[] {
  return text
    .split(/\n+|(?<=[.!?])\s+(?=[\p{Lu}\p{N}"(¿¡])/u)
    .map((sentence) => sentence.trim())
    .filter((sentence) => sentence !== '');
}

function stripAccents(text: string): string {
  return text.normalize('NFKD').replace(/\p{M}/gu, '').toLowerCase();
}

/** Removes common endings, so that "returns", "returned" and "return" are equal. */
function stem(word: string): string {
  if (word.length < 4 || /\d/.test(word)) return word;
  const bare = word
    .replace(/ies$/, 'y')
    .replace(/(?<!s)s$/, '')
    .replace(/(?<=.{3})(ing|ed)$/, '')
    .replace(/(?<=.{3})e$/, '');
  return bare.replace(/([^aeiouls])\1$/, '$1');
}
