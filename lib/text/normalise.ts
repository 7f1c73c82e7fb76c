/**
 * Normalisation of typed and pasted text. The same words arrive composed and decomposed, full width, in any case, and
 * with invisible characters inserted by a keyboard, a chat app or a web page.
 */

/** Invisible characters: zero-width blanks, direction marks, variation selectors, soft hyphens. */
const INVISIBLE = /\p{Default_Ignorable_Code_Point}/gu;
const CONTROLS = /\p{Cc}/gu;
const WHITE_SPACE = /[\s\u0085]/g;
const DASHES = /[\p{Pd}\u2043\u2212]/gu;
/** Replacements of ' and " by "smart punctuation" */
const SINGLE_QUOTES = /[\u2018-\u201b\u02bc\u02b9\u2032\u00b4`]/g;
const DOUBLE_QUOTES = /[\u201c-\u201f\u2033\u00ab\u00bb]/g;
const PRINTABLE_ASCII = /^[\x20-\x7e]*$/;
/** Folded words without accents, punctuation and symbols: most messages and all lists of words. */
const LOOSE_ALREADY = /^[a-z\d]*(?: [a-z\d]+)*$/;

/**
 * Normalising sorts the marks on a letter, in time quadratic in their number. No language has more than a few; Unicode's
 * own limit for streams is 30.
 */
const MAX_MARKS = 30;
// The look-behind tries each run of marks once, not from each of its marks.
const MANY_MARKS = /(?<![\p{M}\uff9e\uff9f])([\p{M}\uff9e\uff9f]{30})[\p{M}\uff9e\uff9f]+/gu;
/** The block of combining marks, the first of Unicode and the usual one. */
const [FIRST_MARK, LAST_USUAL_MARK] = [0x300, 0x36f];
const MARK = /^[\p{M}\uff9e\uff9f]/u;

/** Looks at few characters: a longer run of marks covers a place that is a multiple of {@link MAX_MARKS}. */
function hasManyMarks(text: string): boolean {
  for (let place = MAX_MARKS; place < text.length; place += MAX_MARKS) {
    const middle = characterAt(text, place);
    if (!isMark(text, middle)) continue;
    let count = 1;
    for (let at = middle; count <= MAX_MARKS && at > 0; count++) {
      at = characterAt(text, at - 1);
      if (!isMark(text, at)) break;
    }
    for (let at = middle; count <= MAX_MARKS; count++) {
      at += unitsAt(text, at);
      if (!isMark(text, at)) break;
    }
    if (count > MAX_MARKS) return true;
  }
  return false;
}

/** @returns the place of the first unit of the character at this place */
function characterAt(text: string, place: number): number {
  return place > 0 && unitsAt(text, place - 1) === 2 ? place - 1 : place;
}

function unitsAt(text: string, place: number): number {
  return (text.codePointAt(place) ?? 0) > 0xffff ? 2 : 1;
}

function isMark(text: string, place: number): boolean {
  const code = text.codePointAt(place) ?? 0;
  return code >= FIRST_MARK && (code <= LAST_USUAL_MARK || MARK.test(String.fromCodePoint(code)));
}

/** A text in another form of Unicode is hardly ever longer, in UTF-16 units, unless it is short. */
const MAX_GROWTH = 3;
const MAX_SHORT_LENGTH = 10_000;

/** @returns the text in this form of Unicode, in linear time: marks of a letter beyond 30 are dropped */
export function normalised(text: string, form: 'NFC' | 'NFD' | 'NFKC'): string {
  const found = (hasManyMarks(text) ? text.replace(MANY_MARKS, '$1') : text).normalize(form);
  // Some characters stand for a sentence of 18 letters: a long text of nothing else only wastes time.
  const most = Math.max(MAX_SHORT_LENGTH, text.length * MAX_GROWTH);
  return found.length > most ? found.slice(0, most) : found;
}

/** @returns the text without invisible characters, in composed compatibility form, in one line */
function plainForm(text: string): string {
  return normalised(text.replace(INVISIBLE, '').replace(WHITE_SPACE, ' ').replace(CONTROLS, ''), 'NFKC');
}

function inOneRow(text: string): string {
  return (text.includes('  ') ? text.replace(/ {2,}/g, ' ') : text).trim();
}

const VISIBLE = /[^\s\u0085\p{Cc}\p{Default_Ignorable_Code_Point}]/u;

/** @returns true for a text in which there is nothing to see */
export function isBlank(text: string): boolean {
  return !VISIBLE.test(text);
}

/** @returns true for a text of printable ASCII and blanks */
export function isPlain(text: string): boolean {
  return PRINTABLE_ASCII.test(text);
}

/** @returns the text in composed compatibility form, without invisible characters; white space and case are kept */
export function composed(text: string): string {
  return PRINTABLE_ASCII.test(text) ? text : normalised(text.replace(INVISIBLE, ''), 'NFKC');
}

/**
 * Clean a typed text for parsing: no invisible characters, full-width letters and digits as plain ones, white space as
 * single blanks, none at the ends. Letters keep their case.
 */
export function tidy(text: string): string {
  return inOneRow(PRINTABLE_ASCII.test(text) ? text : plainForm(text));
}

/**
 * The normal form of a text for comparison: {@link tidy}, with letters of any case, dashes and quotation marks unified.
 * Idempotent.
 */
export function fold(text: string): string {
  if (PRINTABLE_ASCII.test(text)) return inOneRow(text).replaceAll('`', "'").toLowerCase();
  const marks = plainForm(text)
    .replace(DASHES, '-')
    .replace(SINGLE_QUOTES, "'")
    .replace(DOUBLE_QUOTES, '"')
    .replaceAll('\u2026', '...');
  // Via upper case, which maps ß to SS and unifies the sigmas. The dotted capital I of Turkish becomes i.
  const folded = marks.toLowerCase().toUpperCase().toLowerCase().replaceAll('ς', 'σ').replaceAll('i\u0307', 'i');
  return inOneRow(normalised(folded, 'NFKC'));
}

