import type { World } from '../sim/world';
import type { Face } from '../wire/contract';
import { codeFor, Problem } from '../wire/problem';
import { type Answer, created, Router } from '../wire/router';
import { agentRoutes } from './agents';
import { aiRoutes } from './ai';
import { analyticsRoutes } from './analytics';
import { authRoutes } from './auth';
import { botRoutes } from './bots';
import { channelRoutes } from './channels';
import { contactRoutes } from './contacts';
import { guarded } from './control';
import { conversationRoutes } from './conversations';
import { callerOf, socketCaller } from './credentials';
import { documentRoutes } from './documents';
import { flowRoutes } from './flows';
import { knowledgeRoutes } from './knowledge';
import { messageRoutes } from './messages';
import { vreRoutes } from './vre';
import { addWebhook, webhookRoutes } from './webhooks';

const ROUTES = [
  authRoutes,
  conversationRoutes,
  messageRoutes,
  contactRoutes,
  channelRoutes,
  knowledgeRoutes,
  documentRoutes,
  aiRoutes,
  agentRoutes,
  botRoutes,
  flowRoutes,
  analyticsRoutes,
  vreRoutes,
  webhookRoutes,
];

/** The documented API: flat errors, 405 for a wrong verb, one socket at `/ws`. */
export function apiFace(world: World): Face {
  const router = new Router();
  for (const addTo of ROUTES) addTo(router, world);
  return {
    router,
    controls: (own) => guarded(own).post('/webhooks', (form) => created(addWebhook(world.state, form))),
    callerOf: (headers) => callerOf(world.state, headers),
    admit: ({ pathname, searchParams }) => {
      if (pathname !== '/ws') throw new Problem(404, `There is no socket at ${pathname}`);
      const { userId } = socketCaller(world.state, searchParams);
      return (request, stream, head) => world.hub.accept(request, stream, head, userId);
    },
    lost,
    refusal: flat,
    faultBody: ({ status }) => ({ code: codeFor(status), message: 'A failure that was asked for' }),
  };
}

/** @throws a 404 problem for an unknown path, 405 for a verb that the path does not have */
export function lost(method: string, path: string, allow?: string[]): never {
  if (!allow) throw new Problem(404, `There is nothing at ${path}`);
  throw new Problem(405, `${method} is not possible here`, { headers: { Allow: allow.join(', ') } });
}

/** A refusal as the flat error `{code, message, details?}`. */
export function flat(error: unknown): Answer | undefined {
  if (!(error instanceof Problem)) return undefined;
  return { status: error.status, headers: error.headers, body: error.body() };
}
