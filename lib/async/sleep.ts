/** The longest time that a timer can hold, in milliseconds (24.8 days). */
export const MAX_TIMER_MS = 2 ** 31 - 1;

/**
 * Wait, unless the signal ends the wait first. Never rejects: look at the signal afterwards.
 * @param milliseconds at most {@link MAX_TIMER_MS}; more waits that long
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
