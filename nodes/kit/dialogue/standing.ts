import {
  type Choice,
  type Dialogue,
  type DialoguePlace,
  type Ending,
  isCancelWord,
  type Language,
  phrase,
  type Reply,
  readYesNo,
  textOf,
} from '../../../lib/dialogue/index';
import { choiceTagOf, wordsOf } from '../../../lib/messages/incoming';
import type { Message } from '../../../lib/model';
import { anyOf, commandOf, readList } from '../../../lib/text/index';
import type { AnswerContext, EndInfo } from '../define';
import { type Question, say, sendQuestion } from './question';
import type { SharedValues } from './shared-fields';

// An open question in a conversation, independent of the node that asked it: the data in its record, and its behaviour
// while it waits.

/** The data of a question in its record. */
export interface Standing {
  text: string;
  choices: Choice[];
  /** number of questions asked before this one */
  step: number;
  language: Language;
  /** values of typed fields at the time of the question */
  typed: Partial<SharedValues>;
}

type Context = AnswerContext<SharedValues>;

const REMINDER_WHILE_TYPING_MS = 15_000;
/** characters compared to recognise a question */
const MAX_KNOWN_LETTERS = 200;

export function standingOf({ data }: Dialogue): Standing {
  return data as unknown as Standing;
}

/** @returns the question to send; its buttons carry its tag, its requests its key */
export function questionOf({ id, kind, data }: Pick<Dialogue, 'id' | 'kind' | 'data'>): Question {
  const { text, choices, step } = data as unknown as Standing;
  return { text, choices, tag: `${stemOf(id)}${(step % 36).toString(36)}`, key: keyOf({ kind, id }, step) };
}

/** The common prefix of the tags of all questions in a dialogue. */
const stemOf = (id: string) => id.slice(-3);

function keyOf({ kind, id }: Pick<Dialogue, 'kind' | 'id'>, step: number): string {
  return step === 0 ? `${kind}:${id}` : `${kind}:${id}:${step}`;
}

/** Send a complaint or a reminder, with the choices again. */
export async function repeat(
  context: Context,
  asked: Dialogue,
  words: string,
  key: string,
  conversationId = asked.places[0]?.conversationId,
): Promise<DialoguePlace> {
  const question = questionOf(asked);
  return sendQuestion(context, { conversationId }, { ...question, text: words, key: `${question.key}:${key}` }, {});
}

/** @returns the conversation of the answer, else of the question */
export function placeOf({ places }: Dialogue, said: readonly Reply[]): string | undefined {
  return said.at(-1)?.message.conversationId ?? places[0]?.conversationId;
}

/** @returns the reminders that a node may send, the first one first; `after` is in minutes */
export function remindersOf({ reminders }: SharedValues): { after: number; text: string }[] {
  return reminders
    .map(({ after, text: words }) => ({ after: Number(after), text: String(words ?? '') }))
    .filter(({ after }) => after > 0)
    .sort((one, other) => one.after - other.after);
}

/** @returns milliseconds until the next attempt; no reminder is sent while the contact types, or in quiet hours */
export async function remind(context: Context, asked: Dialogue): Promise<number | undefined> {
  const [place] = asked.places;
  const conversationId = place?.conversationId;
  if (conversationId === undefined) return undefined;
  const now = Date.now();
  const quietUntil = context.people.quietHours?.endAt(now);
  if (quietUntil !== undefined) return quietUntil - now;
  if (context.isTyping(conversationId)) return REMINDER_WHILE_TYPING_MS;
  const all = remindersOf(context.values);
  const number = all.length - asked.reminders.length;
  await repeat(context, asked, all[number]?.text || standingOf(asked).text, `remind:${number}`);
  return undefined;
}

/** @returns true for a command, a reaction, and for a button of an earlier question that is left to other nodes */
export function letsThrough({ letThrough, late }: SharedValues, asked: Dialogue, message: Message): boolean {
  if (isReaction(message)) return !isSign(asked, message);
  if (letThrough && commandOf(wordsOf(message)) !== undefined) return true;
  return late === 'pass' && isOldPress(asked, message);
}

