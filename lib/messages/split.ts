/**
 * Texts that are longer than a channel takes. Lengths are UTF-16 units, the strictest way to count. Nothing that can be
 * seen is lost: white space stays at the end of the part before it, and only parts of nothing else are left out.
 */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Where a text may end, the best first: after a paragraph, a line, a sentence, a word. */
const ends: readonly { pattern: RegExp; least: number }[] = [
  { pattern: /\n[^\S\n]*\n\s*/g, least: 0.25 },
  { pattern: /\n\s*/g, least: 0.25 },
  { pattern: /[.!?…]["'”’»)\]]*\s+|[。！？][」』”’）]*\s*/g, least: 0.25 },
  { pattern: /\s+/g, least: 0 },
];

/**
 * Cut a text into parts that are no longer than the limit, where a reader would: between paragraphs, lines, sentences,
 * words, else between characters as people see them.
 * @param limit 2 or more, for no part can hold less than a surrogate pair
 */
export function split(text: string, limit: number): string[] {
  const parts: string[] = [];
  let rest = text;
  while (rest.length > limit) {
    const cut = cutOf(rest, limit);
    parts.push(rest.slice(0, cut));
    rest = rest.slice(cut);
  }
  return [...parts, rest].filter((part) => part.trim() !== '');
}

/**
 * The beginning of a text, with an ellipsis, no longer than the limit. A text that fits stays as it is.
 * @param limit 3 or more
 */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, cutOf(text, limit - 1)).trimEnd()}…`;
}

/** @returns how much of the text goes into the first part; at least something */
function cutOf(text: string, limit: number): number {
  const window = text.slice(0, limit);
  for (const { pattern, least } of ends) {
    const cut = [...window.matchAll(pattern)].reduce((_, { index, 0: end }) => index + end.length, 0);
    if (cut > limit * least && characterAt(text, cut) === cut) return cut;
  }
  return characterAt(text, limit) || unitsOf(text, limit);
}

/** @returns where the character begins, as people see it, that the unit at this place belongs to */
function characterAt(text: string, place: number): number {
  // From the beginning, for flags and the like are pairs; no further than the character that may be cut.
  return graphemes.segment(text.slice(0, place + 2)).containing(place)?.index ?? place;
}

/** A character that is longer than a whole part is cut, but never within a surrogate pair. */
function unitsOf(text: string, limit: number): number {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(limit - 1, limit + 1)) ? limit - 1 : limit;
}
