import { guarded } from './control';
import type { Face } from './face';
import { codeFor, Problem } from './problem';
import { agentRoutes } from './resources/agents';
import { aiRoutes } from './resources/ai';
import { analyticsRoutes } from './resources/analytics';
import { authRoutes } from './resources/auth';
import { botRoutes } from './resources/bots';
import { channelRoutes } from './resources/channels';
import { contactRoutes } from './resources/contacts';
import { conversationRoutes } from './resources/conversations';
import { documentRoutes } from './resources/documents';
import { flowRoutes } from './resources/flows';
import { knowledgeRoutes } from './resources/knowledge';
import { messageRoutes } from './resources/messages';
import { vreRoutes } from './resources/vre';
import { addWebhook, webhookRoutes } from './resources/webhooks';
import { type Answer, created, Router } from './router';
import { callerOf, socketCaller } from './signin';
import type { World } from './world';

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
