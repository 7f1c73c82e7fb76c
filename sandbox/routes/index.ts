import type { World } from '../sim/world';
import type { Contract } from '../wire/contract';
import { controlRouter } from '../wire/control-router';
import { flatError, noRoute } from '../wire/flat-errors';
import { JavaSocketServer } from '../wire/java-socket';
import { codeFor, Problem } from '../wire/problem';
import { created, Router } from '../wire/router';
import { agentRoutes } from './agents';
import { aiRoutes } from './ai';
import { analyticsRoutes } from './analytics';
import { authRoutes } from './auth';
import { botRoutes } from './bots';
import { channelRoutes } from './channels';
import { contactRoutes } from './contacts';
import { conversationRoutes } from './conversations';
import { authenticate, authenticateSocket } from './credentials';
import { documentRoutes } from './documents';
import { adaptAnswer } from './families';
import { flowRoutes } from './flows';
import { knowledgeRoutes } from './knowledge';
import { mediaRoutes } from './media';
import { messageRoutes } from './messages';
import { vreRoutes } from './vre';
import { addWebhook, webhookRoutes } from './webhooks';

const ROUTES = [
  authRoutes,
  conversationRoutes,
  messageRoutes,
  mediaRoutes,
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

/** The documented API: flat errors, 405 for an unknown verb, one socket at `/ws`. */
export function apiContract(world: World): Contract {
  const { family } = world.settings;
  const router = new Router((answer) => adaptAnswer(family, answer));
  for (const addTo of ROUTES) addTo(router, world);
  const javaSockets = new JavaSocketServer();
  world.publishers.push(javaSockets.publisher);
  return {
    router,
    addControls: (own) => controlRouter(own).post('/webhooks', (form) => created(addWebhook(world.state, form))),
    authenticate: (headers) => authenticate(world.state, headers),
    acceptSocket: ({ pathname, searchParams }, headers) => {
      if (pathname === '/ws/conversations') {
        const { userId } = authenticate(world.state, headers);
        return (request, stream, head) => javaSockets.accept(request, stream, head, userId);
      }
      if (pathname !== '/ws') throw new Problem(404, `There is no socket at ${pathname}`);
      const { userId } = authenticateSocket(world.state, searchParams);
      return (request, stream, head) => world.eventSockets.accept(request, stream, head, userId);
    },
    close: () => javaSockets.close(),
    noRoute,
    errorAnswer: flatError,
    faultBody: ({ status, headers }) => {
      const seconds = Object.entries(headers).find(([name]) => name.toLowerCase() === 'retry-after')?.[1];
      return {
        code: codeFor(status),
        message: 'A failure that was asked for',
        ...(status === 429 && seconds && { retry_after: Number(seconds) }),
      };
    },
  };
}
