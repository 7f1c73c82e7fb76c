import { fold } from './normalise';

/**
 * Compile a case-insensitive pattern for names, in which `*` stands for any number of characters. Every pattern takes
 * time linear in the length of the name: the parts between the stars are searched in sequence, each at its first
 * possible position.
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
