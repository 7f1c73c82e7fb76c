import { words } from './words';

export const DIMENSION = 256;

/**
 * A deterministic embedding of unit length: words and trigrams, hashed into 256 dimensions. Texts that share words and
 * parts of words are close.
 */
export function vector(text: string): number[] {
  const places = new Array<number>(DIMENSION).fill(0);
  for (const word of words(text)) {
    add(places, word, 1);
    const padded = `<${word}>`;
    for (let at = 0; at + 3 <= padded.length; at += 1) add(places, `#${padded.slice(at, at + 3)}`, 0.4);
  }
  const length = Math.hypot(...places);
  // A text without words still needs a direction: cosine similarity would divide by zero.
  if (length === 0) return places.map((_, index) => (index === 0 ? 1 : 0));
  return places.map((place) => place / length);
}

export function cosine(a: number[], b: number[]): number {
  return a.reduce((sum, value, index) => sum + value * (b[index] ?? 0), 0);
}

function add(places: number[], feature: string, weight: number): void {
  const code = hash(feature);
  const place = code % DIMENSION;
  places[place] = (places[place] ?? 0) + (code & 0x10000 ? weight : -weight);
}

/** FNV-1a, 32 bits. */
function hash(text: string): number {
  let code = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    code = Math.imul(code ^ text.charCodeAt(index), 0x01000193) >>> 0;
  }
  return code;
}
