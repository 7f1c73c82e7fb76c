import { frame } from '../frames';
import type { Contract } from '../index';
import { ANY_LIST_FIELDS, decodeList } from '../paging';
import { ai, aiAgents } from './ai';
import { bots, flows } from './automation';
import { listQuery } from './calls';
import { conversations } from './conversations';
import { explain } from './explain';
import { knowledgeBases } from './knowledge-bases';
import { media } from './media';
import { auth, channels, contacts, messageTemplates, users } from './people';
import { analytics, vre, webhooks } from './reports';

/** The documented API, as the official SDKs speak it (contract 0.5). */
export const api: Contract = {
  name: 'api',
  idempotent: true,
  authHeaders: (credentials): Record<string, string> =>
    'apiKey' in credentials ? { 'X-API-Key': credentials.apiKey } : { Authorization: `Bearer ${credentials.token}` },
  refusedHint: () => undefined,
  explain,
  socket: (credentials) => ({
    path: ['ws'],
    query: ('apiKey' in credentials ? { api_key: credentials.apiKey } : { token: credentials.token }) as Record<
      string,
      string
    >,
  }),
  signal: (signal) => JSON.stringify(signal),
  frame,
  lists: {
    query: listQuery,
    decode: (path) => decodeList((item) => item, `items at /${path.join('/')}`, ANY_LIST_FIELDS),
  },
  announces: true,
  auth,
  users,
  messageTemplates,
  conversations,
  contacts,
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
