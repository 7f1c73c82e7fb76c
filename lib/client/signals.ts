import { setMaxListeners } from 'node:events';
import { fence } from '../async/fence';
import { abortedError } from '../errors';

/** A combined signal, and the function that releases it. */
export interface Joined {
  signal: AbortSignal;
  /** call once, when the call has ended */
  release(): void;
}

/**
 * Combines a caller's own signal with that of the client's close. By hand, because AbortSignal.any on a long-lived
 * signal leaks in Node.js 20. Calls with the same signal share one combination: thousands of listeners on a signal are
 * slow.
 */
export class Signals {
  readonly #closing: AbortSignal;
  readonly #joined = new Map<AbortSignal, Joined & { calls: number }>();

  constructor(closing: AbortSignal) {
    this.#closing = closing;
    // One listener per call in flight is not a leak.
    setMaxListeners(0, closing);
  }

  /** @param own aborts the call alone */
  join(own: AbortSignal | undefined): Joined {
    if (!own) return { signal: this.#closing, release() {} };
    const known = this.#joined.get(own) ?? this.#combine(own);
    known.calls++;
    return known;
  }

  #combine(own: AbortSignal): Joined & { calls: number } {
    const combined = new AbortController();
    setMaxListeners(0, combined.signal);
    const abort = () => combined.abort();
    const sources = [own, this.#closing];
    if (sources.some(({ aborted }) => aborted)) abort();
    for (const source of sources) source.addEventListener('abort', abort, { once: true });
    const joined = {
      signal: combined.signal,
      calls: 0,
      release: () => {
        joined.calls--;
        if (joined.calls > 0) return;
        for (const source of sources) source.removeEventListener('abort', abort);
        this.#joined.delete(own);
      },
    };
    this.#joined.set(own, joined);
    return joined;
  }
}

/**
 * Wait for shared work, such as signing in, as long as the caller wants to. An aborted caller stops waiting; the work
 * itself goes on for the others.
 * @throws any error of the work, or LinktorError `unexpected`, retryable, when the signal aborts first
 */
export function orAborted<T>(work: T | Promise<T>, signal: AbortSignal): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    const abort = fence(() => reject(abortedError('waiting')));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}
