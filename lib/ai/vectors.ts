import { invalid } from '../errors';

/**
 * Calculate the similarity of two vectors.
 * @returns the cosine of the angle between them: -1 (opposite) to 1 (the same direction)
 * @throws LinktorError `validation` when they differ in length, or one of them is zero
 */
export function cosine(one: readonly number[], other: readonly number[]): number {
  if (one.length !== other.length) {
    const lengths = `"first" has ${one.length}, "second" ${other.length}`;
    throw invalid(`The vectors differ in length: ${lengths}.`, 'Compare vectors that the same model has made.');
  }
  const [a, b] = [unit(one, 'first'), unit(other, 'second')];
  const product = a.reduce((total, figure, index) => total + figure * (b[index] as number), 0);
  return Math.min(1, Math.max(-1, product));
}

/** Scale a vector to length 1. It is first divided by its largest value, since squares of large ones would overflow. */
function unit(given: readonly number[], name: string): number[] {
  const largest = given.reduce((most, figure) => Math.max(most, Math.abs(figure)), 0);
  if (largest === 0) throw invalid(`The vector "${name}" has no direction: it is all zeros.`);
  const scaled = given.map((figure) => figure / largest);
  const length = Math.sqrt(scaled.reduce((total, figure) => total + figure * figure, 0));
  return scaled.map((figure) => figure / length);
}
