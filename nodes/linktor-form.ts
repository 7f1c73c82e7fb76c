import {
  beginForm,
  continueForm,
  type Dialogue,
  type Ending,
  type FormField,
  type FormState,
  missingOf,
  phrase,
  type Reply,
  type Step,
  textOf,
} from '../lib/dialogue';
import { invalid } from '../lib/errors';
import { isObject } from '../lib/model';
import { readList } from '../lib/text';
import { type AnswerContext, type DialogueContext, dialogue, type EndInfo, type Outcome } from './kit/define';
import { type FormValues, formFields } from './kit/dialogue/form-fields';
import { type FormData, formDataOf, linesOf, rulesOf, standingFor } from './kit/dialogue/form-steps';
import { languageFor, say, sayingOf, sendQuestion, timeoutMs } from './kit/dialogue/question';
import {
  complaint,
  historyOf,
  isCancelled,
  isOldPress,
  placeOf,
  questionOf,
  remindersOf,
  repeat,
} from './kit/dialogue/standing';

type Asking = DialogueContext<FormValues>;
type Answering = AnswerContext<FormValues>;

const HOUR_MS = 3_600_000;
const DAY_HOURS = 24;

/** Ask several questions in sequence, and emit all answers together. */
export default dialogue({
  type: 'linktor-form',
  kind: 'form',
  outputs: ['complete', 'nobody', 'ended'],
  templates: {
    lead: {
      review: 'none',
      fields: [
        { key: 'name', question: '@name', kind: 'text', required: true },
        { key: 'email', question: '@email', kind: 'email', required: true },
        { key: 'phone', question: '@phone', kind: 'phone' },
        { key: 'interest', question: '@interest', kind: 'text' },
      ],
    },
    appointment: {
      review: 'summary',
      fields: [
        { key: 'name', question: '@name', kind: 'text', required: true },
        { key: 'day', question: '@day', kind: 'date', required: true },
        { key: 'time', question: '@time', kind: 'time', required: true },
        { key: 'note', question: '@note', kind: 'text' },
      ],
    },
    returns: {
      review: 'summary',
      fields: [
        { key: 'order', question: '@order', kind: 'text', required: true },
        { key: 'reason', question: '@reason', kind: 'choice', choices: '@reasons', required: true },
        { key: 'photo', question: '@photo', kind: 'media' },
        { key: 'refund', question: '@refund', kind: 'yesNo', required: true },
      ],
    },
    address: {
      review: 'summary',
      fields: [
        {
          key: 'cep',
          question: '@cep',
          kind: 'text',
          required: true,
          rule: "$contains($replace(payload, /\\D/, ''), /^\\d{8}$/)",
        },
        { key: 'street', question: '@street', kind: 'text', required: true },
        { key: 'number', question: '@number', kind: 'text', required: true },
        { key: 'complement', question: '@complement', kind: 'text' },
        { key: 'district', question: '@district', kind: 'text', required: true },
        { key: 'city', question: '@city', kind: 'text', required: true },
        { key: 'state', question: '@state', kind: 'text', required: true, rule: '$length(payload) = 2' },
      ],
    },
  },
  result: 'payload',
  busy: 'asking',
  fields: formFields,
  async run(context) {
    const { values, msg, people } = context;
    const language = languageFor(values.language, msg, people);
    const lines = linesOf(values.fields, language);
    const waits = timeoutMs(values, people.keepDays, msg.timeout);
    const until = Date.now() + limitMs(values, people.keepDays);
    const begun = await beginForm(rulesOf(context, lines, language), values.known ?? {});
    if (begun.kind === 'complete') return completed(begun.state, lines);
    if (begun.kind !== 'ask' && begun.kind !== 'confirm') return undefined;
    const field = begun.kind === 'ask' ? begun.field : undefined;
    const typed = { invalidText: values.invalidText };
    const standing = standingFor(context, lines, begun.state, field, { language, step: 0, typed });
    const data: FormData = { ...standing, form: begun.state, until };
    await context.ask({
      places: [placeIn(context)],
      who: values.who,
      whoIds: values.who === 'these' ? values.whoIds : [],
      timeoutMs: Math.min(waits, until - Date.now()),
      reminders: remindersOf(values).map(({ after }) => after * 60_000),
      another: values.another,
      carry: values.carry === 'only' ? readList(values.carryOnly, 'carryOnly') : undefined,
      data: { ...data },
      send: async (id) => {
        const question = questionOf({ kind: 'form', id, data });
        return [await sendQuestion(context, { conversationId: values.conversation }, question, msg)];
      },
    });
    return undefined;
  },
  join: ({ fields }, asked) => {
    const { kind } = fields.find(({ key }) => key === formDataOf(asked).form.at) ?? {};
    return Number(kind === 'text' || kind === 'media');
  },
  take,
  outcome,
});

/** @throws LinktorError `validation` when the account would delete the form before its deadline */
function limitMs({ within }: FormValues, keepDays: number): number {
  if (within <= keepDays * DAY_HOURS) return within * HOUR_MS;
  throw invalid(
    `The form may take ${within} hours, and the account keeps it for ${keepDays} days.`,
    'Shorten the field "within", or set "keepDays" of the account to more days.',
  );
}

function placeIn({ values, msg }: Asking) {
  return {
    conversationId: values.conversation,
    ...(typeof msg.contactId === 'string' && { contactId: msg.contactId }),
  };
}

