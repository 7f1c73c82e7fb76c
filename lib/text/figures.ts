import { asciiDigits } from './choices';
import { fold } from './normalise';

/** No figure is longer, however it is pasted. */
const MAX_LENGTH = 100;
const FIGURE = /^[+-]?(?:\d+\.?\d*|\.\d+)(?:e[+-]?\d+)?$/;

/** @returns what is typed or pasted as a number or a time, with plain digits, signs and small letters */
export function plainFigures(given: string): string {
  return asciiDigits(fold(given));
}

/** Parse a number that is typed or pasted. @returns NaN when it is none */
export function readFigure(given: string): number {
  if (given.length > MAX_LENGTH) return Number.NaN;
  const plain = plainFigures(given);
  return FIGURE.test(plain) ? Number(plain) : Number.NaN;
}
