import { invalid, type LinktorError, partlyDone, toLinktorError } from '../lib/errors';
import { chatOf, transcriptOf } from '../lib/messages/transcript';
import type { Message } from '../lib/model';
import { handOver } from './kit/action/hand-over';
import { listFields, runList } from './kit/action/list';
import { idField } from './kit/action/resource';
import { type ActionContext, action, type Outcome } from './kit/define';
import {
  as,
  bodyOf,
  choice,
  confirmation,
  defined,
  dynJson,
  flag,
  number,
  text,
  typed,
  type Values,
} from './kit/fields';

const operations = [
  'get',
  'list',
  'create',
  'update',
  'assign',
  'unassign',
  'resolve',
  'reopen',
  'snooze',
  'messages',
  'transcript',
  'addTags',
  'removeTags',
  'markRead',
  'react',
  'unreact',
  'deleteMessages',
  'counts',
  'escalate',
] as const;
/** operations that take no conversation */
const unbound: readonly string[] = ['list', 'create', 'counts', 'deleteMessages'];
const ofOne = operations.filter((one) => !unbound.includes(one));
const USUAL_EMOJI = '👍';
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const optional = { convert: as.string };
const id = { convert: as.id };

const fields = {
  operation: choice(operations, { icon: 'tasks' }),
  conversation: idField('conversationId', 'conversations', ofOne, 'comments'),
  contact: idField('contactId', 'contacts', ['create'], 'user'),
  channel: idField('channelId', 'channels', ['create'], 'sitemap'),
  user: typed('userId', { ...id, pick: 'users', required: true, icon: 'user-md', when: only('assign') }),
  message: typed('messageId', { ...id, required: true, icon: 'comment', when: only('react', 'unreact') }),
  emoji: typed('', { ...id, start: 'str', icon: 'smile-o', when: only('react') }),
  sent: typed('sent.messageIds', {
    convert: as.list,
    required: true,
    icon: 'comment',
    when: only('deleteMessages'),
  }),
  forEveryone: flag(true, { icon: 'users', when: only('deleteMessages') }),
  until: typed('until', { convert: as.future, icon: 'clock-o', when: only('snooze') }),
  tags: typed('tags', {
    convert: as.list,
    pick: 'tags',
    required: true,
    icon: 'tags',
    when: only('addTags', 'removeTags'),
  }),
  reason: typed('reason', { ...optional, icon: 'comment-o', when: only('escalate') }),
  assignee: typed('', { ...id, pick: 'users', icon: 'user-md', when: only('escalate') }),
  summaryBy: choice(['none', 'text', 'ai'], { icon: 'file-text-o', when: only('escalate') }),
  summary: typed('summary', {
    ...optional,
    mustache: true,
    icon: 'align-left',
    when: { ...only('escalate'), summaryBy: ['text'] },
  }),
  model: typed('model', {
    ...id,
    pick: 'models',
    icon: 'microchip',
    when: { ...only('escalate'), summaryBy: ['ai'] },
  }),
  tell: typed('', {
    ...optional,
    mustache: true,
    isSaid: true,
    start: 'str',
    icon: 'comment-o',
    when: only('escalate'),
  }),
  // Not `status`: Node-RED's editor uses this property for the status of the node.
  state: typed('', { convert: as.word, icon: 'flag-o', when: only('list', 'update') }),
  channelId: typed('', { ...id, pick: 'channels', icon: 'sitemap', when: only('list') }),
  contactId: typed('', { ...id, pick: 'contacts', icon: 'user', when: only('list') }),
  assignedTo: typed('', { ...id, pick: 'users', icon: 'user-md', when: only('list') }),
  search: typed('', { ...id, icon: 'search', when: only('list') }),
  subject: typed('', { ...optional, mustache: true, area: false, icon: 'header', when: only('create', 'update') }),
  priority: typed('', {
    convert: as.word,
    icon: 'exclamation-circle',
    when: only('list', 'create', 'update', 'escalate'),
  }),
  metadata: typed('', { types: dynJson, convert: as.object, icon: 'tags', when: only('create', 'update') }),
  messageIds: typed('', { convert: as.list, icon: 'check', when: only('markRead') }),
  before: typed('', { ...id, icon: 'step-backward', when: only('messages') }),
  format: choice(['chat', 'text', 'markdown'], { icon: 'align-left', when: only('transcript') }),
  last: number(50, { min: 1, max: 1000, icon: 'history', when: only('transcript') }),
  zone: text('', {
    hint: true,
    icon: 'clock-o',
    advanced: true,
    when: { ...only('transcript'), format: ['text', 'markdown'] },
  }),
  ...listFields({ operation: ['list', 'messages'] }),
  confirm: confirmation({ when: only('deleteMessages') }),
};

type Context = ActionContext<Values<typeof fields>>;

