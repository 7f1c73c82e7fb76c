import { attachmentsOf, choiceOf, wordsOf } from '../messages/incoming';
import type { Message } from '../model';
import { e164 } from '../people/phone';
import { choose, LAST_TIME, type Patterns, tidy } from '../text';
import type { Language } from './languages';
import { dayIn, readDayOf } from './parse/day';
import { readNumber } from './parse/number';
import { readTimeOfDay } from './parse/time-of-day';
import { readYesNo } from './parse/yes-no';
import type { PhraseName } from './phrases';

export const answerKinds = [
  'anything',
  'text',
  'choice',
  'yesNo',
  'number',
  'date',
  'time',
  'email',
  'phone',
  'location',
  'media',
  'regex',
  'test',
] as const;
export type AnswerKind = (typeof answerKinds)[number];

/** An offered choice. */
export interface Choice {
  id: string;
  title: string;
  also?: readonly string[];
}

/** Rules for a valid answer. */
export interface AnswerRules {
  kind: AnswerKind;
  /** choice, yesNo: as offered */
  choices: readonly Choice[];
  /** text: fewest characters; number: lowest value; media: fewest files */
  least?: number;
  /** text: most characters; number: highest value; media: megabytes of a file */
  most?: number;
  /** regex */
  pattern?: Pick<Patterns, 'captures'>;
  /** test: true, false, or an error text to send */
  test?(text: string): Promise<unknown>;
  language: Language;
  /** ISO 3166 code */
  country?: string;
  /** IANA time zone */
  zone?: string;
}

export interface PickedChoice extends Choice {
  index: number;
  how: 'pressed' | 'number' | 'title' | 'word';
}

/** A valid answer, or the reply to an invalid one. */
export type Judged =
  | { ok: true; value: unknown; choice?: PickedChoice; captures?: Record<string, unknown> }
  | { ok: false; say: { phrase: PhraseName; values?: readonly (string | number)[] } | { text: string } };

/** @param messages one message, or several in quick succession */
export async function judge(messages: readonly Message[], rules: AnswerRules): Promise<Judged> {
  const text = textOf(messages);
  switch (rules.kind) {
    case 'anything':
      return anything(messages, text);
    case 'text':
      return readText(text, rules);
    case 'choice':
      return pressed(messages, rules) ?? chosen(text, rules);
    case 'yesNo':
      return yesNo(messages, text, rules);
    case 'number':
      return number(readNumber(text), rules);
    case 'date': {
      const now = timeOf(messages.at(-1));
      const example = dayIn(rules.zone, now + 86_400_000);
      return orSay(await readDayOf(text, { ...rules, now }), 'date', example);
    }
    case 'time':
      return orSay(readTimeOfDay(text), 'time');
    case 'email':
      return orSay(emailIn(text), 'email');
    case 'phone':
      return orSay(await phoneIn(messages, text, rules.country), 'phone');
    case 'location':
      return orSay(messages.find(({ location }) => location)?.location, 'location');
    case 'media':
      return media(messages, rules);
    case 'regex':
      return matching(text, rules);
    default:
      return tested(text, rules);
  }
}

/** @returns the text of an answer in one or several messages */
export function textOf(messages: readonly Message[]): string {
  const [only] = messages;
  if (only && messages.length === 1) return wordsOf(only);
  return messages
    .map(wordsOf)
    .filter((text) => text !== '')
    .join('\n');
}

function yes(value: unknown): Judged {
  return { ok: true, value };
}

function no(phrase: PhraseName, ...values: (string | number)[]): Judged {
  return { ok: false, say: { phrase, values } };
}

function orSay(value: unknown, phrase: PhraseName, ...values: string[]): Judged {
  return value === undefined ? no(phrase, ...values) : yes(value);
}

function anything(messages: readonly Message[], text: string): Judged {
  const attachments = messages.flatMap(attachmentsOf);
  const location = messages.find((message) => message.location)?.location;
  if (text !== '') return yes(text);
  return yes(location ?? (attachments.length > 0 ? attachments : text));
}

function readText(text: string, { least = 1, most = Number.POSITIVE_INFINITY }: AnswerRules): Judged {
  const { length } = [...text.trim()];
  if (tidy(text) === '') return no('text');
  if (length < least) return no('tooShort', least);
  return length > most ? no('tooLong', most) : yes(text.trim());
}

