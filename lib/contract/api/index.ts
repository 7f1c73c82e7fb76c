import { frame } from '../frames';
import type { Contract } from '../index';
import { ai, aiAgents } from './ai';
import { bots, flows } from './automation';
import { conversations } from './conversations';
import { knowledgeBases } from './knowledge-bases';
import { auth, channels, contacts } from './people';
import { analytics, vre, webhooks } from './reports';

/** Contract A: the documented API, as the official SDKs speak it. */
export const api: Contract = {
  name: 'api',
  idempotent: true,
  authHeaders: (badge): Record<string, string> =>
    'apiKey' in badge ? { 'X-API-Key': badge.apiKey } : { Authorization: `Bearer ${badge.token}` },
  refusedHint: () => undefined,
  socket: (badge) => ({
    path: ['ws'],
    query: ('apiKey' in badge ? { api_key: badge.apiKey } : { token: badge.token }) as Record<string, string>,
  }),
  signal: (signal) => JSON.stringify(signal),
  frame,
  announces: true,
  auth,
  conversations,
  contacts,
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
