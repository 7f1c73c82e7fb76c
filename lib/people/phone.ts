import { invalid } from '../errors';
import { asciiDigits, cleanId, fold } from '../text';

/** number of digits of the shortest phone number */
const MIN_DIGITS = 5;
/** No phone number is longer, however it is written. */
const MAX_LENGTH = 100;

/** @returns true for a text that is meant as a phone number */
export function looksLikePhone(given: string): boolean {
  if (given.length > MAX_LENGTH) return false;
  const text = international(given);
  return (
    (text.startsWith('+') || /^[\d\s().\-/]+$/.test(text)) &&
    text.replace(/\D/g, '').length >= MIN_DIGITS &&
    !text.includes('@')
  );
}

/**
 * Convert a phone number to E.164, such as +5511999990001.
 * @param given typed or pasted: with 00 or +, invisible characters, digits of any script
 * @param country country of a number without a country code, ISO 3166, two letters
 * @throws LinktorError `validation` when it is no valid phone number, has an extension, or its country is missing
 */
export async function e164(given: string, country = ''): Promise<string> {
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/max');
  const home = fold(country).toUpperCase();
  if (home !== '' && !isSupportedCountry(home)) {
    throw invalid(`"${country}" is not a country.`, 'Give its two letters, such as BR or DE.');
  }
  if (given.length > MAX_LENGTH) throw notANumber(`${given.slice(0, MAX_LENGTH)}...`);
  const plain = withoutScheme(given);
  const text = international(given);
  if (!text.startsWith('+') && home === '' && looksLikePhone(text)) {
    throw invalid(
      `The phone number "${given}" has no country.`,
      'Write it with + and the country code, or fill in the field "country".',
    );
  }
  const read = (number: string) =>
    parsePhoneNumberFromString(number, { extract: false, ...(home !== '' && { defaultCountry: home as never }) });
  // The prefix for calls abroad is 00 nearly everywhere, but 0011 in Australia and 001 in Thailand.
  const dialled = text === plain || home === '' ? undefined : read(plain);
  const meant = read(text);
  if (dialled?.isValid() && meant?.isValid() && dialled.number !== meant.number) {
    throw invalid(
      `The phone number "${given}" may be ${dialled.number} or ${meant.number}.`,
      'Write it with + and the country code.',
    );
  }
  const number = dialled?.isValid() ? dialled : meant;
  if (number?.ext) {
    throw invalid(
      `The phone number "${given}" has the extension ${number.ext}.`,
      'Nobody can write to an extension: leave it out, or give another number.',
    );
  }
  // A number from before its country added a digit to all numbers stays unchanged.
  if (number && spellingsOf(number.number).some((one) => read(one)?.isValid())) return number.number;
  throw notANumber(given, number ? 'valid ' : '');
}

function notANumber(given: string, valid = '') {
  return invalid(
    `"${given}" is not a ${valid}phone number.`,
    'Write it with + and the country code, such as +5511999990001.',
  );
}

function withoutScheme(given: string): string {
  return asciiDigits(fold(given)).replace(/^tel:/, '');
}

/** 00 becomes +. */
function international(given: string): string {
  return withoutScheme(given).replace(/^[(\s]*(?:\+|00(?=\s*[1-9]))\s*/, '+');
}

/**
 * Countries whose mobile numbers are used with and without one digit after the country or area code: Brazil's 9,
 * Argentina's 9, Mexico's 1. Brazil's landlines have eight digits that begin with 2 to 5, and only one form.
 */
const twoSpellings: readonly { long: RegExp; short: RegExp; digit: string }[] = [
  { long: /^(55\d\d)9([6-9]\d{7})$/, short: /^(55\d\d)([6-9]\d{7})$/, digit: '9' },
  { long: /^(54)9(\d{10})$/, short: /^(54)(\d{10})$/, digit: '9' },
  { long: /^(52)1(\d{10})$/, short: /^(52)(\d{10})$/, digit: '1' },
];

/** @returns the form of an address or id for comparison: only the digits of a phone number count */
export function addressKey(given: string): string {
  const plain = cleanId(given).toLowerCase();
  return looksLikePhone(plain) ? phoneKey(plain) : plain;
}

/**
 * The 0 of calls within a country, which many people write after its code, too: +44 07911. It is no part of the numbers
 * of these countries; those of Italy, Ivory Coast and a few more begin with a 0 of their own.
 */
const TRUNK_ZERO =
  /^(\+(?:2[07]|3[0-46]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[23]|23[34]|25[456]|35[389]|38[0156]|421|88[06]|96[1-7]|97[12]))0/;

/** @returns the digits for comparing phone numbers: equal for all spellings of one number */
export function phoneKey(given: string): string {
  if (given.length > MAX_LENGTH) return given;
  const digits = international(given)
    .replace(/^(\+.*)\(0\)/, '$1')
    .replace(/[^\d+]/g, '')
    .replace(TRUNK_ZERO, '$1')
    .replace(/\D/g, '');
  const rule = twoSpellings.find(({ long }) => long.test(digits));
  return rule ? digits.replace(rule.long, '$1$2') : digits;
}

/** @returns the number with its country code, and the other form of the same number, if any */
export function spellingsOf(number: string): string[] {
  const key = phoneKey(number);
  const rule = twoSpellings.find(({ short }) => short.test(key));
  const forms = rule ? [key, key.replace(rule.short, `$1${rule.digit}$2`)] : [key];
  const written = `+${number.replace(/\D/g, '')}`;
  return [...new Set([written, ...forms.map((digits) => `+${digits}`)])];
}
