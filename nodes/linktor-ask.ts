import {
  type Dialogue,
  type DialoguePlace,
  type Ending,
  judge,
  type PickedChoice,
  phrase,
  type Reply,
  type Step,
  textOf,
} from '../lib/dialogue';
import { invalid } from '../lib/errors';
import { attachmentsOf } from '../lib/messages/incoming';
import { failedRecipients, listOf, type Recipient, sendToAll, unsentError } from '../lib/sending';
import { readList } from '../lib/text';
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
import {
  complaint,
  historyOf,
  isCancelled,
  isOldPress,
  placeOf,
  questionOf,
  remindersOf,
  repeat,
  type Standing,
  standingOf,
} from './kit/dialogue/standing';
import { understood } from './kit/dialogue/understand';

type Given = AskValues;
type Asking = DialogueContext<Given>;
type Answering = AnswerContext<Given>;

/** Ask a question, wait for the answer, and continue with it. */
export default dialogue({
  type: 'linktor-ask',
  kind: 'ask',
  outputs: ['answer', 'nobody', 'ended'],
  rowOutputs: {
    field: 'choices',
    column: 'title',
    key: 'id',
    when: { branch: ['byChoice'], kind: ['choice', 'yesNo'] },
    instead: 'answer',
  },
  templates: {
    approval: {
      kind: 'yesNo',
      to: 'list',
      who: 'these',
      branch: 'byChoice',
      question: '@question',
      choices: [
        { title: '@approve', id: 'approved' },
        { title: '@refuse', id: 'refused' },
      ],
    },
    rating: {
      kind: 'choice',
      question: '@question',
      choices: ['5', '4', '3', '2', '1'].map((id) => ({ title: `@stars${id}`, id })),
    },
  },
  result: 'payload',
  busy: 'asking',
  label: ['kind'],
  fields: askFields,
  async run(context) {
    const { values, msg, people } = context;
    const { kind, question, choices, least, most, invalidText, who, another } = values;
    const language = languageFor(values.language, msg, people);
    const offered = readChoices(kind, choices, language);
    // Report invalid rules before the question is sent.
    rulesFor(values, offered, language, people);
    const typed = { least, most, invalidText } as Standing['typed'];
    const data: Standing = { text: question, choices: offered, step: 0, language, typed };
    await context.ask({
      places: placesOf(context),
      who,
      whoIds: who === 'these' ? values.whoIds : [],
      timeoutMs: timeoutMs(values, people.keepDays, msg.timeout),
      reminders: remindersOf(values).map(({ after }) => after * 60_000),
      another,
      carry: values.carry === 'only' ? readList(values.carryOnly, 'carryOnly') : undefined,
      data: { ...data },
      send: (id, placed) => send(context, questionOf({ kind: 'ask', id, data }), placed),
    });
    return undefined;
  },
  join: ({ join, kind }) => (join === '' ? Number(kind === 'text' || kind === 'media') : Number(join) || 0),
  take,
  outcome,
});

/** @returns the places of the question, as far as they are known before it is sent */
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
    if (to === 'conversation') return [{ conversationId, since: context.client.serverTime }];
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
  // Failed recipients are an error only if no recipient was reached.
  if (places.length === 0) throw unsentError(summary);
  if (summary.failed.length > 0) context.warn(`Not asked:\n${failedRecipients(summary)}`);
  return places;
}

async function take(context: Answering, asked: Dialogue, given: readonly Reply[]): Promise<Step> {
  const { values, people } = context;
  const { choices, language, text } = standingOf(asked);
  const said = given.filter(({ message }) => !isOldPress(asked, message));
  const [late] = said.length === 0 ? given : [];
  if (late) {
    const words = phrase(language, 'late');
    const where = late.message.conversationId;
    const afterwards = () => say(context, where, words, `${questionOf(asked).key}:late:${late.message.id}`);
    return { kind: 'stay', change: {}, afterwards };
  }
  if (isCancelled(values, asked, said)) return { kind: 'end', ending: { kind: 'ended', reason: 'cancelled' } };
  const test = async (answer: string) => {
    try {
      return (await context.valuesOf({ ...context.msg, payload: answer })).test;
    } catch (thrown) {
      // An answer that the expression cannot cope with does not fit; the person is told, and the author.
      context.report(thrown);
      return false;
    }
  };
  const rules = rulesFor(values, choices, language, people, test);
  const messages = said.map(({ message }) => message);
  const plain = await judge(messages, rules);
  const judged = plain.ok || !values.understand ? plain : ((await understood(context, text, messages, rules)) ?? plain);
  if (judged.ok) {
    const { choice, captures } = judged;
    return { kind: 'end', ending: { kind: 'answered', value: judged.value, facts: { choice, captures } } };
  }
  const attempts = asked.attempts + 1;
  if (attempts > values.tries) return { kind: 'end', ending: { kind: 'ended', reason: 'invalid' } };
  const words = complaint(standingOf(asked), sayingOf(judged.say, language));
  const afterwards = async () => void (await repeat(context, asked, words, `try:${attempts}`, placeOf(asked, said)));
  return { kind: 'stay', change: { attempts }, afterwards };
}

async function outcome(context: Answering, asked: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome> {
  const { said } = info;
  const history = historyOf(context, asked, ending, info);
  if (ending.kind !== 'answered') {
    const reason = ending.kind === 'timeout' ? 'timeout' : ending.reason;
    const port = portOf(context, ending);
    return { result: undefined, keepPayload: true, port, properties: { reason, answer: history } };
  }
  if (asked.places.length > 1) await tellOthers(context, asked, placeOf(asked, said));
  const messages = said.map(({ message }) => message);
  const last = messages.at(-1);
  const answer = {
    ...history,
    ...ending.facts,
    text: textOf(messages),
    value: ending.value,
    answered: new Date().toISOString(),
    messageId: last?.id,
    by: { type: last?.senderType, id: last?.senderId, name: said.at(-1)?.conversation?.contact?.name },
    attachments: messages.flatMap(attachmentsOf),
  };
  return { result: ending.value, port: portOf(context, ending), properties: { answer, reason: undefined } };
}

const outputNames: Readonly<Record<Ending['kind'], string>> = { answered: 'answer', timeout: 'nobody', ended: 'ended' };

/**
 * Return the output of an ending in the current configuration. A choice goes to the line with its id, or if that has
 * been removed, to the line with its index. A yes in other words goes to the first line, a no to the second.
 */
function portOf({ outputs }: Answering, ending: Ending): number {
  const name = outputNames[ending.kind];
  const named = outputs.findIndex((output) => output.row === undefined && output.name === name);
  if (named >= 0 || ending.kind !== 'answered') return named;
  const { id, index = Number(ending.value !== true) } = (ending.facts.choice ?? {}) as Partial<PickedChoice>;
  const own = outputs.findIndex((output) => output.row !== undefined && output.key === id);
  if (own >= 0) return own;
  const stood = outputs.findIndex(({ row }) => row === index);
  if (stood >= 0) return stood;
  throw invalid(`The choice "${id}" has no output any more.`, 'Add it to the choices of this node again.');
}

/** Notify all other recipients that the question is closed. */
async function tellOthers(context: Answering, asked: Dialogue, answeredIn: string | undefined) {
  const words = context.values.closedText || phrase(standingOf(asked).language, 'closed');
  for (const { conversationId } of asked.places) {
    if (conversationId === undefined || conversationId === answeredIn) continue;
    const key = `${questionOf(asked).key}:closed:${conversationId}`;
    // The answer counts even if the notification fails.
    await say(context, conversationId, words, key).catch(context.report);
  }
}
