import { asciiDigits, tidy } from '../../text';

/**
 * A number with sign, thousands separators and decimals in any notation. Between two numbers there is a blank as well:
 * it separates thousands only before three digits.
 */
const NUMBER = /[+\-\u2212]?(?:\d{1,3}(?:['\u2019 ]\d{3})+(?!\d)(?:[.,]\d+)?|\d[\d.,]*\d|(?<![\p{L}\d.,])[.,]\d+|\d)/gu;
const FULL_WIDTH_MARKS: Readonly<Record<string, string>> = {
  '\u3002': '.',
  '\u066b': '.',
  '\u066c': ',',
  '\uff0c': ',',
};

/**
 * Read the only number of an answer, whatever surrounds it: "about 3 kg", "R$ 1.234,50", "1 234". A single comma or
 * point before three digits separates thousands, unless the number starts with a zero.
 * @returns undefined for none, or for several
 */
export function readNumber(text: string): number | undefined {
  const plain = asciiDigits(tidy(text)).replace(
    /[\u3002\u066b\u066c\uff0c]/g,
    (mark) => FULL_WIDTH_MARKS[mark] ?? mark,
  );
  const found = plain.match(NUMBER) ?? [];
  if (found.length !== 1) return undefined;
  // A minus sign attached to a preceding word is a dash.
  const [given = ''] = found;
  const isDash = /^[-\u2212]/.test(given) && /[\p{L}\d]$/u.test(plain.slice(0, plain.indexOf(given)));
  const number = Number(withPoint(given.replace(/[ '\u2019]/g, '').replace('\u2212', '-')));
  if (!Number.isFinite(number)) return undefined;
  return isDash ? Math.abs(number) : number;
}

/** @returns the number in JavaScript notation; an invalid one when its separators make no sense */
function withPoint(given: string): string {
  const marks = [...given].filter((sign) => sign === '.' || sign === ',');
  const [first, last] = [marks[0], marks.at(-1)];
  if (first === undefined || last === undefined) return given;
  if (marks.length === 1) {
    const [before = '', after = ''] = given.split(last);
    const isThousands = /^[+-]?[1-9]\d{0,2}$/.test(before) && /^\d{3}$/.test(after);
    return isThousands ? before + after : `${before}.${after}`;
  }
  const isGroup = marks.every((mark) => mark === first);
  const decimals = isGroup ? '' : given.slice(given.lastIndexOf(last) + 1);
  const whole = isGroup ? given : given.slice(0, given.lastIndexOf(last));
  if (!isGroup && marks.slice(0, -1).includes(last)) return 'none';
  const groups = whole.split(first);
  if (!groups.slice(1).every((group) => group.length === 3) || (groups[0] ?? '').replace(/[+-]/, '').length > 3)
    return 'none';
  return groups.join('') + (decimals === '' ? '' : `.${decimals}`);
}
