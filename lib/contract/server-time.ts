/**
 * Times that a server states about its limits. Their unit is detected and their length is capped: one absurd header
 * must never disable an account.
 */

/** Maximum wait that a server can impose. */
export const MAX_SERVER_WAIT_S = 3600;

/** A number from here on is a time in seconds (2001), not a duration of thirty years. */
export const FIRST_EPOCH_S = 1_000_000_000;
/** A number from here on is a time in milliseconds (1973), not one in seconds of the year 5138. */
const FIRST_EPOCH_MS = 100_000_000_000;
/** A stated time more than a year away is implausible. */
const MAX_PLAUSIBLE_S = 366 * 86_400;

/**
 * @param value seconds, a time in seconds or milliseconds of the clock, or a date (RFC 9110 or ISO 8601)
 * @param now milliseconds of the clock that the server's times refer to
 * @param isTime the value is more likely a time than a duration, so an old time is past and not a long wait
 * @returns seconds from now, 0 to {@link MAX_SERVER_WAIT_S}; undefined when the value is none of these
 */
export function secondsFromNow(value: unknown, now: number, isTime = false): number | undefined {
  const text = typeof value === 'string' ? value.trim() : value;
  const figure = typeof text === 'string' && /^-?\d{1,20}(\.\d+)?(e\d{1,3})?$/i.test(text) ? Number(text) : text;
  if (typeof figure === 'number') return Number.isFinite(figure) ? capped(durationOf(figure, now, isTime)) : undefined;
  const date = typeof figure === 'string' ? dateOf(figure) : Number.NaN;
  return Number.isFinite(date) ? capped(Math.ceil((date - now) / 1000)) : undefined;
}

function durationOf(figure: number, now: number, isTime: boolean): number {
  if (figure < FIRST_EPOCH_S) return figure;
  const seconds = figure >= FIRST_EPOCH_MS ? figure / 1000 : figure;
  const left = seconds - now / 1000;
  const isPlausible = Math.abs(left) <= MAX_PLAUSIBLE_S || (isTime && left < 0);
  return isPlausible ? left : MAX_SERVER_WAIT_S;
}

function capped(seconds: number): number {
  return Math.min(MAX_SERVER_WAIT_S, Math.max(0, seconds));
}

/** Date.parse accepts almost any text with a number, so a clock time is required. */
function dateOf(text: string): number {
  if (!/\d:\d\d/.test(text)) return Number.NaN;
  // One of the three forms of RFC 9110 names no zone and means GMT, not ours.
  const hasZone = /(?:GMT|UTC|Z|[+-]\d\d:?\d\d)$/i.test(text);
  return Date.parse(hasZone ? text : `${text} GMT`);
}
