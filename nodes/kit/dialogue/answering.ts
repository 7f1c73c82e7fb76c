import type { LinktorClient } from '../../../lib/client/index';
import { type Dialogue, languageOf, type QuietHours } from '../../../lib/dialogue/index';
import type { Account } from '../account/account';
import type { AnswerContext, People } from '../define';
import { type Evaluate, evaluateProperty } from '../evaluate';
import type { Output } from '../outputs';
import type { Msg, RED, RunningNode } from '../red';
import type { SharedValues } from './shared-fields';

/** What all answers of one node have in common. */
export interface AnsweringParts {
  red: RED;
  node: RunningNode;
  evaluate: Evaluate;
  people(): People;
  outputs: readonly Output[];
  /** the values that need no message */
  fixed: SharedValues;
  /** aborted when the node closes */
  signal: AbortSignal;
  /** @returns now, in milliseconds of the clock of the record */
  now(dialogue: Dialogue): number;
  isTyping(conversationId: string): boolean;
  report(dialogue: Dialogue, problem: unknown): void;
}

/** The context of an answer. Most answers need little of it, so it is created on access. */
export class Answering implements AnswerContext<never> {
  readonly values: never;
  readonly msg: Readonly<Msg>;
  readonly #parts: AnsweringParts;
  readonly #account: Account;
  readonly #dialogue: Dialogue;
  #client: LinktorClient | undefined;

  constructor(parts: AnsweringParts, account: Account, dialogue: Dialogue) {
    const { typed = {} } = dialogue.data as { typed?: Record<string, unknown> };
    let isTyped = false;
    for (const name in typed) if (typed[name] !== undefined) isTyped = true;
    this.#parts = parts;
    this.#account = account;
    this.#dialogue = dialogue;
    this.values = (isTyped ? { ...parts.fixed, ...typed } : parts.fixed) as never;
    this.msg = carriedOf(dialogue);
  }

  get client(): LinktorClient {
    const { signal } = this.#parts;
    this.#client ??= this.#account.client().with({ signal, onAnswer: () => this.#account.onSuccess() });
    return this.#client;
  }

  get signal() {
    return this.#parts.signal;
  }

  get charge() {
    return this.#account.charge();
  }

  get sentLog() {
    return this.#account.sentLog;
  }

  get shared() {
    return this.#account.notes;
  }

  get people() {
    return this.#parts.people();
  }

  get outputs() {
    return this.#parts.outputs;
  }

  get valuesOf() {
    return async (entry: Readonly<Msg>) => (await this.#parts.evaluate.each(entry)) as never;
  }

  get expression() {
    const { red, node } = this.#parts;
    return (value: string, entry: Readonly<Msg>) =>
      evaluateProperty(red, node, { value, type: 'jsonata' }, entry as Msg, 'The expression');
  }

  get now() {
    return this.#parts.now(this.#dialogue);
  }

  get isTyping() {
    return (conversationId: string) => this.#parts.isTyping(conversationId);
  }

  get report() {
    return (problem: unknown) => this.#parts.report(this.#dialogue, problem);
  }
}

/** @returns the message that a dialogue carries, with the names of what could not be kept */
export function carriedOf({ carried, dropped }: Pick<Dialogue, 'carried' | 'dropped'>): Msg {
  if (dropped.length === 0) return { ...carried };
  const before = typeof carried.linktor === 'object' ? carried.linktor : {};
  return { ...carried, linktor: { ...before, dropped } };
}

/** Locale and time settings of an account. @param nodeRedLanguage of its editor, for accounts without their own */
export function peopleOf(
  { people: { language, country, zone, keepDays } }: Pick<Account, 'people'>,
  nodeRedLanguage: unknown,
  quietHours: QuietHours | undefined,
): People {
  const own = languageOf(language) ?? languageOf(nodeRedLanguage) ?? 'en-US';
  return { language: own, country: country || undefined, zone: zone || undefined, quietHours, keepDays };
}
