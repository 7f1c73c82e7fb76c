import type { Contract } from '../index';
import { ai, aiAgents } from './ai';
import { bots, flows } from './automation';
import { conversations } from './conversations';
import { frame, signal } from './frames';
import { knowledgeBases } from './knowledge-bases';
import { auth, channels, contacts } from './people';
import { analytics, vre, webhooks } from './reports';

/** Contract C: the self-hosted server, which takes tokens only, and both in the header and in the socket's address. */
export const server: Contract = {
  name: 'server',
  idempotent: false,
  authHeaders: (badge) => ({ Authorization: `Bearer ${'apiKey' in badge ? badge.apiKey : badge.token}` }),
  refusedHint: (badge) =>
    'apiKey' in badge
      ? 'The self-hosted server takes no API keys: sign in with e-mail and password.'
      : 'Tokens of the self-hosted server end after 15 minutes: sign in with e-mail and password.',
  socket: (badge) => ({
    path: ['ws'],
    query: { token: 'apiKey' in badge ? badge.apiKey : badge.token },
    headers: server.authHeaders(badge),
  }),
  signal,
  frame,
  announces: false,
  auth,
  conversations,
  contacts: { ...contacts, conversations: (id, slice) => conversations.list({ ...slice, contactId: id }) },
  channels,
  bots,
  ai,
  agents: aiAgents,
  knowledgeBases,
  flows,
  analytics,
  vre,
  webhooks,
};
