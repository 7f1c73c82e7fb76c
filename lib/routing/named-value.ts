import { invalid } from '../errors';
import { cleanId, fold } from '../text';

const SYNTAX = /^\s*([^\s=＝!！]+)\s*([!！]?[=＝]{1,3})?\s*([\s\S]*?)\s*$/;
const QUOTED = /^(["'])(.*)\1$/s;

/**
 * Compile a rule about a named value: `step = 2`, `step != done`, or only `step` for a value that exists and is neither
 * empty nor false. A dot selects a nested property. Case and white space are ignored, and quotes around the value; `==`
 * is the same as `=`.
 * @throws LinktorError `validation` when no name is given
 */
export function namedValueTest(text: string): (held: Readonly<Record<string, unknown>> | undefined) => boolean {
  const [, given = '', sign = '', wanted = ''] = SYNTAX.exec(text) ?? [];
  const name = cleanId(given);
  if (name === '' || (sign === '' && wanted !== '')) {
    throw invalid(`"${text}" does not name a value.`, 'Write it as name = value.');
  }
  const value = fold(wanted);
  const sought = new Set([value, QUOTED.exec(value)?.[2] ?? value]);
  return (held) => {
    const found = read(held, name);
    if (sign === '') return found !== undefined && found !== null && found !== false && found !== '';
    const isSame = found !== undefined && sought.has(fold(String(found)));
    return isSame !== /^[!！]/.test(sign);
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
