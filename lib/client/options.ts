import type { Call, Contract, StreamCall } from '../contract';
import type { ProxySettings, TlsSettings } from './agents';
import type { SignIn } from './auth';
import type { EndedCall } from './call-figures';
import type { ContractChoice } from './detect';

/** Settings of a client. Only credentials are required. */
export interface ClientSettings extends SignIn {
  /** default `https://api.linktor.io`; a path prefix is kept */
  baseUrl?: string;
  /** contract of the server: documented API or self-hosted server; default `auto` detects it with the first call */
  contract?: ContractChoice;
  /** seconds for one attempt, default 30 */
  timeout?: number;
  /** seconds for a call with all its attempts and waits, default 120 */
  deadline?: number;
  /** maximum number of retries per call, default 3; a 429 does not count */
  maxRetries?: number;
  /** requests a minute that may leave at most, whatever the server takes; default 0: no limit */
  perMinute?: number;
  /** the server honours the Idempotency-Key, so that a write of unknown outcome may be repeated */
  idempotent?: boolean;
  /** called after every call; must not throw */
  onCall?(ended: EndedCall): void;
  /** a rate that this client shares with others */
  pace?: Pace;
  tls?: TlsSettings;
  /** default: from the environment (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) */
  proxy?: ProxySettings;
}

/** A rate that this client shares with others of the same tenant. */
export interface Pace {
  /** @param longestMs no slot is taken when the wait would be longer @returns milliseconds to wait; never rejects */
  take(longestMs: number): Promise<number>;
  /** @param facts calls in a window, and milliseconds until it ends, or for which further calls are refused */
  note(facts: { limit?: number; endsIn?: number; refusedFor?: number }): void;
}

/** Facts of an answer besides its body. */
export interface AnswerFacts {
  /** the server's id of the request */
  requestId?: string;
  /** the rate limit as the server states it; `reset` in seconds, as sent */
  rate?: { limit?: number; remaining?: number; reset?: number };
}

/** Options of one call. */
export interface CallOptions {
  /** aborts the call; a write already sent is then reported as ambiguous */
  signal?: AbortSignal;
  /** seconds for one attempt of this call */
  timeout?: number;
  /** key of this write, instead of a new UUID; null sends none */
  idempotencyKey?: string | null;
  /** maximum number of retries of this call, instead of the client's setting */
  maxRetries?: number;
  /** called before each attempt; when it fails, nothing is sent */
  onLeave?(): Promise<void>;
  /** W3C trace context that the call belongs to; sent as a header */
  traceparent?: string | undefined;
  /** called once with the facts of the final answer */
  onAnswer?(facts: AnswerFacts): void;
  /**
   * Called right before each request of a write is sent, the last time once its socket is connected. An error ends the
   * call, and nothing is sent; a promise is awaited.
   */
  beforeLeave?(): void | Promise<void>;
}

/** Options of one download. */
export interface DownloadOptions extends Pick<CallOptions, 'signal' | 'timeout'> {
  /** at most two downloads of one owner, such as a conversation, run at once; hosts and owners are served in turn */
  owner?: string;
}

/** A slot of the queue, acquired for a call in advance. */
export interface Slot {
  /** deadline of the call, milliseconds of the clock */
  deadline: number;
}

/** Options of every call of one client. */
export interface CallDefaults extends CallOptions {
  slot?: Slot;
}

/** Performs the calls of a resource: the resource builds a call of the contract, the client does the rest. */
export interface Perform {
  <T>(call: (contract: Contract) => Call<T>, options?: CallOptions): Promise<T>;
  stream<T>(call: (contract: Contract) => StreamCall<T>, options?: CallOptions): AsyncGenerator<T>;
}

/** Any call, in the server's own format. */
export interface RequestInput {
  method?: Call<unknown>['method'];
  /** relative to the Server URL, such as `/conversations/c1`; another host cannot be named */
  path: string;
  query?: Record<string, unknown>;
  /** an object is encoded by the header Content-Type, JSON by default; texts, bytes and forms stay unchanged */
  body?: unknown;
  headers?: Record<string, string>;
  /** the call is safe to repeat, like a read */
  repeatable?: boolean;
}

/** The server's unchanged answer, except that JSON is parsed and texts are decoded. */
export interface RawAnswer {
  /** parsed JSON, a text, or a Buffer for any other format */
  body: unknown;
  /** the body without its envelope */
  data: unknown;
  status: number;
  /** names in lower case, without cookies */
  headers: Record<string, string>;
  requestId?: string;
}

/** The endpoint of an account's socket. */
export interface SocketEndpoint {
  /** final once the URL has been requested */
  contract: Pick<Contract, 'frame' | 'signal' | 'announces'>;
  /** @returns the URL, which contains the credentials: never log it */
  /** @param isCertain ask the server for its contract, instead of presuming it */
  url(isCertain?: boolean): Promise<string>;
  /** @returns options for `ws`: agent, TLS settings, headers */
  connection(): Promise<object>;
}