/** @returns {@link fold} with a memory of one text, for many rules that test the same message one after the other */
export function rememberingFold(): (text: string) => string {
  let [given, folded] = ['', ''];
  return (text) => {
    if (text !== given) [given, folded] = [text, fold(text)];
    return folded;
  };
}

/**
 * The normal form for comparing an answer with choices: {@link fold} without accents, punctuation, symbols and emoji.
 * `''` when nothing else remains.
 */
export function foldLoosely(text: string): string {
  return looseForm(fold(text));
}

/** The same of a text that is folded already. */
export function looseForm(folded: string): string {
  if (LOOSE_ALREADY.test(folded)) return folded;
  return normalised(folded, 'NFD')
    .replace(/[\u0300-\u036f]/g, '')
    .replace(/[\p{P}\p{S}]|\u20e3/gu, ' ')
    .normalize('NFC')
    .replace(/ {2,}/g, ' ')
    .trim();
}

/**
 * Clean a pasted id, name or address: without invisible characters and surrounding blanks. Full-width characters and
 * typographic hyphens become plain ones if the result is plain ASCII; other text stays unchanged.
 */
export function cleanId(given: string): string {
  if (/^[\x21-\x7e]*$/.test(given)) return given;
  const plain = tidy(given).replace(DASHES, '-');
  return PRINTABLE_ASCII.test(plain) ? plain : trimPasted(given);
}

/** Characters often added by pasting. Joiners and selectors are part of the text and stay. */
const EDGE = /[\s\u200b\u200e\u200f\u202a-\u202e\u2060-\u2069\ufeff]/;

/** @returns the text without surrounding blanks and marks added by pasting; the inner text is unchanged */
export function trimPasted(given: string): string {
  let [start, end] = [0, given.length];
  // Not a regular expression, which would take quadratic time for a run of blanks within the text.
  while (start < end && EDGE.test(given.charAt(start))) start++;
  while (end > start && EDGE.test(given.charAt(end - 1))) end--;
  return given.slice(start, end);
}

/**
 * Clean a key, a token or the like for a header: remove invisible characters and the line breaks of a wrapped line.
 * @returns undefined when it still contains blanks or characters that no key has
 */
export function cleanKey(given: string): string | undefined {
  const lines = given.split(/[\r\n\u2028\u2029]/).map((line) => line.trim());
  const key = normalised(lines.join('').replace(INVISIBLE, '').replace(CONTROLS, ''), 'NFKC')
    .replace(DASHES, '-')
    .trim();
  return /^[\x21-\x7e]*$/.test(key) ? key : undefined;
}

/** The name of a header, or quotes of a file of settings. */
const AROUND_KEY = /^["'`<]?(?:(?:x-api-key|authorization) ?: ?)?(?:bearer )?["'`<]?|["'`>]$/gi;

/** @returns a key without what stands around it in the place where it was copied */
export function keyAlone(given: string): string {
  return trimPasted(given).replace(AROUND_KEY, '');
}
