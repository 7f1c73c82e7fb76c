import { fold, readList } from '../text';
import type { OpeningHours } from './hours';
import {
  contactKinds,
  contactTest,
  conversationKinds,
  conversationTest,
  type KnownContact,
  type KnownConversation,
} from './read-rules';
import { type Caught, FreeRules, freeKinds, type RouteFacts, type RouteRule, within } from './rules';

/** Look-ups. Each is made at most once per message, and only when a rule that needs it is evaluated. */
export interface RouteSources {
  conversation(): Promise<KnownConversation>;
  /** @param index of the rule @returns the result of its expression */
  expression(index: number): boolean | Promise<boolean>;
  /** the current contact, with the time of its previous message */
  contact(): Promise<KnownContact>;
  /** @param names the intents of all rules, with their examples */
  intent(wanted: readonly Intent[]): Promise<Guess>;
  /** positive, negative, neutral ... */
  sentiment(): Promise<Guess>;
}

/** An intent with example texts. */
export interface Intent {
  name: string;
  examples: readonly string[];
}

export interface Guess {
  name?: string;
  /** 0 to 1 */
  confidence: number;
  /** source of the guess: server, model, examples */
  by: string;
}

export interface RouterSettings {
  rules: readonly RouteRule[];
  hours?: OpeningHours;
  /** first: the first matching rule of the table; all: every matching rule */
  match: 'first' | 'all';
  /** 0 to 1: a guess below it is unsure */
  threshold: number;
}

/** A route of a message. */
export interface Route extends Caught {
  name: string;
  /** index of the rule in the table; -1: no rule matched */
  index: number;
  /** the kind of the rule; `unsure`, `otherwise` */
  rule: string;
  /** source: text, message, conversation, expression, contact, server, model, examples, remembered, none */
  by: string;
  confidence?: number;
}

const ofText = new Set<string>(['keywords', 'startsWith', 'contains', 'equals', 'regex', 'command', 'choice']);

/**
 * Selects the route of a message. The first matching rule of the table wins. Free rules are evaluated first, so that a
 * rule that needs a call is evaluated only if it precedes the first free rule that matches.
 */
export class Router {
  readonly #settings: RouterSettings;
  readonly #free: FreeRules;
  readonly #intents: readonly Intent[];
  readonly #read: readonly (ReadTest | undefined)[];

  /** @throws LinktorError `validation` that names the invalid row */
  constructor(settings: RouterSettings) {
    this.#settings = settings;
    this.#free = new FreeRules(settings.rules, settings.hours);
    this.#intents = settings.rules
      .filter(({ rule }) => rule === 'intent')
      .map(({ name, value }) => ({ name, examples: readList(value, 'value') }));
    this.#read = settings.rules.map(({ rule, value }, index) => within(index, () => readTest(rule, value)));
  }

  /**
   * @returns the routes in the order of the table; none when no rule matches and there is no *otherwise*. An uncertain
   *   guess takes the separate route `unsure` when no other rule matches
   * @param before the rule of this conversation's last route, which is kept unless a free rule matches
   * @throws LinktorError of a look-up, `timeout` for a slow pattern
   */
  async route(facts: RouteFacts, sources: RouteSources, before?: number): Promise<Route[]> {
    const { rules, match } = this.#settings;
    const holds = this.#free.matcher(facts);
    const found: Route[] = [];
    const asked = new Asked(sources, this.#intents);
    let unsure: Guess | undefined;
    const firstFree = match === 'first' ? rules.findIndex((_, index) => holds(index)) : -1;
    const stays = firstFree < 0 && match === 'first' && before !== undefined ? rules[before] : undefined;
    if (stays) return [{ name: stays.name, index: before as number, rule: stays.rule, by: 'remembered' }];
    const end = firstFree < 0 ? rules.length : firstFree + 1;
    for (const [index, rule] of rules.slice(0, end).entries()) {
      if (rule.rule === 'otherwise') continue;
      const route = holds(index)
        ? this.#freeRoute(index, facts)
        : isFree(rule)
          ? undefined
          : await this.#costlyRoute(index, rule, facts, asked);
      if (route === 'unsure') unsure ??= await asked.intent();
      else if (route) found.push(route);
      if (found.length > 0 && match === 'first') break;
    }
    if (found.length > 0) return found;
    if (unsure) return [{ name: 'unsure', index: -1, rule: 'unsure', by: unsure.by, confidence: unsure.confidence }];
    const last = rules.findIndex(({ rule }) => rule === 'otherwise');
    return last < 0 ? [] : [{ name: rules[last]?.name ?? '', index: last, rule: 'otherwise', by: 'none' }];
  }

  #freeRoute(index: number, facts: RouteFacts): Route {
    const { name, rule } = this.#settings.rules[index] as RouteRule;
    const by = ofText.has(rule) ? 'text' : 'message';
    return { name, index, rule, by, ...this.#free.caught(index, facts) };
  }

  async #costlyRoute(
    index: number,
    { rule, value, name }: RouteRule,
    facts: RouteFacts,
    asked: Asked,
  ): Promise<Route | 'unsure' | undefined> {
    if (rule === 'jsonata') {
      return (await asked.sources.expression(index)) ? { name, index, rule, by: 'expression' } : undefined;
    }
    const read = this.#read[index];
    if (read) return (await read.holds(asked, facts.now)) ? { name, index, rule, by: read.by } : undefined;
    const guess = await (rule === 'intent' ? asked.intent() : asked.sentiment());
    const wanted = rule === 'intent' ? [name] : readList(value, 'value');
    const { confidence, by } = guess;
    if (!wanted.some((one) => fold(one) === fold(guess.name ?? ''))) return undefined;
    if (confidence < this.#settings.threshold) return rule === 'intent' ? 'unsure' : undefined;
    return { name, index, rule, by, confidence };
  }
}

/** Caches the look-ups of one message. */
class Asked {
  readonly sources: RouteSources;
  readonly #intents: readonly Intent[];
  #conversation: Promise<KnownConversation> | undefined;
  #contact: Promise<KnownContact> | undefined;
  #intent: Promise<Guess> | undefined;
  #sentiment: Promise<Guess> | undefined;

  constructor(sources: RouteSources, intents: readonly Intent[]) {
    this.sources = sources;
    this.#intents = intents;
  }

  conversation(): Promise<KnownConversation> {
    this.#conversation ??= this.sources.conversation();
    return this.#conversation;
  }

  contact(): Promise<KnownContact> {
    this.#contact ??= this.sources.contact();
    return this.#contact;
  }

  intent(): Promise<Guess> {
    this.#intent ??= this.sources.intent(this.#intents);
    return this.#intent;
  }

  sentiment(): Promise<Guess> {
    this.#sentiment ??= this.sources.sentiment();
    return this.#sentiment;
  }
}

/** A rule that requires reading a record. */
interface ReadTest {
  by: 'conversation' | 'contact';
  holds(asked: Asked, now: number): Promise<boolean>;
}

function readTest(rule: string, value: string): ReadTest | undefined {
  const ofConversation = conversationKinds.find((one) => one === rule);
  if (ofConversation) {
    const test = conversationTest(ofConversation, value);
    return { by: 'conversation', holds: async (asked) => test(await asked.conversation()) };
  }
  const ofContact = contactKinds.find((one) => one === rule);
  if (!ofContact) return undefined;
  const test = contactTest(ofContact, value);
  return { by: 'contact', holds: async (asked, now) => test(await asked.contact(), now) };
}

function isFree({ rule }: RouteRule): boolean {
  return (freeKinds as readonly string[]).includes(rule);
}
