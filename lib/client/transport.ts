import http from 'node:http';
import https from 'node:https';
import axios, { AxiosHeaders, type AxiosInstance } from 'axios';
import type { Headers } from '../contract/envelope';
import { invalid } from '../errors';

/** What leaves: a request whose path is already joined and encoded. */
export interface WireRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** JSON text */
  body?: string;
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

export interface Transport {
  /** @param timeout milliseconds for this attempt, headers and body together */
  send(request: WireRequest, timeout: number, signal?: AbortSignal): Promise<WireAnswer | WireFault>;
  close(): void;
}

const largestAnswer = 10 * 1024 * 1024;
const largestRequest = 25 * 1024 * 1024;
/** Idle sockets go before an ordinary server drops them, so that a write seldom meets a dying one. */
const idleSocket = 15_000;

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
  if (parsed.username || parsed.password || parsed.search || parsed.hash) {
    throw invalid('The Server URL must not hold a user, a password, a query or a fragment.');
  }
  return trimmed;
}

/** Join by hand: URL resolution would lose a prefix, and an id must never climb out of its place. */
export function join(base: string, path: readonly string[], query: Record<string, unknown> = {}): string {
  let url = base;
  for (const segment of path) {
    if (segment === '' || segment === '.' || segment === '..') {
      throw invalid(`"${segment}" is not an id.`, 'Give the id of an existing entity.');
    }
    url += `/${encodeURIComponent(segment)}`;
  }
  let mark = '?';
  for (const key of Object.keys(query)) {
    const value = query[key];
    if (value === undefined || value === null) continue;
    url += `${mark}${encodeURIComponent(key)}=${encodeURIComponent(String(value))}`;
    mark = '&';
  }
  return url;
}

/** The only place that knows axios. An AxiosError never leaves it: it holds the key. */
export function createTransport(): Transport {
  const options = { keepAlive: true, maxSockets: 50, timeout: idleSocket };
  const httpAgent = new http.Agent(options);
  const httpsAgent = new https.Agent(options);
  const client: AxiosInstance = axios.create({
    httpAgent,
    httpsAgent,
    adapter: 'http',
    proxy: false,
    maxRedirects: 0,
    maxContentLength: largestAnswer,
    maxBodyLength: largestRequest,
    responseType: 'text',
    transformRequest: [],
    transformResponse: [],
    validateStatus: null,
  });

  async function send(request: WireRequest, timeout: number, signal?: AbortSignal): Promise<WireAnswer | WireFault> {
    if (signal?.aborted) return { fault: 'aborted', reason: 'closed', left: false };
    const attempt = new AbortController();
    const flight = { left: false, late: false };
    const timer = setTimeout(() => {
      flight.late = true;
      attempt.abort();
    }, timeout);
    const stop = () => attempt.abort();
    signal?.addEventListener('abort', stop, { once: true });
    try {
      const answer = await client.request({
        method: request.method,
        url: request.url,
        headers: request.headers,
        data: request.body,
        signal: attempt.signal,
        transport: watched(request.url, flight),
      });
      const headers = answer.headers instanceof AxiosHeaders ? (answer.headers as unknown as Headers) : {};
      return { status: answer.status, headers, text: typeof answer.data === 'string' ? answer.data : '' };
    } catch (error) {
      const reason = codeOf(error);
      const fault = flight.late ? 'timeout' : signal?.aborted ? 'aborted' : oversize(reason) ? 'too_large' : 'network';
      return { fault, reason, left: flight.left };
    } finally {
      clearTimeout(timer);
      signal?.removeEventListener('abort', stop);
    }
  }

  return {
    send,
    close() {
      httpAgent.destroy();
      httpsAgent.destroy();
    },
  };
}

/** Node's own request function, which notes when the connection stands: until then nothing can have left. */
function watched(url: string, flight: { left: boolean }) {
  const secure = url.startsWith('https:');
  return {
    request(options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void): http.ClientRequest {
      const request = secure ? https.request(options, onResponse) : http.request(options, onResponse);
      request.once('socket', (socket) => {
        if (request.reusedSocket || !socket.connecting) flight.left = true;
        else
          socket.once(secure ? 'secureConnect' : 'connect', () => {
            flight.left = true;
          });
      });
      return request;
    },
  };
}

function codeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return typeof code === 'string' ? code : typeof cause?.code === 'string' ? cause.code : 'UNKNOWN';
}

function oversize(reason: string): boolean {
  return reason === 'ERR_BAD_RESPONSE' || reason === 'ERR_FR_MAX_BODY_LENGTH_EXCEEDED';
}
