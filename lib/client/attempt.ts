import http from 'node:http';
import https from 'node:https';

/**
 * As much of an AbortSignal as axios asks for: every request has one, and a real AbortSignal costs several times as
 * much.
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

/** Why nothing came back. */
export interface HttpFault {
  fault: 'network' | 'timeout' | 'aborted' | 'too_large' | 'withdrawn';
  /** the system's word for it, such as ECONNREFUSED */
  reason: string;
  /** the request may have reached the server */
  left: boolean;
}

/** One attempt at a request: when it has to end, and whether it may have reached the server. */
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
   * @param timeoutMs milliseconds until something arrives
   * @param signal of the caller
   * @param totalMs milliseconds that all waits together may last
   * @param mayLeave asked when the connection stands, right before the first byte
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

  /** Something arrived: the timeout starts anew, within the time that is left for all waits. */
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

  /** The timeout rests while the server is not the one that is waited for. */
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

  /** Node's own request function, which notes when the connection stands: until then nothing can have left. */
  transport(url: string) {
    const isSecure = url.startsWith('https:');
    return {
      request: (options: http.RequestOptions, onResponse: (response: http.IncomingMessage) => void) => {
        const request = isSecure ? https.request(options, onResponse) : http.request(options, onResponse);
        request.once('socket', (socket) => {
          // Through a proxy the connection stands before the handshake with the server has begun.
          const isConnecting =
            socket.connecting || (socket as { secureConnecting?: boolean }).secureConnecting === true;
          const leave = () => {
            if (this.#mayLeave()) {
              this.left = true;
              return;
            }
            this.#isWithdrawn = true;
            request.destroy(new Error('withdrawn'));
          };
          if (request.reusedSocket || !isConnecting) leave();
          else socket.once(isSecure ? 'secureConnect' : 'connect', leave);
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
}

function systemCodeOf(error: unknown): string {
  const { code, cause } = error as { code?: unknown; cause?: { code?: unknown } };
  return typeof code === 'string' ? code : typeof cause?.code === 'string' ? cause.code : 'UNKNOWN';
}

/** axios has no code of its own for it: an answer that is cut off halfway has the same one. */
function isOversize(error: unknown): boolean {
  return error instanceof Error && /max(?:Content|Body)Length/.test(error.message);
}
