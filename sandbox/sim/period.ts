import { invalid } from '../wire/problem';

const DAY_MS = 86_400_000;
const PERIODS: Readonly<Record<string, number>> = {
  '1h': DAY_MS / 24,
  '24h': DAY_MS,
  '7d': 7 * DAY_MS,
  '30d': 30 * DAY_MS,
  day: DAY_MS,
  week: 7 * DAY_MS,
  month: 30 * DAY_MS,
};

/** A time span. Both ends are ISO 8601 in UTC, inclusive. */
export interface Span {
  start: string;
  end: string;
}

interface Bounds {
  startDate?: string | null;
  endDate?: string | null;
}

/** @throws a 400 Problem for an invalid time or a reversed span */
export function spanOf({ startDate, endDate }: Bounds): Span {
  const start = parseTime('startDate', startDate ?? '1970-01-01');
  // A date without a time stands for the whole day.
  const end = parseTime('endDate', endDate && /^\d{4}-\d\d-\d\d$/.test(endDate) ? `${endDate}T23:59:59.999Z` : endDate);
  if (start > end) throw invalid('endDate', 'is before startDate');
  return { start, end };
}

/** Reads `period`: day, week (default), month, 1h, 24h, 7d or 30d, ending now. */
export function readPeriod(query: URLSearchParams): Span {
  const period = query.get('period') ?? 'week';
  const length = PERIODS[period];
  if (length === undefined) throw invalid('period', `must be one of ${Object.keys(PERIODS).join(', ')}`);
  return { start: new Date(Date.now() - length).toISOString(), end: new Date().toISOString() };
}

export function isWithin({ start, end }: Span, at: string): boolean {
  return start <= at && at <= end;
}

function parseTime(field: string, text: string | null | undefined): string {
  const at = text ? Date.parse(text) : Date.now();
  if (Number.isNaN(at)) throw invalid(field, 'is not a time');
  return new Date(at).toISOString();
}
