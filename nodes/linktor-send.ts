import { OPTED_OUT } from '../lib/charge';
import { invalid, LinktorError } from '../lib/errors';
import {
  failedRecipients,
  hasTyping,
  isShort,
  isWindowClosed,
  listOf,
  notSent,
  type Recipient,
  type SendResult,
  sendRequestOf,
  sendToAll,
  showTyping,
  typingTime,
  unsentError,
} from '../lib/sending';
import { Parts } from './kit/action/list';
import { isWindowed, sendFields } from './kit/action/send-fields';
import { senderOf } from './kit/action/sender';
import { type ActionContext, action, type Live, type Outcome } from './kit/define';
import type { Values } from './kit/fields';
import type { Msg } from './kit/red';

type Given = Values<typeof sendFields>;
type Context = ActionContext<Given>;
type Outbox = NonNullable<Context['outbox']>;

/** Send a message to a conversation, a person or a list of recipients. */
export default action({
  type: 'linktor-send',
  outputs: ['sent'],
  result: 'sent',
  busy: 'sending',
  isKept: true,
  mayReplace: ({ ifWindowClosed }) => ifWindowClosed === 'template',
  statusOf: (problem) => (isWindowClosed(problem) ? 'window_closed' : undefined),
  fields: sendFields,
  lane({
    values: { to, conversation, kind, text: said, markup, waitFor, ifWindowClosed, typingFirst },
    shared,
    outbox,
  }) {
    // The outbox sends later, so the message needs no lane.
    if (outbox) return undefined;
    const isSimple = kind === 'text' && waitFor === 'accepted' && ifWindowClosed === 'fail' && typingFirst === 'none';
    const isPlain = to === 'conversation' && isSimple && markup === 'plain' && isShort(said);
    return isPlain && conversation !== undefined && !senderOf(shared).isBusy(conversation) ? conversation : undefined;
  },
  run(context) {
    const { values, msg, outbox } = context;
    const signs = signLine(context);
    const { conversation: conversationId, contact: contactId, address, channel: channelId, country, waitFor } = values;
    if (values.to === 'list') return toAll(context, signs);
    const to = { conversationId, contactId, address, channelId, country };
    if (outbox) return store(outbox, to, values, msg, values.idempotencyKey).then(() => undefined);
    return toOne(context, signs, to, values, msg, values.idempotencyKey).then((result) => ({
      result,
      ...(result.status === 'skipped'
        ? { status: 'skipped' }
        : waitFor !== 'accepted'
          ? { status: waitFor }
          : sentNow()),
    }));
  },
});

/** @returns the status that the node shows until the next message */
function sentNow(): Pick<Outcome, 'status' | 'figures'> {
  return { status: 'sent_at', figures: { at: Date.now() } };
}

/** Add a hint to the error of a channel that currently accepts only templates. */
function withWindowHint(thrown: unknown): never {
  if (!isWindowClosed(thrown)) throw thrown;
  const { code, message, cause } = thrown;
  throw new LinktorError(code, message, { ...cause, hint: WINDOW_HINT });
}

const WINDOW_HINT =
  'The customer has not written for 24 hours, so this channel takes only templates: choose in "If the 24-hour window has closed" what to send instead.';

/** @param values, msg evaluated for this recipient */
function toOne(
  context: Context,
  signs: () => Live,
  to: Recipient,
  values: Given,
  msg: Readonly<Msg>,
  key?: string,
): Promise<SendResult> {
  const { client, signal, live, files, charge, sentLog, substitutes, shared, hasSlot } = context;
  const time = timeOf(values);
  const request = sendRequestOf(to, values, msg, key);
  const { obeyTakeover } = values;
  const obeyOptOut = obeysOptOut(values);
  return senderOf(shared)
    .send(request, {
      client,
      signal,
      hasSlot,
      files,
      source: live,
      gate: charge.gate(obeyTakeover),
      ...(obeyOptOut && { isOptedOut: (person) => charge.optOuts.has(person) }),
      onReplaceable: ({ conversationId }) => substitutes.watch(conversationId),
      ...(time > 0 && {
        async prelude({ conversationId, channelType }) {
          if (hasTyping(channelType)) await showTyping(signs(), conversationId, time, signal);
        },
      }),
      onSent({ id: messageId, conversationId }, offered) {
        const noted = msg.context === undefined ? {} : { context: msg.context };
        sentLog.add({ messageId, conversationId, at: Date.now(), offered, ...noted });
      },
    })
    .then(async (result) => {
      if (request.instead)
        await substitutes.expect(result, request.instead, { obeyTakeover, obeyOptOut, context: msg.context });
      return result;
    }, withWindowHint);
}

