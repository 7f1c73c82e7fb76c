import type { Conversation, Interactive, Outgoing } from '../../model';
import { ignoreAnswer, inLane, read, unsupportedCall, write } from '../calls';
import { conversation, counts } from '../entities';
import type { Call, Contract, ConversationFilter } from '../index';
import { message } from '../message';
import { changed, crud, listOf, listQuery, memberCalls } from './calls';

const path = ['conversations'];
const {
  list: _list,
  remove: _remove,
  ...usual
} = crud<ReturnType<typeof conversation>, ConversationFilter>(path, conversation, 'conversations');
const tags = memberCalls(path, conversation, 'tags', 'tags');

const act = (id: string, action: string, body?: object) =>
  inLane(id, changed(path, id, conversation, write('POST', [...path, id, action], conversation, body)));

/** Half of the SDKs have a route for it, the other half set the status. */
const become = (id: string, action: string, status: string): Call<Conversation> => ({
  ...act(id, action, {}),
  fallback: { key: action, call: inLane(id, usual.update(id, { status })) },
});

/**
 * Write the assignee under the name that each SDK family has for it, and the priority "normal" as "medium"
 * (contract 1.2, contract 5.1).
 */
function toWireConversation<T extends { assignedTo?: unknown; priority?: unknown }>(fields: T): T {
  const both = 'assignedTo' in fields ? { ...fields, assignedAgentId: fields.assignedTo } : fields;
  return fields.priority === 'normal' ? { ...both, priority: 'medium' } : both;
}

const send = (id: string, body: object) => inLane(id, write('POST', [...path, id, 'messages'], message, body));

/** Conversations and messages (contract 1.2, contract 1.3). */
export const conversations: Contract['conversations'] = {
  ...usual,
  list: ({ tags: wanted, ...filter }) =>
    listOf(path, conversation, 'conversations', { ...listQuery(toWireConversation(filter)), ...tagFilter(wanted) }),
  latest: () => listOf(path, conversation, 'conversations', { limit: 20, sortBy: 'updatedAt', sortOrder: 'desc' }),
  create: (input) => usual.create(toWireConversation(input)),
  update: (id, changes) => inLane(id, usual.update(id, toWireConversation(changes))),
  assign: (id, user) => act(id, 'assign', { agentId: user, userId: user }),
  unassign: (id) => act(id, 'unassign'),
  resolve: (id) => become(id, 'resolve', 'resolved'),
  reopen: (id) => become(id, 'reopen', 'open'),
  snooze: (id, until) => act(id, 'snooze', { until }),
  addTags: (id, names) => inLane(id, tags.add(id, names)),
  removeTags: (id, names) => inLane(id, tags.remove(id, names)),
  markRead: (id, messageIds) => inLane(id, write('POST', [...path, id, 'read'], ignoreAnswer, { messageIds })),
  counts: () => read([...path, 'counts'], counts),
  escalate: unsupportedCall('escalate a conversation', 'Set its priority and assign it to somebody.'),
  messages: (id, filter) => listOf([...path, id, 'messages'], message, 'messages', listQuery(filter)),
  message: (id, messageId) => read([...path, id, 'messages', messageId], message),
  send: (id, given) => send(id, outgoing(given)),
  sendRaw: send,
  react: unsupportedCall('react to a message', 'Answer it with a message.'),
  deleteMessage: (messageId, forEveryone) => ({
    ...write('DELETE', ['messages', messageId], ignoreAnswer),
    query: { forEveryone },
  }),
};

/** `tags[]` in one family, a single `tag` in the other. */
export function tagFilter(tags: readonly string[] = []): Record<string, unknown> {
  return tags.length === 0 ? {} : { 'tags[]': tags, tag: tags.length === 1 ? tags[0] : undefined };
}

/** Choices as the first SDK family reads them: `buttons` and `listSections` inside `content`. */
function choicesOf({ action = {} }: Interactive): object {
  const { buttons, sections } = action;
  return {
    ...(buttons && {
      buttons: buttons.map(({ type, id, title, url, phone }) => ({ type, text: title, payload: id, url, phone })),
    }),
    ...(sections && { listSections: sections }),
  };
}

/** `type` and flat fields, with `media.type` inside: every SDK family's server can read that (contract 1.3). */
function outgoing({ replyTo, metadata, media, ...flat }: Outgoing): object {
  const content = flat.interactive && choicesOf(flat.interactive);
  return {
    ...flat,
    ...(content ? { content: { text: flat.interactive?.body?.text, ...content } } : {}),
    ...(media ? { media: { ...media, type: media.type ?? flat.type } } : {}),
    ...(metadata || replyTo ? { metadata: { ...metadata, ...(replyTo ? { replyToId: replyTo } : {}) } } : {}),
  };
}
