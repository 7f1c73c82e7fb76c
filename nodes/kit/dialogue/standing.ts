import {
  type Choice,
  type Dialogue,
  type DialoguePlace,
  type Ending,
  type Language,
  phrase,
  type Said,
  steeringWords,
  textOf,
} from '../../../lib/dialogue/index';
import { choiceTagOf, wordsOf } from '../../../lib/messages/incoming';
import type { Message } from '../../../lib/model';
import { anyOf, commandOf, readList } from '../../../lib/text/index';
import type { AnswerContext, EndInfo } from '../define';
import { type Question, say, sendQuestion } from './question';
import type { SharedValues } from './shared-fields';

// A question that stands in a conversation, whichever node has asked it: what lies in its record, and what happens to it
// while it waits.

/** What a record keeps of its question. */
export interface Standing {
  text: string;
  choices: Choice[];
  /** of how many questions it is the next one; 0 for the first */
  step: number;
  language: Language;
  /** typed fields as they were when it was asked */
  typed: Partial<SharedValues>;
}

type Context = AnswerContext<SharedValues>;

const REMINDER_WHILE_TYPING_MS = 15_000;
/** letters by which a question is known again */
const MAX_KNOWN_LETTERS = 200;

export function standingOf({ data }: Dialogue): Standing {
  return data as unknown as Standing;
}

/** @returns the question as it is sent. Its buttons carry its tag, its requests its key. */
export function questionOf({ id, kind, data }: Pick<Dialogue, 'id' | 'kind' | 'data'>): Question {
  const { text, choices, step } = data as unknown as Standing;
  return { text, choices, tag: `${stemOf(id)}${(step % 36).toString(36)}`, key: keyOf({ kind, id }, step) };
}

/** A tag begins with what all questions of one dialogue have in common. */
const stemOf = (id: string) => id.slice(-3);

function keyOf({ kind, id }: Pick<Dialogue, 'kind' | 'id'>, step: number): string {
  return step === 0 ? `${kind}:${id}` : `${kind}:${id}:${step}`;
}

/** What is wrong, or a reminder, and what was offered once more. */
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

/** @returns the conversation of an answer, or of the question */
export function placeOf({ places }: Dialogue, said: readonly Said[]): string | undefined {
  return said.at(-1)?.message.conversationId ?? places[0]?.conversationId;
}

export function remindersOf({ reminders }: SharedValues): { after: number; text: string }[] {
  return reminders
    .map(({ after, text: words }) => ({ after: Number(after), text: String(words ?? '') }))
    .filter(({ after }) => after > 0)
    .sort((one, other) => one.after - other.after);
}

/** @returns when to try again instead: nobody is reminded while they write, or at night */
export async function remind(context: Context, asked: Dialogue): Promise<number | undefined> {
  const [place] = asked.places;
  const conversationId = place?.conversationId;
  if (conversationId === undefined) return undefined;
  const now = Date.now();
  const quietUntil = context.people.quietHours?.endAt(now);
  if (quietUntil !== undefined) return quietUntil;
  if (context.isTyping(conversationId)) return now + REMINDER_WHILE_TYPING_MS;
  const all = remindersOf(context.values);
  const number = all.length - asked.reminders.length;
  await repeat(context, asked, all[number]?.text || standingOf(asked).text, `remind:${number}`);
  return undefined;
}

/** @returns true for a command, and for a button of an earlier question whose press is left to the others */
export function letsThrough({ letThrough, late }: SharedValues, asked: Dialogue, message: Message): boolean {
  if (letThrough && commandOf(wordsOf(message)) !== undefined) return true;
  return late === 'pass' && isOldPress(asked, message);
}

/** A button that belongs to another question than the one that waits now. */
export function isOldPress(asked: Dialogue, message: Message): boolean {
  const tag = choiceTagOf(message);
  return tag !== undefined && tag !== questionOf(asked).tag;
}

/** @returns true for words that end the question, unless they are what it offers */
export function isCancelled(values: SharedValues, asked: Dialogue, said: readonly Said[]): boolean {
  const words = textOf(said.map(({ message }) => message));
  return isEnd(values, asked, words) && !isOffered(asked, words);
}

/** @returns true for a word that the question itself knows what to do with */
export function understands(values: SharedValues, asked: Dialogue, message: Message): boolean {
  const words = wordsOf(message);
  return isOffered(asked, words) || isEnd(values, asked, words);
}

function isOffered(asked: Dialogue, words: string): boolean {
  return standingOf(asked).choices.some(({ title }) => anyOf([title])(words));
}

function isEnd({ cancelWords }: SharedValues, asked: Dialogue, words: string): boolean {
  const { language } = standingOf(asked);
  const ends = cancelWords === '' ? steeringWords('cancel', language) : readList(cancelWords, 'cancelWords');
  return anyOf(ends)(words);
}

/** @returns what to say about an answer that does not fit */
export function complaint({ typed }: Standing, reason: string): string {
  return typed.invalidText?.replaceAll('{{reason}}', reason) ?? reason;
}

/**
 * Is this message the question? Channels without buttons have the choices in its text, and the self-hosted server shows
 * a message with buttons as the JSON that it has passed on (contract 8.2).
 */
export function isQuestion(asked: Dialogue, message: Message): boolean {
  const known = standingOf(asked).text.trim().slice(0, MAX_KNOWN_LETTERS);
  const words = message.interactive?.body?.text ?? wordsOf(message);
  return (
    message.senderType !== 'contact' && [known, JSON.stringify(known).slice(1, -1)].some((one) => words.includes(one))
  );
}

export function askAgain(context: Context, asked: Dialogue): Promise<DialoguePlace> {
  const { conversationId } = asked.places[0] ?? {};
  return sendQuestion(context, { conversationId }, questionOf(asked), context.msg);
}

export async function turnAway(context: Context, asked: Dialogue, { message }: Said): Promise<void> {
  const { language } = standingOf(asked);
  const words = context.values.notYouText || phrase(language, 'notYou');
  await say(context, message.conversationId, words, `${questionOf(asked).key}:notYou:${message.id}`);
}

/** A press on one of its buttons, or the first thing that is said after its time was up. */
export function isLate({ late }: SharedValues, asked: Dialogue, ending: Ending, { message }: Said): boolean {
  if (late !== 'tell') return false;
  const tag = choiceTagOf(message);
  return tag === undefined ? ending.kind === 'nobody' : tag.startsWith(stemOf(asked.id));
}

export async function tellLate(context: Context, asked: Dialogue, { message }: Said): Promise<void> {
  const words = phrase(standingOf(asked).language, 'late');
  await say(context, message.conversationId, words, `${questionOf(asked).key}:late:${message.id}`);
}

/** @returns how a dialogue has gone, for the message that tells its end */
export function historyOf(asked: Dialogue, ending: Ending, { restarted, said }: EndInfo): Record<string, unknown> {
  return {
    attempts: asked.attempts + Number(ending.kind === 'answered'),
    asked: new Date(asked.asked).toISOString(),
    waited: Math.round((Date.now() - asked.asked) / 1000),
    conversationId: placeOf(asked, said),
    restarted,
    ...(asked.uncertain && { uncertain: true }),
  };
}
