import { readHabits } from '../sim/habits';
import type { World } from '../sim/world';
import type { Contract } from '../wire/contract';
import { controlRouter } from '../wire/control-router';
import type { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Answer, type Handler, ok, Router } from '../wire/router';
import { AgentSocketServer } from './agent-sockets';
import { authenticate, authenticateSocket } from './credentials';
import { agentFramePublisher } from './frames';
import { readyAnswer, refuseInOutage } from './outage';
import { errorAnswer, noRoute, plannedError } from './refusal';
import type { AddRoute, RouteContext } from './route';
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
import { templateRoutes } from './routes/templates';
import { userRoutes } from './routes/users';
import { vreRoutes } from './routes/vre';
import { Tokens } from './tokens';

const API_PREFIX = '/api/v1';
const SOCKET_PATH = `${API_PREFIX}/ws`;
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
  templateRoutes,
];

/**
 * The open-source, self-hosted server: routes under `/api/v1`, JWTs, snake_case, five envelopes, and a
 * socket without message frames.
 *
 * @param options.announces send frames for messages and conversations
 */
export function serverContract(world: World, { announces = false }: { announces?: boolean }): Contract {
  const router = new Router();
  const tokens = new Tokens();
  const sockets = new AgentSocketServer();
  const context: RouteContext = { world, tokens, sockets };
  const on: AddRoute = (method, path, handler, options) => {
    const guarded: Handler = (call) => {
      if (world.faults.outage.database) refuseInOutage(path);
      return handler(call);
    };
    router.on(method, API_PREFIX + path, guarded, options);
  };
  for (const addTo of ROUTES) addTo(on, context);
  router
    .on('GET', '/ready', () => readyAnswer(world.faults.outage, world.events), { open: true })
    .on('GET', SOCKET_PATH, ({ headers, query }) => {
      authenticateSocket(tokens, headers, query);
      return { status: 400, body: 'Bad Request\n' };
    });
  const publisher = agentFramePublisher(world, sockets, announces);
  world.sockets = sockets;
  world.publishers.push(publisher);
  world.onReset = () => {
    tokens.reset();
    sockets.resetTimes();
    publisher.announces = announces;
  };
  return {
    router,
    addControls: (own) => {
      const { post } = controlRouter(own);
      post('/tokens', (form) => setTokens(tokens, form));
      post('/announces', (form) => {
        publisher.announces = form.flag('on') ?? true;
        return ok({ on: publisher.announces });
      });
      post('/habits', (form) => {
        const { habits } = world.settings;
        const wanted = readHabits(form.needTexts('names'));
        habits.clear();
        for (const habit of wanted) habits.add(habit);
        return ok({ names: wanted });
      });
      post('/events', (form) => {
        if (!world.events) throw invalid('nats', 'is off: start with --nats');
        world.events.event(form.needText('type'), form.map('payload') ?? {}, form.text('tenantId'));
        return ok({ published: true });
      });
      post('/outage', (form) => {
        const { outage } = world.faults;
        outage.database = form.flag('database') ?? outage.database;
        outage.nats = form.flag('nats') ?? outage.nats;
        return ok({ ...outage });
      });
      post('/sockets/ping', (form) => {
        sockets.pingEveryMs = form.number('everyMs', { min: 1 }) ?? sockets.pingEveryMs;
        sockets.pongWithinMs = form.number('withinMs', { min: 1 }) ?? sockets.pongWithinMs;
        return ok({ everyMs: sockets.pingEveryMs, withinMs: sockets.pongWithinMs });
      });
    },
    authenticate: (headers) => authenticate(tokens, headers),
    acceptSocket: ({ pathname, searchParams }, headers) => {
      if (pathname !== SOCKET_PATH) throw noRoute();
      const userId = authenticateSocket(tokens, headers, searchParams);
      return (request, stream, head) => sockets.accept(request, stream, head, userId);
    },
    noRoute: () => {
      throw noRoute();
    },
    errorAnswer: errorAnswer,
    faultBody: ({ status }) => plannedError(status, 'A failure that was asked for'),
  };
}

/** Sets the lifetime of new tokens, and revokes the existing ones when asked to. */
function setTokens(tokens: Tokens, form: Form): Answer {
  tokens.accessSeconds = form.number('accessSeconds', { min: 0 }) ?? tokens.accessSeconds;
  tokens.refreshSeconds = form.number('refreshSeconds', { min: 0 }) ?? tokens.refreshSeconds;
  if (form.flag('revoke')) tokens.renewSecret();
  return ok({ accessSeconds: tokens.accessSeconds, refreshSeconds: tokens.refreshSeconds });
}
