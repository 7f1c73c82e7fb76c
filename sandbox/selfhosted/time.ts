/** Minutes that the server's clock is ahead of UTC: it stands in São Paulo. */
const OFFSET_MINUTES = -180;

/** A time as the server writes it: its own offset, and more digits than milliseconds have. */
export function stampOf(iso: string): string;
export function stampOf(iso: string | undefined): string | undefined;
export function stampOf(iso: string | undefined): string | undefined {
  if (iso === undefined) return undefined;
  const local = new Date(Date.parse(iso) + OFFSET_MINUTES * 60_000).toISOString();
  // The database keeps microseconds; those below the millisecond are made up.
  return local.replace('Z', '456-03:00');
}
