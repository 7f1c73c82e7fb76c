import { LinktorError } from '../errors';
import { BoundedRunner, Patterns } from '../text';

/** maximum milliseconds to check an answer, if the schema has patterns without a linear-time form, or refers to itself */
const MAX_SLOW_MS = 40;

/** A validating keyword of a schema, in ajv's form. */
interface Check {
  (isWanted: boolean, list: readonly unknown[]): boolean;
  errors?: { keyword: string; message: string }[];
}

/**
 * Keywords that run in linear time, in place of those that take quadratic time or worse in the length of an answer:
 * patterns and the comparison of all items of a list.
 */
/** @param isRecursive alternatives within alternatives take time exponential in the depth of an answer */
export function linearKeywords(isRecursive: boolean) {
  const runner = new BoundedRunner(MAX_SLOW_MS);
  let hasSlow = isRecursive;
  const regExp = (source: string, flags: string) => {
    const patterns = new Patterns([source], { exact: true, allowSlow: true });
    if (patterns.slow.length > 0) {
      hasSlow = true;
      return new RegExp(source, flags);
    }
    // ajv distinguishes patterns by their texts.
    return { test: (text: string) => patterns.match(text).length > 0, toString: () => source };
  };
  const validate: Check = (isWanted, list) => {
    const twin = isWanted ? twinIn(list) : undefined;
    if (!twin) return true;
    const [later, earlier] = twin;
    const message = `must NOT have duplicate items (items ## ${later} and ${earlier} are identical)`;
    validate.errors = [{ keyword: 'uniqueItems', message }];
    return false;
  };
  return {
    regExp: Object.assign(regExp, { code: 'linear' }),
    uniqueItems: {
      keyword: 'uniqueItems',
      type: 'array' as const,
      schemaType: 'boolean' as const,
      errors: true,
      validate,
    },
    /** @throws LinktorError `timeout` when slow patterns take too long */
    check(work: () => boolean): boolean {
      if (!hasSlow) return work();
      let isFit = false;
      const isDone = runner.run(() => {
        isFit = work();
      });
      if (isDone) return isFit;
      throw new LinktorError('timeout', `the schema was not done with it in ${MAX_SLOW_MS} ms`);
    },
  };
}

/** @returns the indices of two equal items */
function twinIn(list: readonly unknown[]): [later: number, earlier: number] | undefined {
  const seen = new Map<string, number>();
  for (const [index, item] of list.entries()) {
    const written = writtenOf(item);
    const earlier = seen.get(written);
    if (earlier !== undefined) return [index, earlier];
    seen.set(written, index);
  }
  return undefined;
}

/** Encode a value as JSON with sorted keys. */
function writtenOf(value: unknown): string {
  if (typeof value !== 'object' || value === null) return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(writtenOf).join()}]`;
  const entries = Object.entries(value).map(([key, inner]) => `${JSON.stringify(key)}:${writtenOf(inner)}`);
  return `{${entries.sort().join()}}`;
}
