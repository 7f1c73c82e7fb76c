import { invalid } from '../errors';
import { fold } from '../text';

/**
 * Compile a rule about a named value: `step = 2`, `step != done`, or only `step` for a value that exists and is neither
 * empty nor false. A dot selects a nested property. Case and white space are ignored.
 * @throws LinktorError `validation` when no name is given
 */
export function namedValueTest(text: string): (held: Readonly<Record<string, unknown>> | undefined) => boolean {
  const [, name = '', sign = '', wanted = ''] = /^\s*([^\s=!]+)\s*(!?=)?\s*([\s\S]*?)\s*$/.exec(text) ?? [];
  if (name === '' || (sign === '' && wanted !== '')) {
    throw invalid(`"${text}" does not name a value.`, 'Write it as name = value.');
  }
  const sought = fold(wanted);
  return (held) => {
    const found = read(held, name);
    if (sign === '') return found !== undefined && found !== null && found !== false && found !== '';
    const isSame = found !== undefined && fold(String(found)) === sought;
    return isSame === (sign === '=');
  };
}

/** Read a value by its path. @returns own properties only */
function read(held: Readonly<Record<string, unknown>> | undefined, name: string): unknown {
  let found: unknown = held;
  for (const part of name.split('.')) {
    if (typeof found !== 'object' || found === null || !Object.hasOwn(found, part)) return undefined;
    found = (found as Record<string, unknown>)[part];
  }
  return found;
}
