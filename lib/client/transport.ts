import http from 'node:http';
import https from 'node:https';
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import axios, {
  AxiosHeaders,
  type AxiosResponse,
  CanceledError,
  type GenericAbortSignal,
  type InternalAxiosRequestConfig,
} from 'axios';
import type { Headers } from '../contract/envelope';
import { invalid } from '../errors';
import type { Agents } from './agents';

/** What leaves: a request whose path is already joined and encoded. */
export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** JSON text, or a multipart form */
  body?: string | FormData;
}

/** What came back, whatever the status. Header names are in lower case. */
export interface WireAnswer {
  status: number;
  headers: Headers;
  text: string;
}

/** Why nothing came back. `left`: the request may have reached the server. */
export interface WireFault {
  fault: 'network' | 'timeout' | 'aborted' | 'too_large';
  /** the system's word for it, such as ECONNREFUSED */
  reason: string;
  left: boolean;
}

/** An answer whose body arrives line by line. */
export interface WireStream {
  status: number;
  headers: Headers;
  /** @throws StreamFault when it breaks off */
  lines: AsyncGenerator<string>;
}

export interface Transport {
  /** @param timeout milliseconds for this attempt, headers and body together */
  send(request: WireRequest, timeout: number, signal?: AbortSignal): Promise<WireAnswer | WireFault>;
  /** @param timeout milliseconds until the answer begins, and again between two pieces of it */
  stream(request: WireRequest, timeout: number, signal?: AbortSignal): Promise<WireStream | WireAnswer | WireFault>;
  close(): void;
}

const largestAnswer = 10 * 1024 * 1024;
const largestRequest = 25 * 1024 * 1024;

/** @returns the base URL without trailing slashes; a path prefix is kept */
export function baseOf(url: string): string {
  const trimmed = url.trim().replace(/\/+$/, '');
  let parsed: URL;
  try {
    parsed = new URL(trimmed);
  } catch {
    throw invalid('The Server URL is not a URL.', 'Give it as https://host or https://host/prefix.');
  }
  if (parsed.protocol !== 'http:' && parsed.protocol !== 'https:') {
    throw invalid('The Server URL must start with http:// or https://.');
  }
  if (parsed.username || parsed.password || /[?#]/.test(trimmed)) {
    throw invalid('The Server URL must not hold a user, a password, a query or a fragment.');
  }
  return `${parsed.origin}${parsed.pathname}`.replace(/\/+$/, '');
}

/** Join by hand: URL resolution would lose a prefix, and an id must never climb out of its place. */
export function join(base: string, path: readonly string[], query: Record<string, unknown> = {}): string {
  let url = base;
  for (const segment of path) {
    if (segment === '' || segment === '.' || segment === '..') {
      throw invalid(`"${segment}" is not an id.`, 'Give the id of an existing entity.');
    }
    url += `/${encode(segment)}`;
  }
  let mark = '?';
  for (const key of Object.keys(query)) {
    const value = query[key];
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) {
      url += `${mark}${encode(key)}=${encode(String(one))}`;
      mark = '&';
    }
  }
  return url;
}

function encode(text: string): string {
  try {
    return encodeURIComponent(text);
  } catch {
    throw invalid('An id or a search text holds half a character.', 'Give it as valid Unicode text.');
  }
}

/**
 * The only place that knows axios. An AxiosError never leaves it: it holds the key.
 * @param agents how connections are made; asked for before the first request
 */
export function createTransport(agents: () => Promise<Agents>): Transport {
  let made: Agents | undefined;
  let making: Promise<Agents> | undefined;
  let closed = false;
  // The adapter itself: merging settings, interceptors and transforms are of no use here, and cost a third.
  const perform = axios.getAdapter('http');

  async function connect(): Promise<Agents> {
    making ??= agents();
    made = await making;
    if (closed) made.destroy();
    return made;
  }

  async function ask(request: WireRequest, responseType: 'text' | 'stream', flight: Flight): Promise<AxiosResponse> {
    const { rest } = made ?? (await connect());
    // The adapter only looks at it once the request is on its way.
    if (flight.attempt.aborted) throw new CanceledError();
    const config: InternalAxiosRequestConfig & { __proto__: null } = {
      // As axios has it: nothing that somebody hangs on Object.prototype becomes a setting.
      __proto__: null,
      method: request.method,
      url: request.url,
      headers: new AxiosHeaders(request.headers),
      data: request.body,
      httpAgent: rest,
      httpsAgent: rest,
      responseType,
      signal: flight.attempt,
      transport: watched(request.url, flight),
      proxy: false,
      maxRedirects: 0,
      maxContentLength: largestAnswer,
      maxBodyLength: largestRequest,
      validateStatus: null,
    };
    return perform(config);
  }

  async function send(request: WireRequest, timeout: number, signal?: AbortSignal): Promise<WireAnswer | WireFault> {
    if (signal?.aborted) return { fault: 'aborted', reason: 'closed', left: false };
    const flight = new Flight(timeout, signal);
    try {
      const answer = await ask(request, 'text', flight);
      return { ...headOf(answer), text: typeof answer.data === 'string' ? answer.data : '' };
    } catch (error) {
      return flight.faultOf(error);
    } finally {
      flight.end();
    }
  }

  async function stream(request: WireRequest, timeout: number, signal?: AbortSignal) {
    if (signal?.aborted) return { fault: 'aborted', reason: 'closed', left: false } as const;
    const flight = new Flight(timeout, signal);
    try {
      const answer = await ask(request, 'stream', flight);
      if (answer.status >= 200 && answer.status < 300) return { ...headOf(answer), lines: lines(answer.data, flight) };
      let text = '';
      for await (const line of lines(answer.data, flight)) text += `${line}\n`;
      return { ...headOf(answer), text };
    } catch (error) {
      flight.end();
      return flight.faultOf(error);
    }
  }

  return {
    send,
    stream,
    close() {
      closed = true;
      made?.destroy();
    },
  };
}

