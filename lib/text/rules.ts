import { commandTest } from './command';
import { fold, isPlain } from './normalise';
import { Patterns } from './patterns';

/** Kinds of text rules; `any` matches every text. */
export const textRules = ['any', 'startsWith', 'contains', 'equals', 'regex', 'command'] as const;

/** A compiled rule. */
export interface TextRule {
  /** @throws LinktorError `timeout` for a slow pattern that was not done in time */
  test(text: string): boolean;
  /** a pattern that cannot be matched in linear time, and runs with a time limit */
  isSlow: boolean;
}

interface RuleOptions {
  allowSlow?: boolean;
  fold?: Form;
}

/**
 * @param rule one of {@link textRules}
 * @param value the prefix, substring, text or pattern to match, or the name of a command
 * @param options.allowSlow accept patterns that cannot be matched in linear time
 * @param options.fold the normal form of texts, which may be shared by rules
 * @returns undefined for a rule that every text matches
 * @throws LinktorError `validation` for a bad pattern
 */
export function textRule(rule: string, value: string, options: RuleOptions = {}): TextRule | undefined {
  if (rule === 'any') return undefined;
  if (rule === 'regex') {
    const patterns = new Patterns([value], options);
    return { test: (text) => patterns.match(text).length > 0, isSlow: patterns.slow.length > 0 };
  }
  const test = rule === 'command' ? commandTest(value) : comparison(rule, value, options.fold ?? fold);
  return test && { test, isSlow: false };
}

type Form = (text: string) => string;

function comparison(rule: string, value: string, normal: Form): ((text: string) => boolean) | undefined {
  const wanted = fold(value);
  // A value of only invisible characters is searched unchanged.
  const form: Form = wanted === '' ? (text) => text : normal;
  const sought = wanted === '' ? value : wanted;
  switch (rule) {
    case 'startsWith':
      return beginning(form, sought);
    case 'contains':
      return (text) => form(text).includes(sought);
    case 'equals':
      return (text) => form(text) === sought;
    default:
      return undefined;
  }
}

/** Length of a text whose normal form, known from the rule before, costs less than that of its beginning. */
const SHORT_TEXT = 256;

/** Test only the beginning of a long text if that decides. */
function beginning(form: Form, sought: string): (text: string) => boolean {
  const enough = sought.length + 16;
  return (text) => {
    if (text.length <= SHORT_TEXT) return form(text).startsWith(sought);
    const head = text.slice(0, enough);
    if (head.length < text.length && isPlain(head)) {
      // The next character may still combine with the last letter, so one more is needed.
      const folded = form(head);
      if (folded.length > sought.length) return folded.startsWith(sought);
    }
    return form(text).startsWith(sought);
  };
}
