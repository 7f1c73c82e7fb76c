import type { Outgoing } from '../model';
import * as entities from './entities';
import { list } from './envelope';
import { frame } from './frames';
import type { Badge, Call, Contract, Signal, Slice } from './index';

const read = <T>(path: string[], decode: (body: unknown) => T, query?: Call<T>['query']): Call<T> => ({
  kind: 'read',
  method: 'GET',
  path,
  query,
  decode,
});

/** A cursor alone once there is one; else every style that some SDK has, which servers read as they can. */
function slice({ cursor, limit, page }: Slice): Record<string, string | number | undefined> {
  if (cursor !== undefined) return { cursor, limit };
  return { limit, page, offset: page !== undefined && limit !== undefined ? (page - 1) * limit : undefined };
}

function rest<T extends Slice>(filter: T): Omit<T, keyof Slice> {
  const { limit: _limit, page: _page, cursor: _cursor, ...others } = filter;
  return others;
}

/** `type` and flat fields, with `media.type` inside: every SDK family's server can read that (contract 1.3). */
function outgoing(message: Outgoing): object {
  const { replyTo, metadata, media, ...flat } = message;
  return {
    ...flat,
    ...(media ? { media: { ...media, type: media.type ?? message.type } } : {}),
    ...(metadata || replyTo ? { metadata: { ...metadata, ...(replyTo ? { replyToId: replyTo } : {}) } } : {}),
  };
}

const send = (id: string, body: object): ReturnType<Contract['conversations']['send']> => ({
  kind: 'write',
  method: 'POST',
  path: ['conversations', id, 'messages'],
  body,
  lane: id,
  decode: entities.message,
});

/** Contract A: the documented API, as the official SDKs speak it. */
export const api: Contract = {
  name: 'api',
  badge: (badge: Badge): Record<string, string> =>
    'apiKey' in badge ? { 'X-API-Key': badge.apiKey } : { Authorization: `Bearer ${badge.token}` },
  socket: (badge: Badge) => ({
    path: ['ws'],
    query: ('apiKey' in badge ? { api_key: badge.apiKey } : { token: badge.token }) as Record<string, string>,
  }),
  signal: (signal: Signal) => JSON.stringify(signal),
  frame,
  auth: {
    me: () => read(['auth', 'me'], entities.user),
    tenant: () => read(['auth', 'tenant'], entities.tenant),
  },
  conversations: {
    list: (filter) =>
      read(['conversations'], list(entities.conversation, 'conversations'), {
        ...rest(filter),
        assignedAgentId: filter.assignedTo,
        ...slice(filter),
      }),
    get: (id) => read(['conversations', id], entities.conversation),
    messages: (id, filter) =>
      read(['conversations', id, 'messages'], list(entities.message, 'messages'), {
        ...rest(filter),
        ...slice(filter),
      }),
    send: (id, message) => send(id, outgoing(message)),
    sendRaw: send,
  },
  contacts: {
    list: (filter) => read(['contacts'], list(entities.contact, 'contacts'), { ...rest(filter), ...slice(filter) }),
    get: (id) => read(['contacts', id], entities.contact),
  },
  channels: {
    list: (filter) => read(['channels'], list(entities.channel, 'channels'), { ...rest(filter), ...slice(filter) }),
  },
  knowledgeBases: {
    list: (filter) =>
      read(['knowledge-bases'], list(entities.knowledgeBase, 'knowledge bases'), { ...rest(filter), ...slice(filter) }),
    query: ({ base, query, topK, minScore }) => ({
      kind: 'read',
      method: 'POST',
      path: ['knowledge-bases', base, 'query'],
      body: { query, topK, threshold: minScore, minScore },
      decode: entities.queryResult(query),
    }),
  },
  ai: {
    complete: (input) => ({
      kind: 'costly',
      method: 'POST',
      path: ['ai', 'completions'],
      body: { ...input, stream: false },
      decode: entities.completion,
    }),
  },
};
