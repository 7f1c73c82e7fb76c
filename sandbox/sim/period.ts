import { invalid } from '../wire/problem';

const DAY = 86_400_000;
const PERIODS: Readonly<Record<string, number>> = {
  '1h': DAY / 24,
  '24h': DAY,
  '7d': 7 * DAY,
  '30d': 30 * DAY,
  day: DAY,
  week: 7 * DAY,
  month: 30 * DAY,
};

/** A stretch of time; both ends are ISO 8601 in UTC and belong to it. */
export interface Span {
  start: string;
  end: string;
}

interface Bounds {
  startDate?: string | null;
  endDate?: string | null;
}

/** @throws a 400 problem when an end is no time or they are the wrong way round */
export function spanOf({ startDate, endDate }: Bounds): Span {
  const start = edge('startDate', startDate ?? '1970-01-01');
  // A date without a time means the whole day.
  const end = edge('endDate', endDate && /^\d{4}-\d\d-\d\d$/.test(endDate) ? `${endDate}T23:59:59.999Z` : endDate);
  if (start > end) throw invalid('endDate', 'is before startDate');
  return { start, end };
}

/** The span that ends now and is as long as `period` says: day, week (the default), month, 1h, 24h, 7d or 30d. */
export function lastSpan(query: URLSearchParams): Span {
  const period = query.get('period') ?? 'week';
  const length = PERIODS[period];
  if (length === undefined) throw invalid('period', `must be one of ${Object.keys(PERIODS).join(', ')}`);
  return { start: new Date(Date.now() - length).toISOString(), end: new Date().toISOString() };
}

export function within({ start, end }: Span, at: string): boolean {
  return start <= at && at <= end;
}

function edge(field: string, text: string | null | undefined): string {
  const at = text ? Date.parse(text) : Date.now();
  if (Number.isNaN(at)) throw invalid(field, 'is not a time');
  return new Date(at).toISOString();
}