/** Who has opted out gets answers in a conversation, and nothing that is sent to a person or a list. */
function obeysOptOut({ to, obeyOptOut }: Given): boolean {
  return to === 'list' || (to !== 'conversation' && obeyOptOut);
}

/** Store a message in the outbox. */
function store(
  outbox: Outbox,
  to: Recipient,
  values: Given,
  msg: Readonly<Msg>,
  key?: string,
  extra?: Record<string, unknown>,
): Promise<void> {
  const request = sendRequestOf(to, values, msg, key);
  const { obeyTakeover } = values;
  const obeyOptOut = obeysOptOut(values);
  return outbox.store({ request, typingMs: timeOf(values), obeyTakeover, obeyOptOut, ...(extra && { extra }) });
}

/** @returns the live connection for all messages of one run; a listener keeps it open */
function signLine({ live }: Context): () => Live {
  let line: Live | undefined;
  return () => {
    if (line) return line;
    line = live();
    line.onEvent(() => {});
    return line;
  };
}

/** @returns duration of the typing sign before the message, milliseconds */
function timeOf({ kind, typingFirst, typingSeconds, text: said, caption }: Given): number {
  if (typingFirst === 'none' || !isWindowed(kind)) return 0;
  return typingFirst === 'seconds' ? typingSeconds * 1000 : typingTime(kind === 'media' ? caption : said);
}

const isSame = (one: unknown, other: unknown) => JSON.stringify(one) === JSON.stringify(other);

/** Send to all recipients of a list, and return either one summary or a message for each. */
async function toAll(context: Context, signs: () => Live): Promise<Outcome | undefined> {
  const { values, msg, signal, valuesOf, emit, progress, outbox } = context;
  const { recipientsOutput, idempotencyKey: key, country } = values;
  if (outbox && recipientsOutput === 'summary') {
    throw invalid(
      'A durable outbox gives a message for each recipient, whenever it is sent, and no summary.',
      'Choose "a message for each recipient" in this node, or the outbox "memory" in the account.',
    );
  }
  const list = listOf(values.recipients ?? msg.payload);
  const parts = new Parts<Partial<SendResult>>((part) => (signal.aborted ? Promise.resolve() : emit(part)), msg);
  const summary = await sendToAll<Partial<SendResult>>(
    list,
    async ({ to, properties, given: recipient }) => {
      // Contacts who have opted out receive no messages sent to a list.
      if (context.charge.optOuts.has(to)) return notSent(to, OPTED_OUT);
      const entry = { ...msg, ...(msg.payload === list && { payload: undefined }), ...properties };
      const own = await ownValues(valuesOf, entry, properties);
      const who = encodeURIComponent(to.conversationId ?? to.contactId ?? to.address ?? '');
      const whole = { ...to, channelId: to.channelId ?? own.channel, country };
      const ownKey = key && `${key}:${who}`;
      if (!outbox) return toOne(context, signs, whole, own, entry, ownKey);
      await store(outbox, whole, own, msg, ownKey, { recipient });
      return {};
    },
    async (receipt, done) => {
      progress(done, list.length);
      if (recipientsOutput === 'each' && !outbox) await parts.add(receipt);
      else if (outbox && receipt.status !== undefined) await emit({ result: receipt });
    },
  );
  if (outbox && summary.failed.length === 0) return undefined;
  const last = parts.last();
  if (summary.failed.length === 0) return { ...(last ?? { result: summary }), ...sentNow() };
  if (last && !signal.aborted) await emit(last);
  if (last || summary.sent.length === 0 || signal.aborted) throw unsentError(summary);
  context.warn(`Not sent to ${failedRecipients(summary)}`);
  const figures = { sent: summary.sent.length, failed: summary.failed.length };
  return { result: summary, status: 'partly_sent', figures };
}

/** fields that a line of the list may override */
const OWN_COLUMNS = ['text', 'caption', 'buttons', 'list', 'template', 'parameters'] as const;

/**
 * Evaluate the values for one recipient. A value in a line of the list replaces the field, unless the field itself
 * makes use of that value.
 */
async function ownValues(
  valuesOf: Context['valuesOf'],
  entry: Readonly<Msg>,
  properties: Record<string, unknown>,
): Promise<Given> {
  const values = await valuesOf(entry);
  const said = OWN_COLUMNS.filter((name) => properties[name] !== undefined && properties[name] !== '');
  const differing = said.filter((name) => values[name] !== undefined && values[name] !== properties[name]);
  if (differing.length === 0) return values;
  const without = Object.fromEntries([...differing, 'payload'].map((name) => [name, undefined]));
  const bare = await valuesOf({ ...entry, ...without }).catch(() => undefined);
  if (!bare) return values;
  const ignored = differing.filter((name) => isSame(bare[name], values[name]));
  return { ...values, ...Object.fromEntries(ignored.map((name) => [name, properties[name]])) };
}
