import { fold } from './normalise';

/**
 * A test for names by a pattern in which `*` stands for any number of characters, in any case. Takes time in
 * proportion to the length of the name, whatever the pattern: the parts between the stars are looked for one after the
 * other, each at the first place where it can be.
 */
export function glob(pattern: string): (name: string) => boolean {
  const [first = '', ...others] = fold(pattern).split('*');
  const last = others.pop();
  if (last === undefined) return (name) => fold(name) === first;
  const middle = others.filter((part) => part !== '');
  return (given) => {
    const name = fold(given);
    if (name.length < first.length + last.length || !name.startsWith(first) || !name.endsWith(last)) return false;
    const end = name.length - last.length;
    let place = first.length;
    for (const part of middle) {
      const found = name.indexOf(part, place);
      if (found < 0 || found + part.length > end) return false;
      place = found + part.length;
    }
    return true;
  };
}

/** @returns a test for names that fit one of the patterns; true for every name when there are none */
export function globs(patterns: readonly string[]): (name: string) => boolean {
  if (patterns.length === 0) return () => true;
  const tests = patterns.map(glob);
  return (name) => tests.some((fits) => fits(name));
}
