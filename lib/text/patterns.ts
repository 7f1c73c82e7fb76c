import { RE2JS, RE2Set } from 're2js';
import { invalid, LinktorError } from '../errors';
import { BoundedExpressions } from './bounded';
import { composed, normalised } from './normalise';
import { backtrackingPart, toRe2 } from './pattern-syntax';

/** A match of a pattern. */
export interface Captures {
  /** the whole match */
  match: string;
  /** the groups in order; undefined for a group that did not participate */
  groups: readonly (string | undefined)[];
  named: Readonly<Record<string, string | undefined>>;
}

/**
 * Milliseconds that JavaScript's engine may take for one text, since it blocks the whole process. Half of them for each
 * of the two forms of a text.
 */
const MAX_NATIVE_MS = 20;
/** The same when the linear engine can take over: most texts take a fraction of it, for others the time is wasted. */
const MAX_HEAD_START_MS = 8;
/** Maximum length of a text times size of the patterns for the linear engine to be fast enough for a chat. */
const MAX_STEPS = 1_000_000;
/** A pattern of at most this size, in instructions, is fast enough for a text of any length. */
const MAX_LIGHT_SIZE = 200;

/** One form of a pattern. */
interface Written {
  source: string;
  /** undefined: no engine can match it in linear time */
  linear?: RE2JS;
}

interface Options {
  /** patterns without a linear-time form are allowed, and matched with a time limit */
  allowSlow?: boolean;
  /** case-sensitive, and a text is tested only as received */
  exact?: boolean;
}

/**
 * Patterns of one node, tested together against untrusted texts, in time linear in the length of the text. They have
 * their JavaScript meaning with the flags `iu`. A text is tested as received, and in composed form without invisible
 * characters; each pattern may match either.
 */
export class Patterns {
  readonly #sources: readonly string[];
  readonly #linear: readonly (RE2JS | undefined)[];
  readonly #set: RE2Set;
  readonly #native: BoundedExpressions;
  readonly #formsOf: (text: string) => string[];
  /** index of the given pattern for each source, since a pattern may have two forms */
  readonly #owners: readonly number[];
  readonly #size: number;
  /** indices of the patterns that JavaScript's engine matches, with a time limit */
  readonly slow: readonly number[];

  /**
   * @param given the patterns
   * @throws LinktorError `validation` for an invalid pattern, or one without a linear-time form
   */
  constructor(given: readonly string[], options: Options = {}) {
    const { exact = false } = options;
    const written = given.flatMap((source, owner) => prepare(source, options).map((one) => ({ ...one, owner })));
    this.#formsOf = exact ? (text) => [text] : formsOf;
    this.#set = new RE2Set(RE2Set.UNANCHORED, exact ? 0 : RE2JS.CASE_INSENSITIVE);
    this.#sources = written.map(({ source }) => source);
    this.#linear = written.map(({ linear }) => linear);
    this.#owners = written.map(({ owner }) => owner);
    const limitMs = written.some(({ linear }) => !linear) ? MAX_NATIVE_MS : MAX_HEAD_START_MS;
    this.#native = new BoundedExpressions(this.#sources, exact ? 'u' : 'iu', exact ? limitMs : limitMs / 2);
    for (const { linear } of written) this.#set.add(linear?.pattern() ?? NEVER);
    this.#size = written.reduce((sum, { linear }) => sum + (linear?.programSize() ?? 0), 0);
    this.slow = [...new Set(written.flatMap(({ linear, owner }) => (linear ? [] : [owner])))];
  }

  /**
   * @returns which patterns match, in their order
   * @throws LinktorError `timeout` when the time ran out before
   */
  match(text: string): number[] {
    const found = new Set<number>();
    for (const form of this.#formsOf(text)) for (const index of this.#match(form)) found.add(this.#owners[index] ?? 0);
    return [...found].sort((one, other) => one - other);
  }

  /**
   * @param index of the pattern
   * @returns its match, undefined when there is none
   * @throws LinktorError `timeout`
   */
  captures(index: number, text: string): Captures | undefined {
    for (const form of this.#formsOf(text)) {
      for (const [place, owner] of this.#owners.entries()) {
        const found = owner === index ? this.#exec(place, form) : undefined;
        if (found) {
          const [match = '', ...groups] = found;
          return { match, groups, named: { ...found.groups } };
        }
      }
    }
    return undefined;
  }

  #match(text: string): number[] {
    if (this.slow.length === 0 && this.#size * text.length <= MAX_STEPS) return this.#set.match(text);
    // JavaScript's engine is faster for nearly all patterns. When it runs out of time, the linear one takes over.
    const results = this.#native.test(text);
    return results.flatMap((result, index) => ((result ?? this.#linearly(index, text)) ? [index] : []));
  }

  #linearly(index: number, text: string): boolean {
    const linear = this.#linear[index];
    if (!linear || (linear.programSize() > MAX_LIGHT_SIZE && linear.programSize() * text.length > MAX_STEPS)) {
      throw tooSlow(this.#sources[index] ?? '', text);
    }
    return linear.test(text);
  }

  #exec(index: number, text: string): RegExpExecArray | null {
    const linear = this.#linear[index];
    if (linear && linear.programSize() * text.length <= MAX_STEPS) return linear.exec(text) as RegExpExecArray | null;
    const found = this.#native.exec(index, text);
    if (found !== undefined) return found;
    if (!this.#linearly(index, text)) return null;
    return linear?.exec(text) as RegExpExecArray | null;
  }
}

/** Placeholder in the set for a pattern that only JavaScript's engine can match. */
const NEVER = '[^\\x{0}-\\x{10FFFF}]';

function formsOf(text: string): string[] {
  const form = composed(text);
  return form === text ? [text] : [text, form];
}

/** @returns the pattern as written, and in composed form if that differs */
function prepare(source: string, { allowSlow = false, exact = false }: Options): Written[] {
  const sources = exact ? [source] : [...new Set([source, normalised(source, 'NFC')])];
  try {
    for (const one of sources) new RegExp(one, 'u');
  } catch (error) {
    throw invalid(`"${source}" is not a regular expression: ${(error as Error).message}`, 'Correct the pattern.');
  }
  try {
    return sources.map((one) => ({ source: one, linear: compile(one, exact) }));
  } catch (error) {
    if (allowSlow) return sources.map((one) => ({ source: one }));
    throw invalid(
      `The pattern "${source}" cannot be matched in linear time: ${(error as Error).message}`,
      'Write it without look-around, back-references and repetitions over 1000: the text of a stranger could stop all flows.',
    );
  }
}

/** @throws Error that names the part without a linear-time form */
function compile(source: string, exact: boolean): RE2JS {
  const part = backtrackingPart(source);
  if (part !== undefined) throw new SyntaxError(`it holds ${part}`);
  return RE2JS.compile(RE2JS.translateRegExp(toRe2(source, !exact)), exact ? 0 : RE2JS.CASE_INSENSITIVE);
}

function tooSlow(source: string, text: string): LinktorError {
  return new LinktorError(
    'timeout',
    `The pattern "${source}" was not done with a text of ${text.length} characters in ${MAX_NATIVE_MS} ms.`,
    { hint: 'Write it without look-around, back-references and nested repetitions.' },
  );
}