function number(value: number | undefined, { least, most }: AnswerRules): Judged {
  if (value === undefined) return no('number');
  if (least !== undefined && value < least) return no('tooSmall', least);
  return most !== undefined && value > most ? no('tooLarge', most) : yes(value);
}

/** @returns undefined when no choice was pressed, or one that was not offered here */
function pressed(messages: readonly Message[], { choices }: AnswerRules): Judged | undefined {
  for (const message of messages) {
    const id = choiceOf(message)?.id;
    const index = choices.findIndex((choice) => choice.id === id);
    const choice = choices[index];
    if (choice) return { ok: true, value: choice.id, choice: { ...choice, index, how: 'pressed' } };
  }
  return undefined;
}

function chosen(text: string, { choices }: AnswerRules): Judged {
  const found = choose(text, choices);
  if (found.kind === 'several') return no('several', ...found.options.slice(0, 2).map(({ title }) => title));
  if (found.kind === 'none') return no('choice');
  const { option, index, how } = found;
  return { ok: true, value: option.id, choice: { ...option, index, how: how === 'id' ? 'word' : how } };
}

/** The first choice means yes and the second no, whatever their titles. */
function yesNo(messages: readonly Message[], text: string, rules: AnswerRules): Judged {
  const picked = pressed(messages, rules) ?? chosen(text, rules);
  if (picked.ok) return { ...picked, value: picked.choice?.index === 0 };
  return orSay(readYesNo(text), 'yesNo');
}

/** No e-mail address is longer. */
const MAX_EMAIL_LENGTH = 320;
/** What people put around an address, or behind it, is no part of it. */
const EMAIL = /[^@'*~][^@]*@(?:[\p{L}\p{N}_-]+\.)+[\p{L}\p{N}-]{2,}/u;

function emailIn(text: string): string | undefined {
  const line = tidy(text);
  // Keyboards put a blank behind an address that they complete.
  const found = emailsIn(line) ?? emailsIn(line.replace(/ ?@ ?/g, '@'));
  return found?.size === 1 ? [...found][0] : undefined;
}

/** @returns undefined for none */
function emailsIn(line: string): ReadonlySet<string> | undefined {
  // Word by word: a single expression would rescan a long text from each of its characters.
  const words = line.split(/[\s<>,;:"()[\]]/);
  const found = words.flatMap((word) => (word.length > MAX_EMAIL_LENGTH ? [] : (EMAIL.exec(word)?.[0] ?? [])));
  return found.length === 0 ? undefined : new Set(found.map((one) => one.toLowerCase()));
}

/** A shared contact card is as valid as a typed number. */
async function phoneIn(messages: readonly Message[], text: string, country?: string): Promise<string | undefined> {
  const card = messages.find(({ contact }) => contact)?.contact;
  try {
    return await e164(card?.phones[0]?.number ?? tidy(text), country);
  } catch {
    return undefined;
  }
}

function media(messages: readonly Message[], { least = 1, most }: AnswerRules): Judged {
  const attachments = messages.flatMap(attachmentsOf);
  if (attachments.length === 0) return no('media');
  if (attachments.length < least) return no('tooFew', least);
  const isTooBig = attachments.some(
    ({ size }) => typeof size === 'number' && size > (most ?? Number.POSITIVE_INFINITY) * 1024 * 1024,
  );
  return isTooBig ? no('tooBig', most ?? 0) : yes(attachments);
}

function matching(text: string, { pattern }: AnswerRules): Judged {
  const captures = pattern?.captures(0, text);
  return captures ? { ok: true, value: text, captures: { ...captures } } : no('invalid');
}

async function tested(text: string, { test }: AnswerRules): Promise<Judged> {
  const result = await test?.(text);
  if (result === true) return yes(text);
  return typeof result === 'string' && result !== '' ? { ok: false, say: { text: result } } : no('invalid');
}

function timeOf(message: Message | undefined): number {
  const at = Date.parse(message?.createdAt ?? '');
  // Tomorrow has to be a day as well.
  return at <= LAST_TIME ? at : Date.now();
}
