import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingHttpHeaders, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { useFakeTimers } from 'sinon';
import { type ClientSettings, LinktorClient } from '../../lib/client';
import { codes, LinktorError } from '../../lib/errors';
import { type SandboxOptions, startSandbox } from '../../sandbox';

export const KEY = 'sandbox-key';

/** The error of something that must fail, and must fail with an error of ours that is complete. */
export async function failing(what: Promise<unknown> | (() => unknown)): Promise<LinktorError> {
  let thrown: unknown;
  try {
    const value = typeof what === 'function' ? await what() : await what;
    assert.fail(`this should have failed, and gave ${inspect(value)}`);
  } catch (error) {
    if (error instanceof assert.AssertionError) throw error;
    thrown = error;
  }
  return ours(thrown);
}

/** Checks that an error is one of ours. */
export function ours(thrown: unknown): LinktorError {
  assert.ok(thrown instanceof LinktorError, `not a LinktorError: ${inspect(thrown)}`);
  assert.ok(codes.includes(thrown.code));
  assert.equal(typeof thrown.cause.retryable, 'boolean');
  assert.equal(typeof thrown.cause.ambiguous, 'boolean');
  assert.ok(!(thrown.cause.retryable && thrown.cause.ambiguous), 'an ambiguous write must not be called retryable');
  for (const [key, value] of Object.entries(thrown.cause)) assert.notEqual(value, undefined, key);
  return thrown;
}

/** Fails when a secret can be read off an error in any of the usual ways. */
export function assertSilent(error: Error, secrets: readonly string[]): void {
  const told = [
    inspect(error, { depth: 10, showHidden: true }),
    JSON.stringify(error),
    JSON.stringify((error as LinktorError).cause),
    error.message,
    String(error),
    String(error.stack),
  ].join('\n');
  for (const secret of secrets) assert.ok(!told.includes(secret), `an error tells ${secret}:\n${told}`);
}

export interface Asked {
  method: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: string;
}

export interface Served {
  url: string;
  /** everything that was asked so far, in order of arrival, bodies complete */
  asked: Asked[];
  close(): Promise<void>;
}

/** A server of the test's own. The handler gets the request with its body already read. */
export async function serve(
  handler: (asked: Asked, response: ServerResponse, request: IncomingMessage) => void,
): Promise<Served> {
  const asked: Asked[] = [];
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on('data', (part: Buffer) => parts.push(part));
    request.on('error', () => {});
    response.on('error', () => {});
    request.on('end', () => {
      const { method = '', url = '', headers } = request;
      const one = { method, url, headers, body: Buffer.concat(parts).toString() };
      asked.push(one);
      handler(one, response, request);
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    asked,
    async close() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

/** Breaks the connection with a TCP reset. */
export function reset(request: IncomingMessage): void {
  (request.socket as Socket).resetAndDestroy();
}

export function json(response: ServerResponse, status: number, body: unknown, headers: Record<string, string> = {}) {
  response.writeHead(status, { 'Content-Type': 'application/json', ...headers });
  response.end(JSON.stringify(body));
}

/** A port on which nobody listens. */
export async function deadUrl(): Promise<string> {
  const server = await serve(() => {});
  await server.close();
  return server.url;
}

export interface Stored {
  conversationId: string;
  messageId: string;
  text: string;
  idempotencyKey?: string;
}

export interface SandboxState {
  counts: Record<string, number>;
  sockets: { open: number; total: number; subscriptions: number };
  clients: { subscriptions: string[] }[];
  sends: Stored[];
  requests: { method: string; path: string; query: string; status: number; idempotencyKey?: string }[];
}

export interface Bench {
  url: string;
  client(settings?: ClientSettings): LinktorClient;
  control<T = Record<string, unknown>>(path: string, body?: object): Promise<T>;
  state(): Promise<SandboxState>;
  close(): Promise<void>;
}

/** A sandbox and clients of it. */
export async function bench(options?: SandboxOptions): Promise<Bench> {
  const sandbox = await startSandbox(options);
  const clients: LinktorClient[] = [];
  return {
    url: sandbox.url,
    client(settings = {}) {
      const client = new LinktorClient({ baseUrl: sandbox.url, apiKey: KEY, ...settings });
      clients.push(client);
      return client;
    },
    async control<T>(path: string, body: object = {}) {
      const init = { method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } };
      const response = await fetch(`${sandbox.url}/_sandbox${path}`, init);
      assert.ok(response.ok, `${path}: ${response.status}`);
      return (await response.json()) as T;
    },
    async state() {
      return (await (await fetch(`${sandbox.url}/_sandbox/state`)).json()) as SandboxState;
    },
    async close() {
      for (const client of clients) await client.close();
      await sandbox.close();
    },
  };
}

/**
 * Time that runs a hundred times as fast, for what really waits between real requests. It stands still while the
 * process is busy, so a slow machine meets no timeout that a fast one would not.
 */
export function fastTime(): () => void {
  const clock = useFakeTimers({
    now: Date.now(),
    toFake: ['setTimeout', 'clearTimeout', 'Date'],
    // Timers of connections that were there before.
    shouldClearNativeTimers: true,
  });
  const tick = setInterval(() => clock.tick(100), 1);
  return () => {
    clearInterval(tick);
    clock.restore();
  };
}

/** Run something in {@link fastTime}. */
export async function inFastTime<T>(act: () => Promise<T>): Promise<T> {
  const restore = fastTime();
  try {
    return await act();
  } finally {
    restore();
  }
}

/** Keeps what comes and hands it to those who wait for it. */
export class Inbox<T> {
  readonly all: T[] = [];
  readonly #waiting = new Set<() => void>();

  readonly add = (item: T): void => {
    this.all.push(item);
    for (const check of [...this.#waiting]) check();
  };

  /** The first item that fits, now or as soon as it comes. */
  async first(fits: (item: T) => boolean = () => true): Promise<T> {
    return (await this.some(1, fits))[0] as T;
  }

  /** The first `count` items that fit. */
  some(count: number, fits: (item: T) => boolean = () => true): Promise<T[]> {
    return new Promise((resolve) => {
      const check = () => {
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

/** All that is due without any time passing has happened after this. */
export async function settled(turns = 20): Promise<void> {
  for (let turn = 0; turn < turns; turn++) await Promise.resolve();
}

/** What is rejected while nobody listens ends a real process, so a test has to know. */
export async function unhandled(act: () => Promise<void>): Promise<unknown[]> {
  const heard: unknown[] = [];
  const before = process.listeners('unhandledRejection');
  process.removeAllListeners('unhandledRejection');
  process.on('unhandledRejection', (reason) => heard.push(reason));
  try {
    await act();
    // They are reported once the microtasks are done.
    await new Promise((resolve) => setImmediate(resolve));
    await new Promise((resolve) => setImmediate(resolve));
  } finally {
    process.removeAllListeners('unhandledRejection');
    for (const listener of before) process.on('unhandledRejection', listener);
  }
  return heard;
}
