/** Offset of the server's clock from UTC, in minutes: São Paulo. */
const OFFSET_MINUTES = -180;

/** Formats a time as the server does: with its own offset and microseconds. */
export function formatTime(iso: string): string;
export function formatTime(iso: string | undefined): string | undefined;
export function formatTime(iso: string | undefined): string | undefined {
  if (iso === undefined) return undefined;
  const local = new Date(Date.parse(iso) + OFFSET_MINUTES * 60_000).toISOString();
  // The database keeps microseconds; the last three digits are invented.
  return local.replace('Z', '456-03:00');
}
