import { isUtf8 } from 'node:buffer';
import type { Readable } from 'node:stream';
import type { AxiosResponse, InternalAxiosRequestConfig } from 'axios';
import type { Headers } from '../contract/envelope';
import { isHeartbeat, type StreamEvent } from '../contract/stream';
import type { Agents } from './agents';
import { Attempt, type HttpFault } from './attempt';
import { EventReader } from './event-reader';

export type { HttpFault } from './attempt';

const MAX_ANSWER_BYTES = 10 * 1024 * 1024;
/** Maximum total wait for a stream; the time that its consumer takes does not count. */
const MAX_STREAM_MS = 15 * 60_000;
const MAX_REQUEST_BYTES = 25 * 1024 * 1024;

/** A request as it is sent: its path is joined and encoded. */
export interface HttpRequest {
  method: string;
  url: string;
  headers: Record<string, string>;
  /** JSON or another text, bytes, or a multipart form */
  body?: string | Buffer | FormData;
  /** the answer may be of any format, so its bytes are kept */
  keepsBytes?: boolean;
}

/** An answer of any status. Header names are in lower case. */
export interface HttpAnswer {
  status: number;
  headers: Headers;
  /** `''` when the answer is no text */
  text: string;
  /** the bytes of an answer that is no text */
  bytes?: Buffer;
}

/** An answer whose body arrives event by event. */
export interface HttpStream {
  status: number;
  headers: Headers;
  /** @throws StreamFault when it breaks off */
  events: AsyncGenerator<StreamEvent>;
}

export interface Transport {
  /**
   * @param timeoutMs milliseconds for this attempt, headers and body together
   * @param mayLeave called right before the first byte is sent; false withdraws the request
   */
  send(
    request: HttpRequest,
    timeoutMs: number,
    signal?: AbortSignal,
    mayLeave?: () => boolean,
  ): Promise<HttpAnswer | HttpFault>;
  /** @param timeoutMs milliseconds until the answer begins, and again between two events of it */
  stream(request: HttpRequest, timeoutMs: number, signal?: AbortSignal): Promise<HttpStream | HttpAnswer | HttpFault>;
  close(): void;
}

type Library = typeof import('./axios');

/** What the first request has created. */
interface Requester extends Pick<Library, 'AxiosHeaders' | 'CanceledError'> {
  agents: Agents;
  perform: ReturnType<Library['axios']['getAdapter']>;
}

/**
 * The only module that uses axios, which takes as long to load as everything else of ours, and is loaded with the first
 * request. An AxiosError never leaves it, since it contains the key.
 * @param agents creates the agents, before the first request
 */