async function take(context: Answering, asked: Dialogue, given: readonly Reply[]): Promise<Step> {
  const { values } = context;
  const before = formDataOf(asked);
  const { language, choices, form } = before;
  const said = given.filter(({ message }) => !isOldPress(asked, message));
  const [late] = said.length === 0 ? given : [];
  if (late) {
    const { conversationId, id } = late.message;
    const afterwards = () =>
      say(context, conversationId, phrase(language, 'late'), `${questionOf(asked).key}:late:${id}`);
    return { kind: 'stay', change: {}, afterwards };
  }
  if (isCancelled(values, asked, said)) return { kind: 'end', ending: { kind: 'ended', reason: 'cancelled' } };
  const messages = said.map(({ message }) => message);
  const lines = linesOf(values.fields, language);
  const expression: Answering['expression'] = async (source, entry) => {
    try {
      return await context.expression(source, entry);
    } catch (thrown) {
      // An answer that a rule cannot cope with does not fit, and a question is asked in doubt; the author is told.
      context.report(thrown);
      return false;
    }
  };
  const about = { values, people: context.people, msg: context.msg, expression };
  const rules = rulesOf(about, lines, language, messages, choices);
  const step = await continueForm(rules, form, textOf(messages));
  switch (step.kind) {
    case 'complete':
      return { kind: 'end', ending: { kind: 'answered', value: step.state.values, facts: { form: step.state } } };
    case 'cancel':
      return { kind: 'end', ending: { kind: 'ended', reason: 'cancelled' } };
    case 'again':
      return again(context, asked, said, sayingOf(step.say, language), step.isAttempt, lines);
    default:
      return next(context, asked, said, lines, step.state, step.kind === 'ask' ? step.field : undefined);
  }
}

function again(
  context: Answering,
  asked: Dialogue,
  said: readonly Reply[],
  reason: string,
  isAttempt: boolean,
  lines: readonly FormField[],
): Step {
  const data = formDataOf(asked);
  const attempts = asked.attempts + Number(isAttempt);
  if (attempts > context.values.tries) return { kind: 'end', ending: { kind: 'ended', reason: 'invalid' } };
  // After repeated attempts, explain the purpose of the question.
  const why = attempts > 1 ? lines.find(({ key }) => key === data.form.at)?.why : undefined;
  const words = [isAttempt ? complaint(data, reason) : reason, ...(isAttempt && why ? [why] : [])].join('\n');
  const key = `${isAttempt ? 'try' : 'why'}:${attempts}:${said.at(-1)?.message.id}`;
  const afterwards = async () => void (await repeat(context, asked, words, key, placeOf(asked, said)));
  return { kind: 'stay', change: { attempts }, afterwards };
}

/** @param field undefined for the final confirmation */
function next(
  context: Answering,
  asked: Dialogue,
  said: readonly Reply[],
  lines: Parameters<typeof standingFor>[1],
  form: FormState,
  field: FormField | undefined,
): Step {
  const { values, people } = context;
  const before = formDataOf(asked);
  const standing = standingFor(context, lines, form, field, { ...before, step: before.step + 1 });
  const data: FormData = { ...before, ...standing, form };
  const { now } = context;
  const deadline = Math.min(now + timeoutMs(values, people.keepDays, context.msg.timeout), before.until);
  const reminders = remindersOf(values).map(({ after }) => now + after * 60_000);
  const conversationId = placeOf(asked, said);
  const ask = (leaves: () => Promise<void>) =>
    sendQuestion(context, { conversationId }, questionOf({ ...asked, data }), {}, leaves);
  return { kind: 'stay', change: { attempts: 0, data, deadline, reminders }, ask };
}

function completed(state: FormState, lines: readonly FormField[]): Outcome {
  return { result: state.values, properties: { form: formOf(state, lines), reason: undefined } };
}

/** @returns the state of a form for the message */
function formOf(state: FormState, lines: readonly FormField[]): Record<string, unknown> {
  const { values, asked, skipped, changed } = state;
  return { values, asked, skipped, changed, missing: missingOf(lines, state) };
}

async function outcome(context: Answering, asked: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome> {
  const { language, form } = formDataOf(asked);
  const lines = linesOf(context.values.fields, language);
  const state = ending.kind === 'answered' ? (ending.facts.form as FormState) : form;
  const { asked: since, waited, conversationId, restarted, uncertain } = historyOf(context, asked, ending, info);
  const history = {
    ...formOf(state, lines),
    since,
    waited,
    conversationId,
    restarted,
    ...(uncertain ? { uncertain } : {}),
  };
  if (ending.kind !== 'answered') {
    const reason = ending.kind === 'timeout' ? 'timeout' : ending.reason;
    return { result: state.values, port: ending.kind === 'timeout' ? 1 : 2, properties: { reason, form: history } };
  }
  // A failed save does not lose the answers.
  await save(context, asked, state.values, info).catch(context.report);
  return { result: state.values, properties: { form: history, reason: undefined } };
}

/** Add the values to the existing ones of the contact or the conversation. */
async function save(context: Answering, asked: Dialogue, values: FormState['values'], { said }: EndInfo) {
  const { client, msg } = context;
  const { saveTo } = context.values;
  if (saveTo === 'none') return;
  const held = Object.fromEntries(Object.entries(values).map(([key, value]) => [key, storable(value)]));
  const conversationId = placeOf(asked, said) ?? '';
  if (saveTo === 'conversation') {
    const { metadata } = await client.conversations.get(conversationId);
    await client.conversations.update(conversationId, { metadata: { ...metadata, ...held } });
    return;
  }
  const { contactId = msg.contactId ?? (await client.conversations.get(conversationId)).contactId } =
    said.at(-1)?.conversation ?? {};
  if (typeof contactId !== 'string') throw invalid('The conversation has no contact, so nothing is kept there.');
  const { customFields } = await client.contacts.get(contactId);
  await client.contacts.update(contactId, { customFields: { ...customFields, ...held } });
}

/** Custom fields of a contact hold only plain values. */
function storable(value: unknown): unknown {
  return isObject(value) || Array.isArray(value) ? JSON.stringify(value) : value;
}
