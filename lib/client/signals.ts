import { setMaxListeners } from 'node:events';

/** A signal with the end of a call's interest in it. */
export interface Joined {
  signal: AbortSignal;
  /** to be called once, when the call is over */
  release(): void;
}

/**
 * Signals for a caller's own abort and for the close of the client. By hand: AbortSignal.any on a long-lived signal
 * leaks in Node 20. Calls with the same signal of their own share one: thousands of listeners on a signal are slow.
 */
export class Signals {
  readonly #closing: AbortSignal;
  readonly #joined = new Map<AbortSignal, Joined & { calls: number }>();

  constructor(closing: AbortSignal) {
    this.#closing = closing;
    // One listener per call in flight is no leak.
    setMaxListeners(0, closing);
  }

  /** @param own aborts the call alone */
  join(own: AbortSignal | undefined): Joined {
    if (!own) return { signal: this.#closing, release() {} };
    const known = this.#joined.get(own) ?? this.#made(own);
    known.calls++;
    return known;
  }

  #made(own: AbortSignal): Joined & { calls: number } {
    const joint = new AbortController();
    setMaxListeners(0, joint.signal);
    const abort = () => joint.abort();
    const sources = [own, this.#closing];
    if (sources.some(({ aborted }) => aborted)) abort();
    for (const source of sources) source.addEventListener('abort', abort, { once: true });
    const made = {
      signal: joint.signal,
      calls: 0,
      release: () => {
        made.calls--;
        if (made.calls > 0) return;
        for (const source of sources) source.removeEventListener('abort', abort);
        this.#joined.delete(own);
      },
    };
    this.#joined.set(own, made);
    return made;
  }
}
