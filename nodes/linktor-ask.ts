import { isHeldBack, PERSON_IN_CHARGE } from '../lib/charge';
import {
  type Choice,
  cancelWordsOf,
  type Dialogue,
  type DialoguePlace,
  type Ending,
  judge,
  type Language,
  phrase,
  type Said,
  type Step,
  textOf,
} from '../lib/dialogue';
import { invalid } from '../lib/errors';
import { attachmentsOf, wordsOf } from '../lib/messages/incoming';
import { listOf, type Recipient, sendToAll, unsentError } from '../lib/sending';
import { anyOf, commandOf, readList } from '../lib/text';
import { type AnswerContext, type DialogueContext, dialogue, type EndInfo, type Outcome } from './kit/define';
import { type AskValues, askFields } from './kit/dialogue/ask-fields';
import {
  languageFor,
  type Question,
  readChoices,
  rulesFor,
  say,
  sayingOf,
  sendQuestion,
  timeoutMs,
} from './kit/dialogue/question';

type Given = AskValues;
type Asking = DialogueContext<Given>;
type Answering = AnswerContext<Given>;

/** What a question needs when its answer comes. */
interface AskData {
  text: string;
  choices: Choice[];
  tag: string;
  language: Language;
  /** typed fields as they were when it was asked */
  typed: Partial<Given>;
}

const REMINDER_WHILE_TYPING_MS = 15_000;

/** Ask, wait for as long as it takes, and go on with the answer. */
export default dialogue({
  type: 'linktor-ask',
  kind: 'ask',
  outputs: ['answer', 'nobody', 'ended'],
  result: 'payload',
  busy: 'asking',
  label: ['kind'],
  fields: askFields,
  async run(context) {
    const { values, msg, people: ours } = context;
    const { kind, question, choices, least, most, invalidText, who, another } = values;
    const language = languageFor(msg, ours);
    const offered = readChoices(kind, choices, language);
    // What is wrong about the rules is found before anybody is asked.
    rulesFor(values, offered, language, ours);
    const data: AskData = { text: question, choices: offered, tag: '', language, typed: { least, most, invalidText } };
    const asked = context.ask({
      places: placesOf(context),
      who,
      whoIds: who === 'these' ? values.whoIds : [],
      timeoutMs: timeoutMs(values.timeout, values.timeoutUnit, msg.timeout),
      reminders: remindersOf(values).map(({ after }) => after * 60_000),
      another,
      carry: values.carry === 'only' ? readList(values.carryOnly, 'carryOnly') : undefined,
      data: { ...data },
      send: (id, placed) => send(context, { text: question, choices: offered, tag: tagOf(id), key: keyOf(id) }, placed),
    });
    await asked.catch(async (error: unknown) => {
      if (!isHeldBack(error)) throw error;
      const sent = { status: 'skipped', reason: PERSON_IN_CHARGE };
      await context.emit({ result: undefined, keepPayload: true, port: 2, properties: { reason: 'taken_over', sent } });
    });
  },
  join: ({ join, kind }) => (join === '' ? Number(kind === 'text' || kind === 'media') : Number(join) || 0),
  letsThrough: ({ letThrough }, message) => letThrough && commandOf(wordsOf(message)) !== undefined,
  understands: ({ values }, asked, message) => {
    const { choices, language } = dataOf(asked);
    const words = wordsOf(message);
    return isOneOf(choices, words) || anyOf(endWordsOf(values, language))(words);
  },
  take,
  async remind(context, asked) {
    const [place] = asked.places;
    const conversationId = place?.conversationId;
    if (conversationId === undefined) return undefined;
    if (context.isTyping(conversationId)) return Date.now() + REMINDER_WHILE_TYPING_MS;
    const all = remindersOf(context.values);
    const number = all.length - asked.reminders.length;
    const { text: question } = dataOf(asked);
    await repeat(context, asked, all[number]?.text || question, `remind:${number}`);
    return undefined;
  },
  outcome,
});

function dataOf({ data }: Dialogue): AskData {
  return data as unknown as AskData;
}

const keyOf = (id: string) => `ask:${id}`;
const tagOf = (id: string) => id.slice(-4);

function remindersOf({ reminders }: Given): { after: number; text: string }[] {
  return reminders
    .map(({ after, text: words }) => ({ after: Number(after), text: String(words ?? '') }))
    .filter(({ after }) => after > 0)
    .sort((one, other) => one.after - other.after);
}

/** Where the question goes, as far as that is known before it is sent. */
function placesOf({ values, msg }: Asking): DialoguePlace[] {
  const { to, conversation: conversationId, contact: contactId } = values;
  if (to === 'conversation')
    return [{ conversationId, ...(typeof msg.contactId === 'string' && { contactId: msg.contactId }) }];
  if (to === 'contact') return [{ contactId }];
  return [];
}

