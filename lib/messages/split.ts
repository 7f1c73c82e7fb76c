/**
 * Splits texts above a channel's limit. Lengths are UTF-16 units, the strictest measure. No visible text is lost: white
 * space stays at the end of the part before it, and only parts of nothing but white space are dropped.
 */

const graphemes = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** Possible ends of a part, the best first: after a paragraph, a line, a sentence, a word. */
const ends: readonly { pattern: RegExp; least: number }[] = [
  { pattern: /\n[^\S\n]*\n\s*/g, least: 0.25 },
  { pattern: /\n\s*/g, least: 0.25 },
  { pattern: /[.!?…]["'”’»)\]]*\s+|[。！？][」』”’）]*\s*/g, least: 0.25 },
  { pattern: /\s+/g, least: 0 },
];

/**
 * Split a text into parts within the limit: between paragraphs, lines, sentences, words, or grapheme clusters.
 * @param limit 2 or more, since a part must be able to contain a surrogate pair
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
 * Truncate a text to the limit, with an ellipsis. A text within the limit stays unchanged.
 * @param limit 3 or more
 */
export function truncate(text: string, limit: number): string {
  if (text.length <= limit) return text;
  return `${text.slice(0, cutOf(text, limit - 1)).trimEnd()}…`;
}

/** @returns the length of the first part; more than 0 */
function cutOf(text: string, limit: number): number {
  const window = text.slice(0, limit);
  for (const { pattern, least } of ends) {
    const cut = [...window.matchAll(pattern)].reduce((_, { index, 0: end }) => index + end.length, 0);
    if (cut > limit * least && characterAt(text, cut) === cut) return cut;
  }
  return characterAt(text, limit) || unitsOf(text, limit);
}

/** @returns the start of the grapheme cluster that contains the unit at this position */
function characterAt(text: string, place: number): number {
  // Segment from the beginning, since flags and the like are pairs, but only up to this character.
  return graphemes.segment(text.slice(0, place + 2)).containing(place)?.index ?? place;
}

/** A grapheme cluster longer than a whole part is split, but never within a surrogate pair. */
function unitsOf(text: string, limit: number): number {
  return /^[\uD800-\uDBFF][\uDC00-\uDFFF]$/.test(text.slice(limit - 1, limit + 1)) ? limit - 1 : limit;
}