/** @returns true for an emoji on a question that means yes or no; others are no answers, and an emoji may be taken back */
function isSign(asked: Dialogue, message: Message): boolean {
  const { messageId } = (message.reaction ?? {}) as { messageId?: unknown };
  const isOnIt = asked.places.some((place) => place.messageId !== undefined && place.messageId === messageId);
  return isOnIt && standingOf(asked).choices.length === 2 && readYesNo(wordsOf(message)) !== undefined;
}

function isReaction({ contentType }: Message): boolean {
  return contentType === 'reaction';
}

/** @returns true for a button of another question than the current one */
export function isOldPress(asked: Dialogue, message: Message): boolean {
  const tag = choiceTagOf(message);
  return tag !== undefined && tag !== questionOf(asked).tag;
}

/** @returns true for words that end the question, unless the question offers them as a choice or in place of one */
export function isCancelled(values: SharedValues, asked: Dialogue, said: readonly Reply[]): boolean {
  const words = textOf(said.map(({ message }) => message));
  return isEnd(values, asked, words) && !isOffered(asked, words);
}

/** @returns true for a word that the question handles itself */
export function understands(values: SharedValues, asked: Dialogue, message: Message): boolean {
  const words = wordsOf(message);
  return isOffered(asked, words) || isEnd(values, asked, words);
}

function isOffered(asked: Dialogue, words: string): boolean {
  return standingOf(asked).choices.some(({ title, also = [] }) => anyOf([title, ...also])(words));
}

function isEnd({ cancelWords }: SharedValues, asked: Dialogue, words: string): boolean {
  const { language } = standingOf(asked);
  return cancelWords === '' ? isCancelWord[language](words) : anyOf(readList(cancelWords, 'cancelWords'))(words);
}

/** @returns the reply to an invalid answer */
export function complaint({ typed }: Standing, reason: string): string {
  return typed.invalidText?.replaceAll('{{reason}}', reason) ?? reason;
}

/**
 * @returns true if this message is the question. Channels without buttons have the choices in its text, and the
 * self-hosted server shows a message with buttons as the forwarded JSON (contract 8.2).
 */
export function isQuestion(asked: Dialogue, message: Message): boolean {
  const known = standingOf(asked).text.trim().slice(0, MAX_KNOWN_LETTERS);
  const words = message.interactive?.body?.text ?? wordsOf(message);
  return (
    message.senderType !== 'contact' && [known, JSON.stringify(known).slice(1, -1)].some((one) => words.includes(one))
  );
}

/** Send the question once more. @returns where it now stands @throws LinktorError */
export function askAgain(context: Context, asked: Dialogue): Promise<DialoguePlace> {
  const { conversationId } = asked.places[0] ?? {};
  return sendQuestion(context, { conversationId }, questionOf(asked), context.msg);
}

/** Tell somebody in a group that the question is not for them. @throws LinktorError */
export async function turnAway(context: Context, asked: Dialogue, { message }: Reply): Promise<void> {
  const { language } = standingOf(asked);
  const words = context.values.notYouText || phrase(language, 'notYou');
  await say(context, message.conversationId, words, `${questionOf(asked).key}:notYou:${message.id}`);
}

/** @returns true for a press on one of its buttons, or the first message after its timeout */
export function isLate({ late }: SharedValues, asked: Dialogue, ending: Ending, { message }: Reply): boolean {
  if (late !== 'tell' || isReaction(message)) return false;
  const tag = choiceTagOf(message);
  return tag === undefined ? ending.kind === 'timeout' : tag.startsWith(stemOf(asked.id));
}

/** Tell somebody that the question has ended. @throws LinktorError */
export async function tellLate(context: Context, asked: Dialogue, { message }: Reply): Promise<void> {
  const words = phrase(standingOf(asked).language, 'late');
  await say(context, message.conversationId, words, `${questionOf(asked).key}:late:${message.id}`);
}

/** @returns the history of a dialogue, for the message that reports its end */
export function historyOf(
  { now }: Pick<Context, 'now'>,
  asked: Dialogue,
  ending: Ending,
  { restarted, said }: EndInfo,
): Record<string, unknown> {
  return {
    attempts: asked.attempts + Number(ending.kind === 'answered'),
    asked: new Date(asked.asked).toISOString(),
    waited: Math.round((now - asked.asked) / 1000),
    conversationId: placeOf(asked, said),
    restarted,
    ...(asked.uncertain && { uncertain: true }),
  };
}
