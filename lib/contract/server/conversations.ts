import { LinktorError, unsupported } from '../../errors';
import type { Conversation, Message } from '../../model';
import { chain, ignoreAnswer, inLane, orRead, read, unsupportedCall, write } from '../calls';
import type { Decode } from '../envelope';
import type { Call, Contract, ConversationFilter, MessageFilter, VerifyResult } from '../index';
import { type Json, object } from '../json';
import { contact, conversation, escalation } from './entities';
import { type Choose, decodeServerList, isWanted, newestList } from './lists';
import { message } from './message';
import { hasKey, isChannelSpecific, outgoing, withKey } from './outgoing';
import { channelTypes } from './people';
import { toServerFields } from './words';

const path = ['conversations'];
/** The server lists only the newest items (contract 6.1.17). */
const MAX_LISTED_CONVERSATIONS = 20;
const MAX_LISTED_MESSAGES = 50;

const untagged = 'This server keeps no tags of conversations: tag the contact instead.';
const unkept = 'Of a conversation it keeps subject, priority, status and assignee: put the rest into the contact.';
const hintOf = (fields: object) => ('tags' in fields ? untagged : unkept);
const unread = 'This server keeps no account of what was read: unread counts only grow.';

const act = (id: string, action: string, body?: object): Call<Conversation> => {
  const call = write('POST', [...path, id, action], conversation, body);
  return inLane(id, orRead(call, read([...path, id], conversation), { id }));
};

/** A conversation that is already in the wanted state is no failure. */
function verifiedBy(
  id: string,
  call: Call<Conversation>,
  status: number | undefined,
  isSo: (now: Conversation) => boolean,
  whenRefused?: () => LinktorError,
): Call<Conversation> {
  const decode = (body: unknown, answered?: number): VerifyResult<Conversation> | undefined => {
    const now = conversation(body);
    if (isSo(now)) return { done: now };
    return answered === 500 && whenRefused ? { failed: whenRefused() } : undefined;
  };
  return {
    ...call,
    verify: { status, read: (_key, answered) => read([...path, id], (body) => decode(body, answered)) },
  };
}

/** The server does not look up users: its database refuses an unknown one with an internal error (contract 1.2). */
function unknownUser(user: string): LinktorError {
  return new LinktorError('not_found', `The server took no user with the id "${user}".`, {
    status: 500,
    hint: 'Choose somebody from the list of users, or look at the log of the server.',
  });
}

/** Conversations and messages (contract 1.2, contract 1.3). */
export const conversations: Contract['conversations'] = {
  list: (filter) =>
    chain(newestList(path, conversation, 'conversations', MAX_LISTED_CONVERSATIONS, filter, filterOf(filter)), (page) =>
      channelTypes(
        page.items.map(({ channelId }) => channelId),
        (types) => ({ ...page, items: page.items.map((one) => typed(one, types)) }),
      ),
    ),
  latest: () => newestList(path, conversation, 'conversations', MAX_LISTED_CONVERSATIONS, {}),
  // Contact and channel type need separate requests here (contract 5.1).
  get: (id) =>
    chain(read([...path, id], conversation), (one) =>
      one.contactId ? chain(withContact(one, one.contactId), withType) : withType(one),
    ),
  create: (input) => write('POST', path, conversation, toServerFields(input, created, 'a conversation', hintOf(input))),
  update: (id, changes) => inLane(id, change(id, changes)),
  assign: (id, user) =>
    verifiedBy(
      id,
      act(id, 'assign', { user_id: user }),
      undefined,
      ({ assignedTo }) => assignedTo === user,
      () => unknownUser(user),
    ),
  unassign: unsupportedCall('take a conversation from its assignee', 'Assign it to somebody else.'),
  resolve: (id) => verifiedBy(id, act(id, 'resolve'), 400, ({ status }) => status === 'resolved'),
  reopen: (id) => verifiedBy(id, act(id, 'reopen'), 400, ({ status }) => status === 'open' || status === 'pending'),
  snooze: unsupportedCall(
    'snooze a conversation',
    'Set its status to pending, and to open again when its time has come.',
  ),
  addTags: unsupportedCall('tag a conversation', untagged),
  removeTags: unsupportedCall('take tags from a conversation', untagged),
  markRead: unsupportedCall('mark messages as read', unread),
  counts: unsupportedCall('count conversations', 'List the conversations of one status and count those.'),
  escalate: (id, { reason, priority }) =>
    inLane(id, write('POST', [...path, id, 'escalate'], escalation, { reason, priority })),
  messages: (id, filter) =>
    newestList([...path, id, 'messages'], message, 'messages', MAX_LISTED_MESSAGES, filter, {
      choose: between(filter),
    }),
  // The message is read by its id alone here, and may be of another conversation.
  message: (id, messageId) => read(['messages', messageId], inConversation(id)),
  send: (id, given) =>
    isChannelSpecific(given)
      ? inLane(
          id,
          chain(channelTypeOf(id), (type) => sendBody(id, outgoing(given, type))),
        )
      : sendBody(id, outgoing(given)),
  sendRaw: (id, body) => inLane(id, write('POST', [...path, id, 'messages'], message, body)),
  react: (id, messageId, emoji) =>
    inLane(id, write('POST', [...path, id, 'messages', messageId, 'reactions'], ignoreAnswer, { emoji })),
  deleteMessage: unsupportedCall('delete a message', 'Send another one that puts it right.'),
};

function sendBody(id: string, body: Json): Call<Message> {
  const call = inLane(id, write('POST', [...path, id, 'messages'], message, body));
  return { ...call, bodyWithKey: (key) => withKey(body, key), verify: { read: (key) => sentWith(id, key) } };
}

