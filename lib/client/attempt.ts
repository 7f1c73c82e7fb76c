import http from 'node:http';
import https from 'node:https';
import { fence } from '../async/fence';
import { refuseFragments } from './fragments';

/**
 * The part of AbortSignal that axios uses: every request has one, and a real AbortSignal costs several times as much.
 */
export class AbortFlag {
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

/** The reason for a missing response. */
export interface HttpFault {
  fault: 'network' | 'timeout' | 'aborted' | 'too_large' | 'withdrawn';
  /** system error code, such as ECONNREFUSED */
  reason: string;
  /** the request may have reached the server */
  left: boolean;
}

/** One attempt at a request: its timeouts, and whether it may have reached the server. */
export class Attempt {
  readonly abortFlag = new AbortFlag();
  /** the request may have reached the server */
  left = false;
  #timedOut = false;
  readonly #timeoutMs: number;
  #leftMs: number;
  #waitsSince: number | undefined;
  readonly #signal: AbortSignal | undefined;
  readonly #mayLeave: () => boolean;
  #isWithdrawn = false;
  #timer: NodeJS.Timeout | undefined;
  readonly #abort = () => this.abortFlag.abort();

  /**
   * @param timeoutMs milliseconds until data arrives
   * @param signal the caller's signal
   * @param totalMs maximum milliseconds of all waits together
   * @param mayLeave called once connected, right before the first byte is sent
   */
  constructor(
    timeoutMs: number,
    signal: AbortSignal | undefined,
    totalMs = Number.POSITIVE_INFINITY,
    mayLeave = () => true,
  ) {
    this.#timeoutMs = timeoutMs;
    this.#mayLeave = mayLeave;
    this.#leftMs = totalMs;
    this.#signal = signal;
    signal?.addEventListener('abort', this.#abort, { once: true });
    this.extend();
  }

  /** Data arrived: restart the timeout, within the remaining time for all waits. */
  extend(): void {
    this.pause();
    this.#waitsSince = Date.now();
    this.#timer = setTimeout(
      () => {
        this.#timedOut = true;
        this.abortFlag.abort();
      },
      Math.max(1, Math.min(this.#timeoutMs, this.#leftMs)),
    );
  }

  /** Pause the timeout while the client does not wait for the server. */
  pause(): void {
    clearTimeout(this.#timer);
    if (this.#waitsSince !== undefined) this.#leftMs -= Date.now() - this.#waitsSince;
    this.#waitsSince = undefined;
  }

  end(): void {
    this.pause();
    this.#signal?.removeEventListener('abort', this.#abort);
  }

  /** @returns the failure as a LinktorError: its code, and whether it may be repeated */
  faultOf(error: unknown): HttpFault {
    if (this.#isWithdrawn) return { fault: 'withdrawn', reason: 'withdrawn', left: false };
    const fault = this.#signal?.aborted ? 'aborted' : isOversize(error) ? 'too_large' : 'network';
    return { fault: this.#timedOut ? 'timeout' : fault, reason: systemCodeOf(error), left: this.left };
  }

  /**
   * Node's request function, extended to detect the connection: before it, nothing can have been sent.
   * @param collects the answer is collected until it is whole
   */
  transport(url: string, collects: boolean) {
    const isSecure = url.startsWith('https:');
    return {
      request: (options: http.RequestOptions, respond: (response: http.IncomingMessage) => void) => {
        const onResponse = (response: http.IncomingMessage) => {
          if (collects) refuseFragments(response);
          respond(response);
        };
        const request = isSecure ? https.request(options, onResponse) : http.request(options, onResponse);
        request.once(
          'socket',
          fence((socket) => {
            // Through a proxy the socket is connected before the handshake with the server has begun.
            const isConnecting =
              socket.connecting || (socket as { secureConnecting?: boolean }).secureConnecting === true;
            const leave = fence(() => {
              if (this.#mayLeave()) {
                this.left = true;
                return;
              }
              this.#isWithdrawn = true;
              request.destroy(new Error('withdrawn'));
            });
            if (request.reusedSocket || !isConnecting) leave();
            else socket.once(isSecure ? 'secureConnect' : 'connect', leave);
          }),
        );
        // The answer of a proxy that refuses the tunnel is not the server's answer.
        request.once(
          'proxyConnect',
          fence(({ statusCode }: http.IncomingMessage) => {
            if (statusCode === undefined || statusCode === 200) return;
            request.destroy(Object.assign(new Error('no tunnel'), { code: `PROXY_${statusCode}` }));
          }),
        );
        return request;
      },
    };
  }
}

function systemCodeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return typeof code === 'string' ? code : typeof cause?.code === 'string' ? cause.code : 'UNKNOWN';
}

/** axios has no distinct code for it: a truncated answer has the same one. */
function isOversize(error: unknown): boolean {
  return error instanceof Error && /max(?:Content|Body)Length/.test(error.message);
}