function headOf({ status, headers }: AxiosResponse): { status: number; headers: Headers } {
  return { status, headers: headers instanceof AxiosHeaders ? (headers as unknown as Headers) : {} };
}

/** As much of an AbortSignal as axios asks for; every request has one, and a real one costs several times as much. */
class Attempt implements GenericAbortSignal {
  aborted = false;
  readonly #listeners = new Set<() => void>();

  addEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.add(listener);
  }

  removeEventListener(_type: 'abort', listener: () => void): void {
    this.#listeners.delete(listener);
  }

  abort(): void {
    if (this.aborted) return;
    this.aborted = true;
    for (const listener of this.#listeners) listener();
  }
}

/** One attempt: when it has to end, and whether it may have reached the server. */
class Flight {
  readonly attempt = new Attempt();
  left = false;
  #late = false;
  readonly #timeout: number;
  readonly #signal: AbortSignal | undefined;
  #timer: NodeJS.Timeout | undefined;
  readonly #stop = () => this.attempt.abort();

  constructor(timeout: number, signal: AbortSignal | undefined) {
    this.#timeout = timeout;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#stop, { once: true });
    this.extend();
  }

  /** Something arrived: the clock starts anew. */
  extend(): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => {
      this.#late = true;
      this.attempt.abort();
    }, this.#timeout);
  }

  /** It is not the server that is being waited for. */
  pause(): void {
    clearTimeout(this.#timer);
  }

  end(): void {
    this.pause();
    this.#signal?.removeEventListener('abort', this.#stop);
  }

  faultOf(error: unknown): WireFault {
    const given = this.#signal?.aborted ? 'aborted' : oversize(error) ? 'too_large' : 'network';
    return { fault: this.#late ? 'timeout' : given, reason: codeOf(error), left: this.left };
  }
}

/** A piece may end anywhere, in the middle of a character too. */
async function* lines(body: Readable, flight: Flight): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  let whole = false;
  try {
    for await (const piece of body) {
      flight.pause();
      const parts = (rest + decoder.write(piece as Buffer)).split(/\r\n|\n/);
      rest = parts.pop() ?? '';
      if (rest.length > largestAnswer) throw new Error('maxContentLength exceeded');
      yield* parts;
      flight.extend();
    }
    whole = true;
    rest += decoder.end();
    if (rest !== '') yield rest;
  } catch (error) {
    throw new StreamFault(flight.faultOf(error));
  } finally {
    flight.end();
    body.destroy();
    // What axios wraps around an answer does not hand that on: without this the server would go on talking.
    if (!whole) flight.attempt.abort();
  }
}

/** How a stream says that it broke off. */
export class StreamFault extends Error {
  readonly fault: WireFault;

  constructor(fault: WireFault) {
    super(fault.reason);
    this.fault = fault;
  }
}

/** Node's own request function, which notes when the connection stands: until then nothing can have left. */
function watched(url: string, flight: Flight) {
  const secure = url.startsWith('https:');
  return {
    request(options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void): http.ClientRequest {
      const request = secure ? https.request(options, onResponse) : http.request(options, onResponse);
      request.once('socket', (socket) => {
        // Through a proxy the connection stands before the handshake with the server has begun.
        const shaking = socket.connecting || (socket as { secureConnecting?: boolean }).secureConnecting === true;
        if (request.reusedSocket || !shaking) flight.left = true;
        else
          socket.once(secure ? 'secureConnect' : 'connect', () => {
            flight.left = true;
          });
      });
      // A proxy that refuses the tunnel is not the server, and its answer not the server's.
      request.once('proxyConnect', ({ statusCode }: http.IncomingMessage) => {
        if (statusCode === undefined || statusCode === 200) return;
        request.destroy(Object.assign(new Error('no tunnel'), { code: `PROXY_${statusCode}` }));
      });
      return request;
    },
  };
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return typeof code === 'string' ? code : typeof cause?.code === 'string' ? cause.code : 'UNKNOWN';
}

/** The codes do not tell: an answer that is cut off halfway has the same one. */
function oversize(error: unknown): boolean {
  return error instanceof Error && /max(?:Content|Body)Length/.test(error.message);
}
