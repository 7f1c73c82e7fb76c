import { heldBack } from '../../../lib/charge/index';
import {
  type AnswerKind,
  type AnswerRules,
  type Choice,
  type DialoguePlace,
  type Judged,
  type Language,
  languageOf,
  phrase,
  yesAndNo,
} from '../../../lib/dialogue/index';
import { invalid } from '../../../lib/errors';
import { tagged } from '../../../lib/messages/choice-tag';
import { isObject } from '../../../lib/model';
import { type Recipient, sendRequestOf } from '../../../lib/sending/index';
import { Patterns, readList } from '../../../lib/text/index';
import { senderOf } from '../action/sender';
import type { AnswerContext, DialogueContext, People } from '../define';
import type { Msg } from '../red';
import type { SharedValues } from './shared-fields';

/** The common part of both contexts: asking a question, and replying to its answer. */
type Context = Pick<
  DialogueContext<never> | AnswerContext<never>,
  'client' | 'signal' | 'charge' | 'sentLog' | 'shared'
>;

/** longest time that a question waits in a conversation, days */
const MAX_TIMEOUT_DAYS = 30;
const DAY_MS = 24 * 3_600_000;
const UNIT_MS = { s: 1000, min: 60_000, h: 3_600_000, d: DAY_MS } as const;

/**
 * @param seconds timeout in the message, which takes precedence
 * @param keepDays days for which the account keeps open questions
 * @throws LinktorError `validation`
 */
export function timeoutMs(
  { timeout, timeoutUnit }: Pick<SharedValues, 'timeout' | 'timeoutUnit'>,
  keepDays: number,
  seconds?: unknown,
): number {
  const milliseconds = seconds === undefined ? timeout * UNIT_MS[timeoutUnit] : Number(seconds) * 1000;
  if (!(milliseconds >= 1000) || milliseconds > MAX_TIMEOUT_DAYS * DAY_MS) {
    throw invalid('A question waits for 1 second to 30 days.', 'Change the field "timeout" or msg.timeout.');
  }
  if (milliseconds <= keepDays * DAY_MS) return milliseconds;
  throw invalid(
    `A question of ${Math.ceil(milliseconds / DAY_MS)} days waits longer than the account keeps it: ${keepDays} days.`,
    'Shorten the field "timeout", or set "keepDays" of the account to more days.',
  );
}

/** @returns the chosen language, else the language of the contact, else of the account */
export function languageFor(chosen: SharedValues['language'], msg: Readonly<Msg>, { language }: People): Language {
  if (chosen !== 'auto') return chosen;
  const { contact } = msg;
  return (isObject(contact) ? languageOf(contact.language) : undefined) ?? language;
}

/**
 * Read the choices: a list of texts, or of `{title, id, also}`.
 * @throws LinktorError `validation` when there are no choices, or two have the same id
 */
export function readChoices(kind: AnswerKind, given: unknown, language: Language): Choice[] {
  if (kind !== 'choice' && kind !== 'yesNo') return [];
  const isEmpty = given === undefined || (Array.isArray(given) && given.length === 0);
  if (kind === 'yesNo' && isEmpty)
    return yesAndNo[language].map((title, index) => ({ id: ['yes', 'no'][index] ?? '', title }));
  if (!Array.isArray(given) || given.length === 0) {
    throw invalid('There is nothing to choose.', 'Fill in the table "choices", or give a list in msg.choices.');
  }
  const choices = given.map(readChoice);
  if (kind === 'yesNo' && choices.length !== 2)
    throw invalid('A question for yes or no has two choices: yes, then no.');
  const twice = choices.find(({ id }, index) => choices.findIndex((other) => other.id === id) !== index);
  if (twice) throw invalid(`Two choices have the id "${twice.id}".`, 'Give each choice an id of its own.');
  return choices;
}

function readChoice(given: unknown): Choice {
  const { title, id, also } = isObject(given) ? given : { title: given, id: undefined, also: undefined };
  if (typeof title !== 'string' && typeof title !== 'number') throw invalid('A choice has no title.');
  const words = also === undefined || also === '' ? [] : readList(also, 'also');
  return { id: String(id ?? title), title: String(title), ...(words.length > 0 && { also: words }) };
}

interface Asked {
  kind: AnswerKind;
  pattern: string;
  least?: number;
  most?: number;
}

/** Build the rules for an answer. @param test additional test by the author of the flow */
export function rulesFor(
  asked: Asked,
  choices: readonly Choice[],
  language: Language,
  { country, zone }: People,
  test?: (text: string) => Promise<unknown>,
): AnswerRules {
  const { kind, least, most } = asked;
  const pattern = kind === 'regex' ? new Patterns([asked.pattern], { allowSlow: true }) : undefined;
  return { kind, choices, least, most, pattern, test, language, country, zone };
}

/** @returns the reply to an invalid answer */
export function sayingOf(say: Extract<Judged, { ok: false }>['say'], language: Language): string {
  return 'text' in say ? say.text : phrase(language, say.phrase, ...(say.values ?? []));
}

export interface Question {
  text: string;
  choices: readonly Choice[];
  /** mark in its buttons, which identifies an old menu */
  tag: string;
  key: string;
}

/**
 * Send a question with its choices: as buttons, else as a list, else as numbers.
 * @param placed called before the question leaves, with the conversation that the send has found
 */
export async function sendQuestion(
  context: Context,
  to: Recipient,
  { text, choices, tag, key }: Question,
  msg: Readonly<Msg>,
  placed?: (place: DialoguePlace) => Promise<void>,
): Promise<DialoguePlace> {
  const offered = choices.map(({ id, title }) => ({ id: tagged(id, tag), title }));
  const kind = choices.length === 0 ? 'text' : 'buttons';
  const { contactId } = to;
  const request = sendRequestOf(
    to,
    {
      kind,
      text,
      buttons: offered,
      ifTooLong: 'split',
      ifNoButtons: 'list',
      replyTo: 'none',
      idempotency: 'key',
      waitFor: 'accepted',
      waitTimeout: 60,
      ifWindowClosed: 'fail',
      windowLanguage: '',
    },
    msg,
    key,
  );
  const result = await senderOf(context.shared).send(request, {
    client: context.client,
    signal: context.signal,
    gate: context.charge.gate(),
    source: () => {
      throw invalid('A question does not wait for its delivery.');
    },
    ...(placed && { prelude: ({ conversationId }) => placed({ conversationId, contactId }) }),
    onSent: ({ id: messageId, conversationId }, offered) =>
      context.sentLog.add({ messageId, conversationId, at: Date.now(), offered }),
  });
  if (result.reason !== undefined) throw heldBack();
  const { conversationId, messageIds, at } = result;
  return { conversationId, contactId, messageId: messageIds.at(-1), since: Date.parse(at) };
}

/** Send a text without a question. */
export async function say(context: Context, conversationId: string, text: string, key: string): Promise<void> {
  await sendQuestion(context, { conversationId }, { text, choices: [], tag: '', key }, {});
}