async function send(
  context: Asking,
  question: Question,
  placed: (place: DialoguePlace) => Promise<void>,
): Promise<DialoguePlace[]> {
  const { values, msg } = context;
  const { to, conversation: conversationId, contact: contactId, address, channel: channelId } = values;
  const { country } = context.people;
  if (values.waitOnly) {
    if (to === 'conversation') return [{ conversationId, since: Date.now() }];
    throw invalid('Only a conversation can be waited for without a question.');
  }
  if (to === 'conversation') return [await sendQuestion(context, { conversationId }, question, msg)];
  if (to !== 'list')
    return [await sendQuestion(context, { contactId, address, channelId, country }, question, msg, placed)];
  const places: DialoguePlace[] = [];
  const summary = await sendToAll(
    listOf(values.recipients ?? msg.payload),
    async ({ to: recipient }) => {
      const who = encodeURIComponent(recipient.conversationId ?? recipient.contactId ?? recipient.address ?? '');
      const own: Recipient = { channelId, country, ...recipient };
      const place = await sendQuestion(context, own, { ...question, key: `${question.key}:${who}` }, msg, placed);
      places.push(place);
      return place;
    },
    async () => {},
  );
  // Somebody has been asked: who could not be reached is told by Catch only when nobody could.
  if (places.length === 0) throw unsentError(summary);
  return places;
}

function isOneOf(choices: readonly Choice[], words: string): boolean {
  return choices.some(({ title }) => anyOf([title])(words));
}

function endWordsOf({ cancelWords }: Given, language: Language): readonly string[] {
  return cancelWords === '' ? cancelWordsOf(language) : readList(cancelWords, 'cancelWords');
}

async function take(context: Answering, asked: Dialogue, said: readonly Said[]): Promise<Step> {
  const { values } = context;
  const { choices, language, typed: before } = dataOf(asked);
  const messages = said.map(({ message }) => message);
  const words = textOf(messages);
  const isChoice = isOneOf(choices, words);
  if (!isChoice && anyOf(endWordsOf(values, language))(words))
    return { kind: 'end', ending: { kind: 'ended', reason: 'cancelled' } };
  const test = async (answer: string) => (await context.valuesOf({ ...context.msg, payload: answer })).test;
  const judged = await judge(messages, rulesFor(values, choices, language, context.people, test));
  if (judged.ok) {
    const { choice: picked, captures } = judged;
    return { kind: 'end', ending: { kind: 'answered', value: judged.value, facts: { choice: picked, captures } } };
  }
  const attempts = asked.attempts + 1;
  if (attempts > values.tries) return { kind: 'end', ending: { kind: 'ended', reason: 'invalid' } };
  const reason = sayingOf(judged.say, language);
  const written = before.invalidText?.replaceAll('{{reason}}', reason) ?? reason;
  const afterwards = () => repeat(context, asked, written, `try:${attempts}`, placeOf(asked, said));
  return { kind: 'stay', change: { attempts }, afterwards };
}

/** What is wrong, then what was offered, once more. */
async function repeat(
  context: Answering,
  { id, data, places }: Dialogue,
  words: string,
  key: string,
  conversationId = places[0]?.conversationId,
): Promise<void> {
  const { choices } = data as unknown as AskData;
  const question = { text: words, choices, tag: tagOf(id), key: `${keyOf(id)}:${key}` };
  await sendQuestion(context, { conversationId }, question, {});
}

function placeOf({ places }: Dialogue, said: readonly Said[]): string | undefined {
  return said.at(-1)?.message.conversationId ?? places[0]?.conversationId;
}

async function outcome(context: Answering, asked: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome> {
  const { restarted, said } = info;
  const answered = Date.now();
  const messages = said.map(({ message }) => message);
  const last = messages.at(-1);
  const conversationId = placeOf(asked, said);
  const facts = {
    attempts: asked.attempts + Number(ending.kind === 'answered'),
    asked: new Date(asked.asked).toISOString(),
    waited: Math.round((answered - asked.asked) / 1000),
    conversationId,
    restarted,
    ...(asked.uncertain && { uncertain: true }),
  };
  if (ending.kind !== 'answered') {
    const reason = ending.kind === 'nobody' ? 'timeout' : ending.reason;
    const port = ending.kind === 'nobody' ? 1 : 2;
    return { result: undefined, keepPayload: true, port, properties: { reason, answer: facts } };
  }
  await tellOthers(context, asked, conversationId);
  const answer = {
    ...facts,
    ...ending.facts,
    text: textOf(messages),
    value: ending.value,
    answered: new Date(answered).toISOString(),
    messageId: last?.id,
    by: { type: last?.senderType, id: last?.senderId, name: said.at(-1)?.conversation?.contact?.name },
    attachments: messages.flatMap(attachmentsOf),
  };
  return { result: ending.value, properties: { answer, reason: undefined } };
}

/** Everybody else who was asked reads that the question is over. */
async function tellOthers(context: Answering, { id, places, data }: Dialogue, answeredIn: string | undefined) {
  const { language } = data as unknown as AskData;
  const words = context.values.closedText || phrase(language, 'closed');
  const others = places.filter(({ conversationId }) => conversationId !== undefined && conversationId !== answeredIn);
  for (const { conversationId = '' } of others) {
    // The answer counts, whether they can be told or not.
    await say(context, conversationId, words, `${keyOf(id)}:closed:${conversationId}`).catch(() => undefined);
  }
}