/** @returns the type of a conversation's channel; '' when it is unknown */
function channelTypeOf(id: string): Call<string> {
  return chain(read([...path, id], conversation), ({ channelId = '' }) =>
    channelTypes([channelId], (types) => types.get(channelId) ?? ''),
  );
}

const created = {
  contactId: 'contact_id',
  channelId: 'channel_id',
  subject: 'subject',
  priority: 'priority',
};
const changeable = { subject: 'subject', priority: 'priority', status: 'status' };

/** Assigning is a separate operation here. */
function change(id: string, { assignedTo, ...changes }: Record<string, unknown>): Call<Conversation> {
  if (changes.status === 'snoozed') return conversations.snooze(id);
  if (assignedTo === null || assignedTo === '') return conversations.unassign(id);
  const body = toServerFields(changes, changeable, 'a conversation', hintOf(changes));
  const put = write('PUT', [...path, id], conversation, body);
  if (assignedTo === undefined) return put;
  const given = conversations.assign(id, String(assignedTo));
  return Object.keys(body).length === 0 ? given : chain(put, () => given);
}

/** The server filters by status; the other filters are applied here to the page that it returns. */
function filterOf({ status, search, sortBy, sortOrder, ...filter }: ConversationFilter) {
  if (search) throw unsupported('search conversations', 'Search the contacts, then list the conversations of one.');
  if (filter.tags?.length) throw unsupported('list conversations by tag', untagged);
  const choose: Choose<Conversation> = (shown) => ({
    items: sort(
      shown.filter(
        (one) =>
          isWanted(filter.channelId, one.channelId) &&
          isWanted(filter.contactId, one.contactId) &&
          isWanted(filter.assignedTo, one.assignedTo) &&
          isWanted(filter.priority, one.priority),
      ),
      sortBy,
      sortOrder,
    ),
  });
  return { query: { status }, choose };
}

function sort(items: Conversation[], by: ConversationFilter['sortBy'], order: ConversationFilter['sortOrder']) {
  if (by === undefined) return items;
  const time = (one: Conversation) => Date.parse(String(one[by] ?? one.createdAt)) || 0;
  return items.sort((a, b) => (order === 'asc' ? time(a) - time(b) : time(b) - time(a)));
}

function withType(one: Conversation): Call<Conversation> {
  return channelTypes([one.channelId], (types) => typed(one, types));
}

function typed(one: Conversation, types: ReadonlyMap<string, string>): Conversation {
  const channelType = types.get(one.channelId ?? '');
  return channelType === undefined ? one : { ...one, channelType };
}

function withContact(one: Conversation, contactId: string): Call<Conversation> {
  return read(['contacts', contactId], (body) => ({ ...one, contact: contact(body) }));
}

/** Newest first, between two messages or times; the server returns the newest fifty only. */
function between({ before, after }: MessageFilter): Choose<Message> {
  return (shown) => {
    const from = before === undefined ? 0 : firstOlder(shown, before);
    const to = after === undefined ? undefined : firstNotNewer(shown, after);
    if (from === undefined) return { items: [], cut: true };
    return { items: shown.slice(from, to), cut: to === undefined ? undefined : false };
  };
}

function firstOlder(shown: Message[], mark: string): number | undefined {
  const known = shown.findIndex(({ id }) => id === mark);
  if (known >= 0) return known + 1;
  const first = firstBy(shown, mark, (time, limit) => time < limit);
  return first === -1 ? shown.length : first;
}

/** @returns undefined when the list ends before the mark is reached */
function firstNotNewer(shown: Message[], mark: string): number | undefined {
  const known = shown.findIndex(({ id }) => id === mark);
  const first = known >= 0 ? known : firstBy(shown, mark, (time, limit) => time <= limit);
  return first === -1 ? undefined : first;
}

/** @returns undefined when the mark is no time */
function firstBy(shown: Message[], mark: string, fits: (time: number, limit: number) => boolean): number | undefined {
  const limit = /^\d{4}-\d\d-\d\d/.test(mark) ? Date.parse(mark) : Number.NaN;
  if (Number.isNaN(limit)) return undefined;
  return shown.findIndex(({ createdAt = '' }) => fits(Date.parse(createdAt), limit));
}

function inConversation(id: string): Decode<Message> {
  return (body) => {
    const found = message(body);
    if (found.conversationId === id) return found;
    throw new LinktorError('not_found', 'The message is not in this conversation.', {
      hint: 'Give the conversation that the message belongs to.',
    });
  };
}

/**
 * The server stores a message before it sends it, so it may exist after a failure (contract 6.1.40). The key in its
 * metadata distinguishes it from other messages with the same text.
 */
function sentWith(id: string, key: string): Call<VerifyResult<Message> | undefined> {
  return read([...path, id, 'messages'], (body): VerifyResult<Message> | undefined => {
    const { items } = decodeServerList((wire) => wire, 'messages')(body);
    const wire = items.find((one) => hasKey(one, key));
    if (wire === undefined) return undefined;
    return object(wire)?.status === 'failed' ? { failed: unsentError(message(wire)) } : { done: message(wire) };
  });
}

function unsentError({ id, failedReason }: Message): LinktorError {
  const why = typeof failedReason === 'string' ? ` (${failedReason})` : '';
  return new LinktorError('server', `The server has stored the message and could not send it on${why}.`, {
    details: { messageId: id },
    hint: 'It stands in the conversation as failed: sending it again makes another one.',
  });
}
