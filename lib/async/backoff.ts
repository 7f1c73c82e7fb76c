const LONGEST_BACKOFF_MS = 60_000;
/** Longest wait at the request of a server, in milliseconds. */
const LONGEST_ASKED_WAIT_MS = 600_000;

/**
 * Compute the wait before the next attempt. The jitter keeps a thousand clients from returning in the same second.
 * @param attempt 1 for the first
 * @param intervalMs base, in milliseconds
 * @param longestMs upper limit of the doubling, in milliseconds
 * @returns milliseconds: the interval doubled per attempt, plus or minus half
 */
export function backoff(
  attempt: number,
  intervalMs: number,
  random = Math.random,
  longestMs = LONGEST_BACKOFF_MS,
): number {
  const middle = Math.min(longestMs, intervalMs * 2 ** Math.min(attempt - 1, 20));
  return Math.round(middle * (0.5 + random()));
}

/**
 * Honour the wait that a server asked for, with jitter, so that clients with the same answer do not all return at once.
 * @param ownMs our own wait, in milliseconds
 * @param askedSeconds wait that the server asked for; at most ten minutes are honoured
 * @returns milliseconds, never fewer than the server asked for, up to that limit
 */
export function asAsked(ownMs: number, askedSeconds: number | undefined, random = Math.random): number {
  if (askedSeconds === undefined) return ownMs;
  const least = Math.min(LONGEST_ASKED_WAIT_MS, askedSeconds * 1000);
  return Math.max(ownMs, Math.round(least * (1 + random() / 4)));
}
