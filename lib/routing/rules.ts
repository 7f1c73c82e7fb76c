import { invalid, LinktorError } from '../errors';
import { cleanId, commandOf, fold, Patterns, readList, textRule } from '../text';
import type { OpeningHours } from './hours';
import { keywords, type WordForm, wordForm } from './keywords';
import { namedValueTest } from './named-value';
import { contactKinds, conversationKinds } from './read-rules';

/** Kinds of rules, by the cost of their input. */
export const freeKinds = [
  'keywords',
  'startsWith',
  'contains',
  'equals',
  'regex',
  'command',
  'choice',
  'contentType',
  'channelType',
  'channel',
  'sender',
  'variable',
  'open',
  'closed',
] as const;
export const expressionKinds = ['jsonata'] as const;
export const modelKinds = ['intent', 'sentiment'] as const;
export const ruleKinds = [
  ...freeKinds,
  ...conversationKinds,
  ...expressionKinds,
  ...contactKinds,
  ...modelKinds,
  'otherwise',
] as const;

type PlainKind = Exclude<(typeof freeKinds)[number], 'regex'>;
export type RuleKind = (typeof ruleKinds)[number];

/** One row of the table. */
export interface RouteRule {
  rule: RuleKind;
  /** the value to match, in the syntax of its kind */
  value: string;
  /** the name of its route */
  name: string;
}

/** Facts of a message that need no look-up. */
export interface RouteFacts {
  text: string;
  choiceId?: string;
  contentType?: string;
  channelType?: string;
  channelId?: string;
  /** contact, agent, bot, system */
  senderType?: string;
  variables?: Readonly<Record<string, unknown>>;
  /** milliseconds since 1970 */
  now: number;
}

/** Facts of a matching rule. */
export interface Caught {
  /** of a regular expression: its groups, by number and by name */
  captures?: Readonly<Record<string, string | undefined>>;
  /** of a command: the words after it */
  args?: readonly string[];
  /** of opening hours: time of the next change, ISO 8601; absent without a change within a year */
  until?: string;
}

type Test = (facts: RouteFacts, forms: Forms) => boolean;

/** The forms of one text, each computed once and only when a rule needs it. */
class Forms {
  readonly #text: string;
  readonly #patterns: Patterns;
  #folded: string | undefined;
  #words: WordForm | undefined;
  #matched: ReadonlySet<number> | undefined;

  constructor(text: string, patterns: Patterns) {
    this.#text = text;
    this.#patterns = patterns;
  }

  get folded(): string {
    this.#folded ??= fold(this.#text);
    return this.#folded;
  }

  get words(): WordForm {
    this.#words ??= wordForm(this.folded);
    return this.#words;
  }

  /** @throws LinktorError `timeout` */
  matches(pattern: number): boolean {
    this.#matched ??= new Set(this.#patterns.match(this.#text));
    return this.#matched.has(pattern);
  }
}

/** The free rules of one node, which need only the message itself. Patterns are tested together. */
export class FreeRules {
  readonly #tests: readonly (Test | undefined)[];
  readonly #patterns: Patterns;
  /** index of the pattern by index of the rule */
  readonly #patternOf = new Map<number, number>();
  readonly #rules: readonly RouteRule[];
  readonly #hours: OpeningHours | undefined;

  /**
   * @param hours for the rules *open* and *closed*
   * @throws LinktorError `validation` that names the invalid row
   */
  constructor(rules: readonly RouteRule[], hours?: OpeningHours) {
    this.#rules = rules;
    this.#hours = hours;
    const sources: string[] = [];
    this.#tests = rules.map(({ rule, value }, index) => {
      if (rule === 'regex') {
        this.#patternOf.set(index, sources.length);
        sources.push(value);
        const pattern = sources.length - 1;
        return (_facts, forms) => forms.matches(pattern);
      }
      const kind = freeKinds.find((one): one is PlainKind => one === rule);
      return kind && within(index, () => testOf(kind, value, hours));
    });
    this.#patterns = within(-1, () => new Patterns(sources));
  }

  /** @returns a test whether the rule at an index matches; false for other kinds. @throws LinktorError `timeout` */
  matcher(facts: RouteFacts): (index: number) => boolean {
    const forms = new Forms(facts.text, this.#patterns);
    return (index) => this.#tests[index]?.(facts, forms) === true;
  }

  /** Facts of the matching rule at this index. */
  caught(index: number, { text, now }: RouteFacts): Caught {
    const pattern = this.#patternOf.get(index);
    if (pattern !== undefined) {
      const found = this.#patterns.captures(pattern, text);
      if (!found) return {};
      const numbered = Object.fromEntries([found.match, ...found.groups].map((group, place) => [place, group]));
      return { captures: { ...numbered, ...found.named } };
    }
    const kind = this.#rules[index]?.rule;
    if (kind === 'command') return { args: commandOf(text)?.args ?? [] };
    const change = kind === 'open' || kind === 'closed' ? this.#hours?.next(now) : undefined;
    return change === undefined ? {} : { until: new Date(change).toISOString() };
  }
}

/** @returns the result of `make` @throws its error, extended with the row */
export function within<T>(index: number, make: () => T): T {
  try {
    return make();
  } catch (error) {
    if (!(error instanceof LinktorError) || index < 0) throw error;
    throw invalid(`Rule ${index + 1}: ${error.message}`, error.cause.hint);
  }
}

function testOf(kind: PlainKind, value: string, hours: OpeningHours | undefined): Test {
  if (kind !== 'open' && kind !== 'closed' && value.trim() === '') {
    throw invalid('it has no value.', 'Say what it looks for, or take the rule away.');
  }
  switch (kind) {
    case 'keywords': {
      const test = keywords(value);
      return (_facts, { words }) => test(words);
    }
    case 'startsWith': {
      const sought = fold(value);
      return (_facts, { folded }) => folded.startsWith(sought);
    }
    case 'contains': {
      const sought = fold(value);
      return (_facts, { folded }) => folded.includes(sought);
    }
    case 'equals': {
      const sought = fold(value);
      return (_facts, { folded }) => folded === sought;
    }
    case 'command': {
      const command = textRule('command', value);
      return ({ text }) => command?.test(text) === true;
    }
    case 'choice':
      return oneOf(fold, value, ({ choiceId }) => choiceId);
    case 'contentType':
      return oneOf(fold, value, ({ contentType }) => contentType);
    case 'channel':
      return oneOf(cleanId, value, ({ channelId }) => channelId);
    case 'sender':
      return oneOf(fold, value, ({ senderType }) => senderType);
    case 'channelType': {
      // A prefix of a type is enough: whatsapp also matches whatsapp_official and the like.
      const types = readList(value, 'value').map(fold);
      return ({ channelType = '' }) => types.some((type) => channelType.startsWith(type));
    }
    case 'variable': {
      const test = namedValueTest(value);
      return ({ variables }) => test(variables);
    }
    case 'open':
    case 'closed': {
      if (!hours) throw invalid('it needs opening hours.', 'Choose them in the field "hours".');
      return ({ now }) => hours.isOpen(now) === (kind === 'open');
    }
  }
}

/** @param form the normal form of both sides */
function oneOf(form: (text: string) => string, value: string, read: (facts: RouteFacts) => string | undefined): Test {
  // The id of a choice may be its title, with a comma in it.
  const wanted = new Set([value, ...readList(value, 'value')].map(form));
  return (facts) => wanted.has(form(read(facts) ?? ''));
}
