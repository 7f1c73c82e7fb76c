import { invalid } from '../errors';
import { describe } from './describe';
import { plainFigures } from './figures';
import { Zone } from './zone';

/** Constraints on a time. */
interface Expected {
  /** IANA name of the zone for days and times without a zone; the host's by default */
  zone?: string;
  /** refuse a past time */
  future?: boolean;
}

/** A number below it counts seconds, any other milliseconds: in seconds it is the year 5138, in milliseconds 1973. */
const FIRST_MILLISECONDS = 1e11;
/** A smaller number would mean 1970 to 1973. It is more likely a duration, or a date written as one number. */
const FIRST_SECONDS = 1e8;

/** The end of the year 9999, in milliseconds. */
export const LAST_TIME = Date.UTC(10_000, 0) - 1;

/** The first islands of a day are 14 hours ahead of UTC. */
const MAX_OFFSET_MS = 14 * 3_600_000;

/** UTF-16 units. No time is longer, however it is pasted. */
const MAX_LENGTH = 200;

const NUMERIC = /^\d{9,}(?:\.\d+)?$/;
const ISO =
  /^(\d{4})-(\d\d)-(\d\d)(?:[t ](\d\d):(\d\d)(?::(\d\d)(?:[.,](\d{1,9}))?)? ?(z|utc|gmt|[+-]\d\d(?::?\d\d)?)?)?$/;
const DAY = /^\d{4}-\d\d-\d\d$/;

/**
 * Parse a time: a Date, seconds or milliseconds since 1970 (as a number or a text), or ISO 8601. Days and times without
 * a zone are in the given zone.
 * @param name the field with the value
 * @throws LinktorError `validation` that names the value and the expected format
 */
export function readTime(given: unknown, name: string, { zone, future = false }: Expected = {}): Date {
  const time = timeIn(given, zone);
  if (time === undefined || Number.isNaN(time)) {
    const what = typeof given === 'string' && given.trim() !== '' ? `"${given.slice(0, 60)}"` : describe(given);
    throw invalid(
      `The field "${name}" must be a time, not ${what}.`,
      'Give an ISO 8601 time such as 2026-05-17T09:30:00Z, a Date, or seconds or milliseconds since 1970.',
    );
  }
  const date = new Date(time);
  if (future && time <= Date.now()) {
    throw invalid(`The field "${name}" must be a time to come; ${date.toISOString()} is over.`, 'Give a later time.');
  }
  return date;
}

/** @returns a day such as 2026-05-17 unchanged, any other time as parsed by {@link readTime}, in ISO 8601 */
export function readDay(given: unknown, name: string, expected: Expected = {}): string {
  const time = readTime(given, name, expected);
  const text = typeof given === 'string' ? plainFigures(given) : '';
  return DAY.test(text) ? text : time.toISOString();
}

/** Costs 100 microseconds or more, and may change while the process runs. */
function hostZone(): string {
  return new Intl.DateTimeFormat().resolvedOptions().timeZone;
}

/** @returns milliseconds since 1970; undefined or NaN when it is no time */
function timeIn(given: unknown, zone: string | undefined): number | undefined {
  if (given instanceof Date) return given.getTime();
  if (typeof given === 'number') return ofNumber(given);
  if (typeof given !== 'string' || given.length > MAX_LENGTH) return undefined;
  const text = plainFigures(given);
  return NUMERIC.test(text) ? ofNumber(Number(text)) : ofIso(text, zone);
}

function ofNumber(figure: number): number | undefined {
  if (figure !== 0 && figure < FIRST_SECONDS) return undefined;
  const time = figure < FIRST_MILLISECONDS ? figure * 1000 : figure;
  // Microseconds would be a year that ISO 8601 cannot write with four digits.
  return time > LAST_TIME ? undefined : new Date(time).getTime();
}

function ofIso(text: string, zone: string | undefined): number | undefined {
  const found = ISO.exec(text);
  if (!found) return undefined;
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = found
    .slice(1, 7)
    .map((one) => Number(one ?? 0));
  const fraction = Number(`0.${found[7] ?? '0'}`) * 1000;
  const wall = Date.UTC(year, month - 1, day, hour, minute, second, Math.trunc(fraction));
  // A 30th of February would be a day in March.
  const date = new Date(wall);
  const isDay = date.getUTCMonth() === month - 1 && date.getUTCDate() === day;
  const isReal = isDay && hour < 24 && minute < 60 && second < 60;
  const offset = offsetIn(found[8]);
  if (!isReal || year < 1000 || Number.isNaN(offset)) return undefined;
  return offset === undefined ? inZone(wall, zone ?? hostZone()) : wall - offset;
}

/** @returns the offset from UTC in milliseconds, undefined when none is given, NaN when no zone has it */
function offsetIn(written: string | undefined): number | undefined {
  if (written === undefined) return undefined;
  const [, sign, hours = '0', minutes = '0'] = /^([+-])(\d\d):?(\d\d)?$/.exec(written) ?? [];
  if (sign === undefined) return 0;
  const offset = (Number(hours) * 60 + Number(minutes)) * 60_000;
  if (Number(minutes) > 59 || offset > MAX_OFFSET_MS) return Number.NaN;
  return sign === '-' ? -offset : offset;
}

/** @param wall the local time of that zone, as if it were UTC; a time skipped by the clock is moved forward */
function inZone(wall: number, name: string): number {
  const zone = new Zone(name);
  const guess = wall - zone.offsetAt(wall);
  const offset = zone.offsetAt(guess);
  const time = wall - offset;
  return zone.offsetAt(time) === offset ? time : Math.max(guess, time);
}
