import { invalid } from '../errors';

/** @returns true for what people write when they mean a phone number */
export function looksLikePhone(given: string): boolean {
  return /^\+?[\d\s().\-/]{5,}$/.test(given.trim()) && given.replace(/\D/g, '').length >= 5;
}

/**
 * A phone number as E.164 writes it, such as +5511999990001.
 * @param given as people write it
 * @param country ISO 3166, two letters: where a number without + is from
 * @throws LinktorError `validation` when it is no phone number, or its country is missing
 */
export async function e164(given: string, country = ''): Promise<string> {
  const { isSupportedCountry, parsePhoneNumberFromString } = await import('libphonenumber-js/min');
  const home = country.trim().toUpperCase();
  if (home !== '' && !isSupportedCountry(home)) {
    throw invalid(`"${country}" is not a country.`, 'Give its two letters, such as BR or DE.');
  }
  const international = given.trim().startsWith('+');
  if (!international && home === '') {
    throw invalid(
      `The phone number "${given}" has no country.`,
      'Write it with + and the country code, or fill in the field "country".',
    );
  }
  const number = parsePhoneNumberFromString(given, home === '' ? undefined : (home as never));
  if (number?.isPossible()) return number.number;
  throw invalid(`"${given}" is not a phone number.`, 'Write it with + and the country code, such as +5511999990001.');
}
