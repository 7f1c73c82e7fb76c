import type { Contract } from '../index';
import { ai, aiAgents } from './ai';
import { bots, flows } from './automation';
import { conversations } from './conversations';
import { explain } from './explain';
import { frame, signal } from './frames';
import { knowledgeBases } from './knowledge-bases';
import { decodeAnyList, listQuery } from './lists';
import { media } from './media';
import { auth, channels, contacts } from './people';
import { analytics, vre, webhooks } from './reports';
import { messageTemplates, users } from './team';

/** The self-hosted server: it accepts only tokens, in the header and in the socket's URL (contract 2.3). */
export const server: Contract = {
  name: 'server',
  idempotent: false,
  authHeaders: (credentials) => ({
    Authorization: `Bearer ${'apiKey' in credentials ? credentials.apiKey : credentials.token}`,
  }),
  refusedHint: (credentials) =>
    'apiKey' in credentials
      ? 'The self-hosted server takes no API keys: sign in with e-mail and password.'
      : 'Tokens of the self-hosted server end after 15 minutes: sign in with e-mail and password.',
  explain,
  socket: (credentials) => ({
    path: ['ws'],
    query: { token: 'apiKey' in credentials ? credentials.apiKey : credentials.token },
    headers: server.authHeaders(credentials),
  }),
  signal,
  frame,
  readyPath: ['ready'],
  lists: { query: listQuery, decode: decodeAnyList },
  announces: false,
  auth,
  users,
  messageTemplates,
  conversations,
  contacts: { ...contacts, conversations: (id, slice) => conversations.list({ ...slice, contactId: id }) },
  channels,
  media,
  bots,
  ai,
  agents: aiAgents,
  knowledgeBases,
  flows,
  analytics,
  vre,
  webhooks,
};