export function createTransport(agents: () => Promise<Agents>): Transport {
  let created: Requester | undefined;
  let creating: Promise<Requester> | undefined;
  let closed = false;

  async function create(): Promise<Requester> {
    const [made, { axios, AxiosHeaders, CanceledError }] = await Promise.all([agents(), import('./axios')]);
    // The adapter alone: merged settings, interceptors and transforms are not needed, and take a third of the time.
    return { agents: made, perform: axios.getAdapter('http'), AxiosHeaders, CanceledError };
  }

  /** What we load ourselves does not count as the server's time. */
  async function connect(attempt: Attempt): Promise<Requester> {
    attempt.pause();
    creating ??= create();
    created = await creating;
    attempt.extend();
    if (closed) created.agents.destroy();
    return created;
  }

  async function ask(
    request: HttpRequest,
    responseType: 'text' | 'stream' | 'arraybuffer',
    attempt: Attempt,
  ): Promise<AxiosResponse> {
    const { agents: connections, perform, AxiosHeaders, CanceledError } = created ?? (await connect(attempt));
    const { rest } = connections;
    // The adapter checks the flag only after it has started the request.
    if (attempt.abortFlag.aborted) throw new CanceledError();
    const config: InternalAxiosRequestConfig & { __proto__: null } = {
      // As in axios: a polluted Object.prototype must not become a setting.
      __proto__: null,
      method: request.method,
      url: request.url,
      headers: new AxiosHeaders(request.headers),
      data: request.body,
      httpAgent: rest,
      httpsAgent: rest,
      responseType,
      signal: attempt.abortFlag,
      transport: attempt.transport(request.url, responseType !== 'stream'),
      proxy: false,
      maxRedirects: 0,
      maxContentLength: MAX_ANSWER_BYTES,
      maxBodyLength: MAX_REQUEST_BYTES,
      validateStatus: null,
    };
    return perform(config);
  }

  async function send(
    request: HttpRequest,
    timeoutMs: number,
    signal?: AbortSignal,
    mayLeave?: () => boolean,
  ): Promise<HttpAnswer | HttpFault> {
    if (signal?.aborted) return { fault: 'aborted', reason: 'closed', left: false };
    const attempt = new Attempt(timeoutMs, signal, undefined, mayLeave);
    try {
      const answer = await ask(request, request.keepsBytes ? 'arraybuffer' : 'text', attempt);
      const head = headOf(answer);
      if (Buffer.isBuffer(answer.data)) return { ...head, ...decodeBytes(answer.data, head.headers['content-type']) };
      return { ...head, text: typeof answer.data === 'string' ? answer.data : '' };
    } catch (error) {
      return attempt.faultOf(error);
    } finally {
      attempt.end();
    }
  }

  async function stream(request: HttpRequest, timeoutMs: number, signal?: AbortSignal) {
    if (signal?.aborted) return { fault: 'aborted', reason: 'closed', left: false } as const;
    const attempt = new Attempt(timeoutMs, signal, Math.max(MAX_STREAM_MS, timeoutMs));
    try {
      const answer = await ask(request, 'stream', attempt);
      if (answer.status >= 200 && answer.status < 300) {
        return { ...headOf(answer), events: readEvents(answer.data, attempt) };
      }
      const text = await readText(answer.data);
      attempt.end();
      return { ...headOf(answer), text };
    } catch (error) {
      attempt.end();
      return attempt.faultOf(error);
    }
  }

  return {
    send,
    stream,
    close() {
      closed = true;
      created?.agents.destroy();
    },
  };
}

const TEXT_TYPE =
  /^\s*(?:text\/|application\/(?:[\w.+-]*(?:json|xml|javascript|yaml|csv|x-www-form-urlencoded|graphql)))/i;

/** Decode a text in its charset, or keep the bytes of any other type. Without a type, valid UTF-8 is a text. */
function decodeBytes(bytes: Buffer, type = ''): Pick<HttpAnswer, 'text' | 'bytes'> {
  const charset = /charset="?([\w.:-]+)/i.exec(type)?.[1];
  const isText = charset !== undefined || TEXT_TYPE.test(type) || (type.trim() === '' && isUtf8(bytes));
  if (!isText) return { text: '', bytes };
  try {
    return { text: new TextDecoder(charset ?? 'utf-8').decode(bytes) };
  } catch {
    // An unknown charset.
    return { text: '', bytes };
  }
}

function headOf({ status, headers }: AxiosResponse): { status: number; headers: Headers } {
  return { status, headers: headers as unknown as Headers };
}

/**
 * Yield the events of a body. Only events extend the timeout; comments and heartbeats do not.
 * @throws StreamFault when the body breaks off, times out, or contains an event that is too long
 */
async function* readEvents(body: Readable, attempt: Attempt): AsyncGenerator<StreamEvent> {
  const reader = new EventReader();
  let isWhole = false;
  try {
    for await (const bytes of body) {
      const events = reader.push(bytes as Buffer).filter((event) => !isHeartbeat(event));
      if (events.length === 0) continue;
      attempt.pause();
      yield* events;
      attempt.extend();
    }
    isWhole = true;
    yield* reader.end();
  } catch (error) {
    throw new StreamFault(attempt.faultOf(error));
  } finally {
    attempt.end();
    body.destroy();
    // The stream of axios does not destroy its socket, so the server would continue to send.
    if (!isWhole) attempt.abortFlag.abort();
  }
}

async function readText(body: Readable): Promise<string> {
  const decoder = new TextDecoder();
  let text = '';
  for await (const bytes of body) text += decoder.decode(bytes as Buffer, { stream: true });
  return text + decoder.decode();
}

/** The error of a stream that broke off. */
export class StreamFault extends Error {
  readonly fault: HttpFault;

  constructor(fault: HttpFault) {
    super(fault.reason);
    this.fault = fault;
  }
}
