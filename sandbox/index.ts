import { randomUUID } from 'node:crypto';
import type { AddressInfo } from 'node:net';
import { apiFace } from './routes';
import { chatRoutes } from './routes/chat-page';
import { controlRoutes } from './routes/control';
import { selfhostedFace } from './selfhosted';
import { Faults } from './sim/faults';
import { Library } from './sim/knowledge-index';
import { Timers } from './sim/timers';
import type { World } from './sim/world';
import { State } from './state';
import { Hub } from './wire/event-socket';
import { audienceOf } from './wire/frames';
import { Memory } from './wire/idempotency';
import { ok, Router } from './wire/router';
import { serverFor } from './wire/server';
import { Hooks } from './wire/webhook-sender';

export interface SandboxOptions {
  /** The documented API, or the open-source server that differs from it. Default api. */
  contract?: 'api' | 'server';
  /** 0, the default, takes any free port. */
  port?: number;
  /** Default 127.0.0.1. */
  host?: string;
  /** Only for the API: send every frame to every socket, subscribed or not. Default false. */
  broadcast?: boolean;
  /** Only for the server: its socket announces messages and conversations, which today's does not. Default false. */
  announces?: boolean;
  /** Whether messages are delivered and read by themselves; if not, they stay sent, or pending on the server. Default auto. */
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

/** How long the server lets a request take before the connection breaks. */
const SERVER_CUTOFF_MS = 15_000;

/**
 * Starts a Linktor on this machine, all in memory: the documented API (contract A) with its socket and signed webhooks,
 * or the open-source server (contract C) with what it has of them.
 *
 * @throws the system's error when the port cannot be had (`code` is `EADDRINUSE` when it is taken)
 */
export async function startSandbox(options: SandboxOptions = {}): Promise<Sandbox> {
  const world = worldFor(options);
  const { host = '127.0.0.1', port = 0, page } = options;
  const router = new Router()
    .on('GET', '/', () => (page === undefined ? ok('The Linktor sandbox is running.') : html(page)), { open: true })
    .on('GET', '/health', () => ok({ status: 'healthy' }), { open: true });
  const face = options.contract === 'server' ? selfhostedFace(world, options) : apiFace(world);
  for (const addTo of [controlRoutes, chatRoutes]) addTo(router, world);
  face.controls(router);
  const server = serverFor(world, router, face);
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
      if (world.crowd !== world.hub) world.crowd.close();
      world.hooks.close();
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      await closed;
    },
  };
}

function worldFor(options: SandboxOptions): World {
  const { broadcast = false, receipts = 'auto', idempotency = false, seed = true, log = () => undefined } = options;
  const selfhosted = options.contract === 'server';
  const state = new State(seed, selfhosted ? randomUUID : undefined);
  const timers = new Timers();
  const faults = new Faults(selfhosted ? SERVER_CUTOFF_MS : 0);
  const memory = new Memory();
  const library = new Library(state);
  const hooks = new Hooks(state, timers, log);
  const hub = new Hub(broadcast);
  const world: World = {
    settings: { broadcast, receipts: selfhosted && receipts === 'manual' ? 'none' : receipts, idempotency, log },
    state,
    timers,
    faults,
    memory,
    hub,
    crowd: hub,
    audiences: [audienceOf(hub)],
    hooks,
    library,
    reset: () => {
      timers.clear();
      hooks.reset();
      faults.reset();
      memory.clear();
      library.clear();
      state.reset();
      world.onReset?.();
    },
  };
  return world;
}

const html = (page: string) => ({ status: 200, body: page, headers: { 'Content-Type': 'text/html; charset=utf-8' } });