/** Read, update and hand over conversations. */
export default action({
  type: 'linktor-conversation',
  result: 'payload',
  busy: 'asking',
  fields,
  async run(context): Promise<Outcome | undefined> {
    const { client, msg, values } = context;
    const { operation, conversation: id, reason, priority } = values;
    const { conversations } = client;
    switch (operation) {
      case 'list':
        return list(context);
      case 'create':
        return { result: await conversations.create(opening(context)) };
      case 'update':
        return { result: await conversations.update(id, changes(values, msg.payload)) };
      case 'assign':
        return { result: await conversations.assign(id, values.user) };
      case 'unassign':
        return { result: await conversations.unassign(id) };
      case 'resolve':
        return { result: await conversations.resolve(id) };
      case 'reopen':
        return { result: await conversations.reopen(id) };
      case 'snooze':
        return { result: await conversations.snooze(id, values.until) };
      case 'messages':
        return runList(context, values, (slice) => conversations.messages(id, { ...slice, before: values.before }));
      case 'transcript':
        return transcript(context);
      case 'addTags':
        return { result: await conversations.addTags(id, values.tags) };
      case 'removeTags':
        return { result: await conversations.removeTags(id, values.tags) };
      case 'markRead':
        await conversations.markRead(id, values.messageIds);
        return { result: undefined, keepPayload: true };
      case 'counts':
        return { result: await conversations.counts() };
      case 'escalate': {
        const { assignee, summaryBy, summary, model, tell } = values;
        const wanted = { conversation: id, reason, priority, assignee, summaryBy, summary, model, tell };
        const { result, story } = await handOver(context, wanted);
        return { result, properties: { handover: story } };
      }
      case 'react':
        await conversations.react(id, values.message, emojiIn(values.emoji));
        return { result: undefined, keepPayload: true };
      case 'unreact':
        await conversations.react(id, values.message, '');
        return { result: undefined, keepPayload: true };
      case 'deleteMessages':
        return deleteAll(context);
      default:
        return { result: await conversations.get(id) };
    }
  },
});

/** What emojis are made of: most of them, flags, and keys such as 1️⃣. */
const EMOJI = /\p{Extended_Pictographic}|\p{Regional_Indicator}|\u20e3/u;

/** An emoji may have many code points. */
const letters = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** @throws LinktorError `validation` for a word or several emojis, which the server would take and no channel would show */
function emojiIn(given: string | undefined): string {
  const emoji = given?.trim() || USUAL_EMOJI;
  if (EMOJI.test(emoji) && [...letters.segment(emoji)].length === 1) return emoji;
  throw invalid(
    'The reaction is not one emoji.',
    'Give one emoji in the field "emoji", such as 👍 or ❤️; empty means 👍.',
  );
}

/** Codes of a failure that says nothing about the other messages. */
const OF_THE_MESSAGE = new Set(['validation', 'conflict']);

/**
 * Delete messages one after the other. Those that are gone already are passed over: that is what was wanted, and after a
 * failure the same list deletes the rest.
 * @throws LinktorError of the first that could not be deleted, with what has become of all
 */
async function deleteAll({ client, values, signal }: Context): Promise<Outcome> {
  const { sent: ids, forEveryone } = values;
  const messageIds: string[] = [];
  const missing: string[] = [];
  const failed: { messageId: string; error: LinktorError }[] = [];
  for (const messageId of ids) {
    try {
      await client.conversations.deleteMessage(messageId, forEveryone);
      messageIds.push(messageId);
    } catch (thrown) {
      const error = toLinktorError(thrown);
      if (error.cause.serverCode === 'MESSAGE_NOT_FOUND') {
        missing.push(messageId);
        continue;
      }
      failed.push({ messageId, error });
      if (signal.aborted || !OF_THE_MESSAGE.has(error.code)) break;
    }
  }
  const [first] = failed;
  if (first)
    throw ids.length === 1 ? first.error : partlyDeleted(first.error, ids, [...messageIds, ...missing], failed);
  const properties = { deleted: { messageIds, missing } };
  const status = messageIds.length === 0 ? ({ status: 'skipped' } as const) : {};
  return { result: undefined, keepPayload: true, properties, ...status };
}

function partlyDeleted(
  first: LinktorError,
  ids: readonly string[],
  gone: readonly string[],
  failed: readonly { messageId: string; error: LinktorError }[],
): LinktorError {
  const done = {
    deleted: ids.filter((id) => gone.includes(id)),
    failed: failed.map(({ messageId, error: { code, message } }) => ({ messageId, code, message })),
    left: ids.filter((id) => !gone.includes(id)),
  };
  const said = `${done.deleted.length} of ${ids.length} messages are gone`;
  return partlyDone(first, said, done, 'Send the same message again: only those that are left are deleted.');
}

function list(context: Context): Promise<Outcome | undefined> {
  const { state: status, channelId, contactId, assignedTo, search, priority } = context.values;
  const filter = { status, channelId, contactId, assignedTo, search, priority };
  return runList(context, context.values, (slice) => context.client.conversations.list({ ...filter, ...slice }));
}

function opening({ values }: Context): Record<string, unknown> {
  const { contact: contactId, channel: channelId, subject, priority, metadata } = values;
  return defined({ contactId, channelId, subject, priority, metadata });
}

function changes({ state: status, subject, priority, metadata }: Context['values'], payload: unknown) {
  return bodyOf({ status, subject, priority, metadata }, payload);
}

/** Return the newest messages in chronological order, with a status if the server returns fewer than requested. */
async function transcript({ client, values }: Context): Promise<Outcome> {
  const { conversation: id, format, last, zone } = values;
  const messages: Message[] = [];
  const list = client.conversations.eachMessage(id, { limit: Math.min(last, 100) });
  let next = await list.next();
  while (!next.done && messages.push(next.value) < last) next = await list.next();
  const cut = next.done && next.value === true ? ({ status: 'truncated' } as const) : {};
  messages.reverse();
  const properties = 'status' in cut ? { page: { truncated: true } } : {};
  if (format === 'chat') return { result: chatOf(messages), properties, ...cut };
  const conversation = await client.conversations.get(id);
  return { result: transcriptOf(messages, format as 'text', conversation, zone), properties, ...cut };
}
