import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { apiContract } from './routes';
import { chatRoutes } from './routes/chat-page';
import { controlRoutes } from './routes/control';
import type { Family } from './routes/families';
import { serverContract } from './selfhosted';
import { type NatsOptions, NatsPublisher } from './selfhosted/nats';
import { NatsEvents } from './selfhosted/nats-events';
import { DEFAULT_HABITS, readHabits, type ServerHabit } from './sim/habits';
import { KnowledgeIndex } from './sim/knowledge-index';
import type { World } from './sim/world';
import { State } from './state';
import { fillState } from './state/seed';
import { EventSocketServer } from './wire/event-socket';
import { Faults } from './wire/faults';
import { framePublisher } from './wire/frames';
import { IdempotencyCache } from './wire/idempotency';
import { ok, Router } from './wire/router';
import { createSandboxServer } from './wire/server';
import { Timers } from './wire/timers';
import { WebhookSender } from './wire/webhook-sender';

export interface SandboxOptions {
  /** The documented API, or the open-source server, which differs from it. Default api. */
  contract?: 'api' | 'server';
  /** 0, the default, takes any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Only for the API: the SDK family whose terms apply where the families contradict each other. Default union. */
  family?: Family;
  /** Only for the API: send every frame to every socket, subscribed or not. Default false. */
  broadcast?: boolean;
  /** Only for the server: its socket sends messages and conversations, unlike the current release. Default false. */
  announces?: boolean;
  /** Deliver and read messages automatically. Manual: they stay `sent`, or `pending` on the server. Default auto. */
  receipts?: 'auto' | 'manual';
  /** Only for the server: names of emulated habits, or `all` or `none`. Default: see `DEFAULT_HABITS`. */
  habits?: readonly (ServerHabit | 'all' | 'none')[];
  /** Only for the server: publish its events to this NATS server with JetStream. Default: no NATS. */
  nats?: NatsOptions;
  /** Honour `Idempotency-Key`. Default false. */
  idempotency?: boolean;
  /** Start with the invented shop instead of an empty tenant. Default true. */
  seed?: boolean;
  /** HTML of the chat page at `/`; a line of text when absent. */
  page?: string;
  /** Receives internal errors, one line each. Default: errors are dropped. */
  log?: (line: string) => void;
}

export interface Sandbox {
  /** Base URL, without a slash at the end. */
  readonly url: string;
  readonly port: number;
  /** Ends every socket, connection and timer. */
  close(): Promise<void>;
}

/** Time after which the self-hosted server breaks the connection of a request without an answer. */
const SERVER_CUTOFF_MS = 15_000;

/**
 * Starts a Linktor on this machine, all in memory: the documented API with its socket and signed webhooks,
 * or the open-source server.
 *
 * @throws the system's error when the port is not available (`code` is `EADDRINUSE` when it is in use), the client's
 *   error when NATS cannot be reached
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world = createWorld(options);
  const { host = '127.0.0.1', port = 0, page } = options;
  const router = new Router()
    .on('GET', '/', () => (page === undefined ? ok('The Linktor sandbox is running.') : html(page)), { open: true })
    .on('GET', '/health', () => ok({ status: 'healthy' }), { open: true });
  const contract = options.contract === 'server' ? serverContract(world, options) : apiContract(world);
  for (const addTo of [controlRoutes, chatRoutes]) addTo(router, world);
  contract.addControls(router);
  const nats = options.nats === undefined ? undefined : await NatsPublisher.open(options.nats, world.settings.log);
  if (nats) world.events = new NatsEvents(world, nats);
  const server = createSandboxServer(world, router, contract);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(port, host, resolve);
  }).catch(async (error: unknown) => {
    await nats?.close();
    throw error;
  });
  const { port: taken } = server.address() as AddressInfo;
  return {
    url: `http://${host.includes(':') ? `[${host}]` : host}:${taken}`,
    port: taken,
    close: async () => {
      world.timers.end();
      world.eventSockets.close();
      if (world.sockets !== world.eventSockets) world.sockets.close();
      contract.close?.();
      world.webhooks.close();
      await nats?.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function createWorld(options: SandboxOptions): World {
  const { broadcast = false, receipts = 'auto', idempotency = false, seed = true, log = () => undefined } = options;
  const selfhosted = options.contract === 'server';
  const { family = 'union' } = options;
  const habits = new Set(selfhosted ? readHabits(options.habits ?? DEFAULT_HABITS) : []);
  const state = new State(
    (empty) =>
      fillState(empty, { shop: seed, rustPage: seed && family === 'rust', providerPhones: habits.has('phones') }),
    selfhosted ? randomUUID : undefined,
  );
  const timers = new Timers();
  const faults = new Faults(selfhosted ? SERVER_CUTOFF_MS : 0);
  const eventSockets = new EventSocketServer(broadcast);
  const byHand = selfhosted ? 'none' : 'manual';
  const world: World = {
    byHand,
    settings: {
      broadcast,
      receipts: receipts === 'manual' ? byHand : receipts,
      idempotency,
      family,
      habits,
      log,
    },
    state,
    timers,
    faults,
    idempotency: new IdempotencyCache(),
    eventSockets,
    sockets: eventSockets,
    publishers: [framePublisher(eventSockets)],
    webhooks: new WebhookSender(state, timers, log),
    knowledge: new KnowledgeIndex(state),
    reset: () => {
      timers.clear();
      world.webhooks.reset();
      faults.reset();
      world.idempotency.clear();
      world.knowledge.clear();
      state.reset();
      world.onReset?.();
    },
  };
  return world;
}

const html = (page: string) => ({ status: 200, body: page, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
