const longest = 60_000;
/** a server that asks for more is asked again all the same */
const longestAsked = 600_000;

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

/**
 * What a server asks for is never undercut, and those who were all told the same do not come back all at once.
 * @param own milliseconds that we would wait
 * @param asked seconds that the server wants us to wait; up to ten minutes are honoured
 * @returns milliseconds
 */
export function asAsked(own: number, asked: number | undefined, random = Math.random): number {
  if (asked === undefined) return own;
  const least = Math.min(longestAsked, asked * 1000);
  return Math.max(own, Math.round(least * (1 + random() / 4)));
}
