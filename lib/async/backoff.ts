const LONGEST_BACKOFF_MS = 60_000;
/** A server that asks for a longer wait is asked again all the same. */
const LONGEST_ASKED_WAIT_MS = 600_000;

/**
 * How long to wait before trying again. The jitter keeps a thousand clients from coming back in the same second.
 * @param attempt 1 for the first
 * @param intervalMs the base, in milliseconds
 * @param longestMs where the doubling ends, in milliseconds
 * @returns milliseconds: the interval doubled per attempt, give or take half
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
 * Never shorter than the server asked for, and jittered so that clients that got the same answer do not return at once.
 * @param ownMs milliseconds that we would wait
 * @param askedSeconds seconds that the server wants us to wait; up to ten minutes are honoured
 * @returns milliseconds
 */
export function asAsked(ownMs: number, askedSeconds: number | undefined, random = Math.random): number {
  if (askedSeconds === undefined) return ownMs;
  const least = Math.min(LONGEST_ASKED_WAIT_MS, askedSeconds * 1000);
  return Math.max(ownMs, Math.round(least * (1 + random() / 4)));
}
