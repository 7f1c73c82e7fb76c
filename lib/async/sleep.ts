/** Longest delay of a timer, in milliseconds (24.8 days). */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Wait until the time is over or the signal aborts. Never rejects: check the signal afterwards.
 * @param milliseconds at most {@link MAX_TIMER_MS}; a longer wait is cut to it
 */
export function sleep(milliseconds: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal?.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, MAX_TIMER_MS));
    signal?.addEventListener('abort', done, { once: true });
    if (signal?.aborted) done();
  });
}
