import { guarded } from '../routes/control';
import type { World } from '../sim/world';
import type { Face } from '../wire/contract';
import type { Form } from '../wire/form';
import { type Answer, ok, Router } from '../wire/router';
import { AgentHub } from './agent-sockets';
import { audienceOf } from './audience';
import { callerOf, socketCaller } from './credentials';
import { lost, planned, refusalAnswer } from './refusal';
import type { House, On } from './route';
import { aiRoutes } from './routes/ai';
import { analyticsRoutes } from './routes/analytics';
import { authRoutes } from './routes/auth';
import { botRoutes } from './routes/bots';
import { channelRoutes } from './routes/channels';
import { contactRoutes } from './routes/contacts';
import { conversationRoutes } from './routes/conversations';
import { flowRoutes } from './routes/flows';
import { inboundRoutes } from './routes/inbound';
import { knowledgeRoutes } from './routes/knowledge';
import { messageRoutes } from './routes/messages';
import { userRoutes } from './routes/users';
import { vreRoutes } from './routes/vre';
import { Tokens } from './tokens';

const PREFIX = '/api/v1';
const SOCKET = `${PREFIX}/ws`;
const ROUTES = [
  authRoutes,
  userRoutes,
  conversationRoutes,
  messageRoutes,
  contactRoutes,
  channelRoutes,
  inboundRoutes,
  botRoutes,
  knowledgeRoutes,
  flowRoutes,
  aiRoutes,
  analyticsRoutes,
  vreRoutes,
];

/**
 * The open-source server that people run themselves (contract C): everything under `/api/v1`, JWTs, snake_case, five
 * envelopes, and a socket that says nothing about messages.
 *
 * @param options.announces let the socket announce messages and conversations all the same
 */
export function selfhostedFace(world: World, { announces = false }: { announces?: boolean }): Face {
  const router = new Router();
  const tokens = new Tokens();
  const hub = new AgentHub();
  const house: House = { world, tokens, hub };
  const on: On = (method, path, handler, options) => router.on(method, PREFIX + path, handler, options);
  for (const addTo of ROUTES) addTo(on, house);
  router
    .on('GET', '/ready', () => ok({ status: 'ready', nats: 'connected' }), { open: true })
    .on('GET', SOCKET, ({ headers, query }) => {
      socketCaller(tokens, headers, query);
      return { status: 400, body: 'Bad Request\n' };
    });
  const audience = audienceOf(hub, announces);
  world.crowd = hub;
  world.audiences.push(audience);
  world.onReset = () => {
    tokens.reset();
    hub.reset();
    audience.announces = announces;
  };
  return {
    router,
    controls: (own) => {
      const { post } = guarded(own);
      post('/tokens', (form) => setTokens(tokens, form));
      post('/announces', (form) => {
        audience.announces = form.flag('on') ?? true;
        return ok({ on: audience.announces });
      });
      post('/sockets/ping', (form) => {
        hub.pingEveryMs = form.number('everyMs', { min: 1 }) ?? hub.pingEveryMs;
        hub.pongWithinMs = form.number('withinMs', { min: 1 }) ?? hub.pongWithinMs;
        return ok({ everyMs: hub.pingEveryMs, withinMs: hub.pongWithinMs });
      });
    },
    callerOf: (headers) => callerOf(tokens, headers),
    admit: ({ pathname, searchParams }, headers) => {
      if (pathname !== SOCKET) throw lost();
      const userId = socketCaller(tokens, headers, searchParams);
      return (request, stream, head) => hub.accept(request, stream, head, userId);
    },
    lost: () => {
      throw lost();
    },
    refusal: refusalAnswer,
    faultBody: ({ status }) => planned(status, 'A failure that was asked for'),
  };
}

/** How long tokens live that are issued from now on, and whether those issued so far end now. */
function setTokens(tokens: Tokens, form: Form): Answer {
  tokens.accessSeconds = form.number('accessSeconds', { min: 0 }) ?? tokens.accessSeconds;
  tokens.refreshSeconds = form.number('refreshSeconds', { min: 0 }) ?? tokens.refreshSeconds;
  if (form.flag('revoke')) tokens.renewSecret();
  return ok({ accessSeconds: tokens.accessSeconds, refreshSeconds: tokens.refreshSeconds });
}
