import { trimPasted } from '../text';

/** @returns the address, with blanks and letters beyond ASCII encoded; undefined when it is none of the web */
export function webAddress(given: unknown): string | undefined {
  if (typeof given !== 'string') return undefined;
  const url = trimPasted(given);
  if (!/^https?:\/\/\S/i.test(url) || !URL.canParse(url)) return undefined;
  return /[^\x21-\x7e]/.test(url) ? new URL(url).href : url;
}
