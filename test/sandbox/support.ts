import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import WebSocket from 'ws';
import { type SandboxOptions, startSandbox } from '../../sandbox/index';

export type Json = Record<string, unknown>;

export interface Reply {
  status: number;
  headers: Headers;
  body: Json;
  text: string;
}

export interface Ask {
  body?: unknown;
  headers?: Record<string, string>;
}

/** Where a socket is opened when it is not at `/ws`, and with which headers. */
export interface Place {
  path: string;
  headers: Record<string, string>;
}

export interface Bench {
  url: string;
  /** Asks with the API key. */
  api(method: string, path: string, body?: unknown, headers?: Record<string, string>): Promise<Reply>;
  /** Asks with exactly these headers. */
  ask(method: string, path: string, ask?: Ask): Promise<Reply>;
  control(path: string, body?: unknown): Promise<Reply>;
  state(): Promise<StateReport>;
  socket(query?: string, place?: Place): Promise<Listener>;
  receiver(answer?: (delivery: Received, number: number) => number): Promise<Receiver>;
  /** Ends the sockets opened so far. */
  hangUp(): Promise<void>;
  close(): Promise<void>;
}

export interface StateReport {
  counts: Record<string, number>;
  sockets: { open: number; total: number; subscriptions: number };
  clients: { subscriptions: string[] }[];
  sends: { conversationId: string; messageId: string; text: string; idempotencyKey?: string; at: string }[];
  requests: { method: string; path: string; status: number; idempotencyKey?: string }[];
}

/** A sandbox with what a test needs to talk to it; `close` ends all of it. */
export async function bench(options?: SandboxOptions): Promise<Bench> {
  const sandbox = await startSandbox(options);
  const { url } = sandbox;
  const closers: (() => void)[] = [];
  const listeners: Listener[] = [];
  const ask = async (method: string, path: string, { body, headers = {} }: Ask = {}): Promise<Reply> => {
    const payload =
      body === undefined || typeof body === 'string' || body instanceof FormData ? body : JSON.stringify(body);
    const response = await fetch(url + path, { method, headers, body: payload, redirect: 'manual' });
    const text = await response.text();
    return { status: response.status, headers: response.headers, text, body: parse(text) };
  };
  return {
    url,
    ask,
    api: (method, path, body, headers) =>
      ask(method, path, { body, headers: { 'X-API-Key': 'sandbox-key', ...headers } }),
    control: (path, body) => ask('POST', `/_sandbox${path}`, { body }),
    state: async () => (await ask('GET', '/_sandbox/state')).body as unknown as StateReport,
    socket: async (query = '?api_key=sandbox-key', place) => {
      const listener = await Listener.open(url, query, place);
      listeners.push(listener);
      closers.push(() => listener.socket.terminate());
      return listener;
    },
    receiver: async (answer) => {
      const receiver = await Receiver.open(answer);
      closers.push(() => receiver.close());
      return receiver;
    },
    hangUp: async () => {
      for (const { socket } of listeners.splice(0)) {
        if (socket.readyState === socket.CLOSED) continue;
        socket.terminate();
        await once(socket, 'close');
      }
    },
    close: async () => {
      for (const close of closers) close();
      await sandbox.close();
    },
  };
}

/** Keeps what arrives and hands it out to those who wait for it. */
export class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  add(item: T): void {
    this.all.push(item);
    for (const check of this.#waiting) check();
  }

  /** The first item that fits, now or as soon as it comes. */
  async first(fits: (item: T) => boolean): Promise<T> {
    return (await this.some(1, fits))[0] as T;
  }

  /** The first `count` items that fit. */
  some(count: number, fits: (item: T) => boolean = () => true): Promise<T[]> {
    return new Promise((resolve) => {
      const check = (): void => {
        const found = this.all.filter(fits);
        if (found.length < count) return;
        this.#waiting.delete(check);
        resolve(found.slice(0, count));
      };
      this.#waiting.add(check);
      check();
    });
  }
}

const AT_ROOT: Place = { path: '/ws', headers: {} };

export class Listener {
  readonly frames = new Inbox<Json>();
  readonly socket: WebSocket;

  private constructor(socket: WebSocket) {
    this.socket = socket;
    socket.on('message', (data) => this.frames.add(JSON.parse(data.toString()) as Json));
    socket.on('error', () => undefined);
  }

  static async open(url: string, query: string, { path, headers }: Place = AT_ROOT): Promise<Listener> {
    const socket = new WebSocket(`${url.replace('http', 'ws')}${path}${query}`, { headers });
    const listener = new Listener(socket);
    await once(socket, 'open');
    return listener;
  }

  send(frame: Json): void {
    this.socket.send(JSON.stringify(frame));
  }

  /** Waits until the server has handled all that was sent so far: it answers pings in order. */
  async settled(): Promise<void> {
    this.socket.ping();
    await once(this.socket, 'pong');
  }

  async subscribe(conversationId: string): Promise<void> {
    this.send({ type: 'subscribe', conversationId });
    await this.settled();
  }

  frame(type: string, fits: (frame: Json) => boolean = () => true): Promise<Json> {
    return this.frames.first((frame) => frame.type === type && fits(frame));
  }

  types(): unknown[] {
    return this.frames.all.map(({ type }) => type);
  }

  async closed(): Promise<number> {
    const [code] = (await once(this.socket, 'close')) as [number];
    return code;
  }
}

export interface Received {
  headers: IncomingHttpHeaders;
  raw: string;
  body: Json;
}

/** A webhook receiver that answers what the test says, 200 when it says nothing. */
export class Receiver {
  readonly deliveries = new Inbox<Received>();
  readonly url: string;
  readonly close: () => void;

  private constructor(url: string, close: () => void) {
    this.url = url;
    this.close = close;
  }

  static async open(answer: (delivery: Received, number: number) => number = () => 200): Promise<Receiver> {
    let number = 0;
    let receiver: Receiver;
    const server = createServer((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const raw = Buffer.concat(parts).toString();
        const delivery = { headers: request.headers, raw, body: parse(raw) };
        number += 1;
        response.statusCode = answer(delivery, number);
        response.end();
        receiver.deliveries.add(delivery);
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    receiver = new Receiver(`http://127.0.0.1:${port}/hook`, () => {
      server.close();
      server.closeAllConnections();
    });
    return receiver;
  }
}

function parse(text: string): Json {
  try {
    return JSON.parse(text) as Json;
  } catch {
    return {};
  }
}

/** The list in an answer of a list route. */
export function rows({ body }: Reply): Json[] {
  return body.data as Json[];
}

export function ids(reply: Reply): unknown[] {
  return rows(reply).map(({ id }) => id);
}
