/**
 * Translates regular expressions of JavaScript (flag `u`) for the linear-time engine RE2. Only syntax with a different
 * meaning there is rewritten here; `translateRegExp` of re2js does the rest.
 */

/** @returns the part of a pattern that no engine can match in linear time: look-around or a back-reference */
export function backtrackingPart(source: string): string | undefined {
  return [...tokensOf(source)].find(({ text, inClass }) => !inClass && /^(?:\(\?<?[=!]|\\[1-9k])/.test(text))?.text;
}

/**
 * @param source a valid pattern of JavaScript
 * @param ignoreCase the pattern has the flag `i`, which extends the set of word characters
 * @returns the pattern in RE2's syntax
 * @throws SyntaxError for syntax that RE2 lacks
 */
export function toRe2(source: string, ignoreCase: boolean): string {
  return [...tokensOf(source)]
    .map(({ text, inClass }) => {
      const known = (inClass ? insideWords : outsideWords)[text];
      const exact = ignoreCase ? undefined : exactWords[text];
      return exact ?? known ?? other(text, inClass, ignoreCase);
    })
    .join('');
}

interface Token {
  text: string;
  inClass: boolean;
}

const ESCAPE = String.raw`\\u[dD][89abAB][\da-fA-F]{2}\\u[dD][c-fC-F][\da-fA-F]{2}|\\u\{[\da-fA-F]+\}|\\u[\da-fA-F]{4}|\\[pP]\{[^}]*\}|\\k<[^>]*>|\\[cx]?[\s\S]`;
/** Complete `[]` and `[^]`; the opening of a group with the marker of its kind. */
const OUTSIDE = String.raw`${ESCAPE}|\[\^?\]?|\(\?(?:<?[=!]|<[^>]*>|[a-z-]*:)|[\s\S]`;
const INSIDE = String.raw`${ESCAPE}|[\s\S]`;

function* tokensOf(source: string): Generator<Token> {
  const [outside, inside] = [new RegExp(OUTSIDE, 'uy'), new RegExp(INSIDE, 'uy')];
  let inClass = false;
  for (let place = 0; place < source.length; ) {
    const expression = inClass ? inside : outside;
    expression.lastIndex = place;
    const text = expression.exec(source)?.[0] ?? source.slice(place);
    if (inClass && text === ']') inClass = false;
    yield { text, inClass };
    if (/^\[\^?$/.test(text) && !inClass && expression === outside) inClass = true;
    place += text.length;
  }
}

const SPACE = String.raw`\t-\r \x{A0}\x{1680}\x{2000}-\x{200A}\x{2028}\x{2029}\x{202F}\x{205F}\x{3000}\x{FEFF}`;
const NOT_SPACE = String.raw`\x{0}-\x{8}\x{E}-\x{1F}!-\x{9F}\x{A1}-\x{167F}\x{1681}-\x{1FFF}\x{200B}-\x{2027}\x{202A}-\x{202E}\x{2030}-\x{205E}\x{2060}-\x{2FFF}\x{3001}-\x{FEFE}\x{FF00}-\x{10FFFF}`;
/** With the flags `iu` the long s and the Kelvin sign are word characters as well. */
const WORD = String.raw`\w\x{17F}\x{212A}`;
const NOT_WORD = String.raw`\x{0}-/:-@\[-\^\x{60}\{-\x{17E}\x{180}-\x{2129}\x{212B}-\x{10FFFF}`;
const ANY = String.raw`\x{0}-\x{10FFFF}`;

const outsideWords: Readonly<Record<string, string>> = {
  '.': String.raw`[^\n\r\x{2028}\x{2029}]`,
  '[]': `[^${ANY}]`,
  '[^]': `[${ANY}]`,
  '\\s': `[${SPACE}]`,
  '\\S': `[^${SPACE}]`,
  '\\w': `[${WORD}]`,
  '\\W': `[^${WORD}]`,
};

const insideWords: Readonly<Record<string, string>> = {
  '[': '\\[',
  '\\s': SPACE,
  '\\S': NOT_SPACE,
  '\\w': WORD,
  '\\W': NOT_WORD,
  '\\b': '\\x{8}',
  '\\-': '\\-',
};

/** With case sensitivity, word characters are the same in both. */
const exactWords: Readonly<Record<string, string>> = { '\\w': '\\w', '\\W': '\\W' };

function other(text: string, inClass: boolean, ignoreCase: boolean): string {
  if (!inClass && /^\(\?[a-z-]+:$/.test(text)) throw new SyntaxError(`it holds flags: ${text}`);
  if (text === '\\0') return '\\x{0}';
  if (/^\\[pP]\{/.test(text)) return property(text, ignoreCase);
  const pair = /^\\u(\w{4})\\u(\w{4})$/.exec(text);
  if (pair) {
    const units = pair.slice(1).map((unit) => Number.parseInt(unit, 16));
    return `\\x{${(String.fromCharCode(...units).codePointAt(0) ?? 0).toString(16)}}`;
  }
  if (/^\\u\{?0*d[89a-f]\w\w\}?$/i.test(text)) throw new SyntaxError(`it holds half a character: ${text}`);
  return text;
}

/** Long names of the categories with a one-letter name in RE2. */
const categories: Readonly<Record<string, string>> = {
  Letter: 'L',
  Lowercase_Letter: 'Ll',
  Uppercase_Letter: 'Lu',
  Titlecase_Letter: 'Lt',
  Modifier_Letter: 'Lm',
  Other_Letter: 'Lo',
  Mark: 'M',
  Number: 'N',
  Decimal_Number: 'Nd',
  Punctuation: 'P',
  punct: 'P',
  Symbol: 'S',
  Currency_Symbol: 'Sc',
  Separator: 'Z',
  Space_Separator: 'Zs',
  Control: 'Cc',
  Format: 'Cf',
};

function property(text: string, ignoreCase: boolean): string {
  const [, kind = '', name = '', value] = /^\\([pP])\{(\w+)(?:=(\w+))?\}$/.exec(text) ?? [];
  if (value !== undefined && !/^(?:Script|sc|General_Category|gc)$/.test(name)) {
    throw new SyntaxError(`it holds a property that cannot be looked up: ${text}`);
  }
  const wanted = value ?? name;
  const known = categories[wanted] ?? wanted;
  // Without case, "no capital" is every letter in JavaScript and none in RE2.
  if (ignoreCase && kind === 'P' && /^(?:L[ltu]|(?:Low|Upp)er(?:case)?|Changes_When_\w+)$/.test(known)) {
    throw new SyntaxError(`it holds a property that depends on case: ${text}`);
  }
  return `\\${kind}{${known}}`;
}
