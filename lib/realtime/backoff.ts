const longest = 60_000;

/**
 * How long to wait before a reconnect. The jitter keeps a thousand clients from coming back in the same second.
 * @param attempt 1 for the first
 * @param interval milliseconds, the base
 * @returns milliseconds: interval doubled per attempt, capped at 60 s, give or take half
 */
export function backoff(attempt: number, interval: number, random = Math.random): number {
  const ceiling = Math.min(longest, interval * 2 ** Math.min(attempt - 1, 20));
  return Math.round(ceiling * (0.5 + random()));
}
