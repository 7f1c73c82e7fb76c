import type { AddressInfo } from 'node:net';
import { controlRoutes } from './control';
import { Hooks } from './deliveries';
import { Faults } from './faults';
import { Library } from './library';
import { Memory } from './memory';
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
import { webhookRoutes } from './resources/webhooks';
import { ok, Router } from './router';
import { serverFor } from './server';
import { Hub } from './socket';
import { State } from './state';
import { Timers } from './timers';
import type { World } from './world';

export interface SandboxOptions {
  /** 0, the default, takes any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Send every frame to every socket, subscribed or not. Default false. */
  broadcast?: boolean;
  /** Whether messages are delivered and read by themselves. Default auto. */
  receipts?: 'auto' | 'manual';
  /** Honour `Idempotency-Key`. Default false. */
  idempotency?: boolean;
  /** Start with the invented shop instead of an empty tenant. Default true. */
  seed?: boolean;
  /** HTML of the chat page at `/`; a line of text when absent. */
  page?: string;
  /** Told what goes wrong inside, one line each. Default: nobody. */
  log?: (line: string) => void;
}

export interface Sandbox {
  /** Base URL, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Ends every socket, connection and timer. */
  close(): Promise<void>;
}

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
  controlRoutes,
];

/**
 * Starts a Linktor on this machine: the documented API (contract A), its socket and signed webhooks, all in memory.
 *
 * @throws the system's error when the port cannot be had (`code` is `EADDRINUSE` when it is taken)
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world = worldFor(options);
  const { host = '127.0.0.1', port = 0, page } = options;
  const router = new Router()
    .on('GET', '/', () => (page === undefined ? ok('The Linktor sandbox is running.') : html(page)), { open: true })
    .on('GET', '/health', () => ok({ status: 'healthy' }), { open: true });
  for (const addTo of ROUTES) addTo(router, world);
  const server = serverFor(world, router);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    close: async () => {
      world.timers.end();
      world.hub.close();
      world.hooks.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function worldFor(options: SandboxOptions): World {
  const { broadcast = false, receipts = 'auto', idempotency = false, seed = true, log = () => undefined } = options;
  const state = new State(seed);
  const timers = new Timers();
  const faults = new Faults();
  const memory = new Memory();
  const library = new Library(state);
  const hooks = new Hooks(state, timers, log);
  return {
    settings: { broadcast, receipts, idempotency, log },
    state,
    timers,
    faults,
    memory,
    hub: new Hub(broadcast),
    hooks,
    library,
    reset: () => {
      timers.clear();
      hooks.reset();
      faults.reset();
      memory.clear();
      library.clear();
      state.reset();
    },
  };
}

const html = (page: string) => ({ status: 200, body: page, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
