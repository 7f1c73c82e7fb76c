import { invalid } from '../errors';
import { calendarDay, dayNumber, plainFigures, readList, Zone } from '../text';

/** One row of the weekly table. Times are `HH:MM`, `24:00` included; `to` at or before `from` lies on the next day. */
export interface WeekRow {
  /** `mon` to `sun`, `weekdays`, `weekend` or `daily` */
  day: string;
  from: string;
  to: string;
}

/** One row of the table of special days, open in addition to the week, whether or not the date is closed. */
export interface ExtraRow {
  /** `YYYY-MM-DD`, or `MM-DD` for every year */
  date: string;
  from: string;
  to: string;
}

/** The opening hours of a business. */
export interface HoursSettings {
  /** IANA name; empty: the host's zone */
  zone?: string;
  week: readonly WeekRow[];
  /**
   * `YYYY-MM-DD`, `MM-DD` for every year, or two of the same form with `..` between them; several in one text, as
   * {@link readList} takes it
   */
  closed?: string | readonly string[];
  extra?: readonly ExtraRow[];
}

/** Either minutes since midnight of its first day, with `to` above 1440 on the next day, or milliseconds. */
interface Shift {
  from: number;
  to: number;
}

const DAY_MINUTES = 1440;
/** Range of the search for the next opening: a year and a day, so that a yearly date is found. */
const LOOK_AHEAD_DAYS = 367;
/** Maximum number of cached days: a message needs two, a search for the next opening a few more. */
const MAX_KNOWN_DAYS = 32;

const names = ['sun', 'mon', 'tue', 'wed', 'thu', 'fri', 'sat'];
export const days = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun', 'weekdays', 'weekend', 'daily'] as const;

/** Opening hours in one time zone: weekly shifts, closed dates, special days. */
export class OpeningHours {
  readonly zone: Zone;
  readonly #week: readonly Shift[][];
  readonly #closed: readonly ((date: string) => boolean)[];
  readonly #extra: ReadonlyMap<string, Shift[]>;
  readonly #known = new Map<number, readonly Shift[]>();

  /** @throws LinktorError `validation` that names the row that cannot be read */
  constructor({ zone, week, closed = [], extra = [] }: HoursSettings) {
    this.zone = new Zone(zone);
    this.#week = names.map((_, weekday) => week.filter((row) => includes(row.day, weekday)).map(shiftOf));
    this.#closed = readList(closed, 'closed').map(rangeOf);
    const special = new Map<string, Shift[]>();
    for (const row of extra) {
      const date = dateOf(row.date);
      special.set(date, [...(special.get(date) ?? []), shiftOf(row)]);
    }
    this.#extra = special;
  }

  /** @param time milliseconds since 1970 */
  isOpen(time: number): boolean {
    const today = dayNumber(this.zone.read(time));
    return [today - 1, today].some((date) => this.#open(date).some(({ from, to }) => from <= time && time < to));
  }

  /**
   * @param time milliseconds since 1970
   * @returns when it opens or closes the next time after `time`, milliseconds; undefined if it does not within a year
   */
  next(time: number): number | undefined {
    const wasOpen = this.isOpen(time);
    const today = dayNumber(this.zone.read(time));
    for (let date = today - 1; date <= today + LOOK_AHEAD_DAYS; date++) {
      const moments = this.#open(date).map(({ from, to }) => (wasOpen ? to : from));
      const changes = moments.filter((moment) => moment > time && this.isOpen(moment) !== wasOpen);
      if (changes.length > 0) return Math.min(...changes);
    }
    return undefined;
  }

  /** The shifts that begin on a day, in milliseconds. @param date days since 1970 */
  #open(date: number): readonly Shift[] {
    let open = this.#known.get(date);
    if (open === undefined) {
      open = this.#shifts(date).map(({ from, to }) => ({
        from: this.zone.momentOf(date, from),
        to: this.zone.momentOf(date, to),
      }));
      if (this.#known.size >= MAX_KNOWN_DAYS) this.#known.clear();
      this.#known.set(date, open);
    }
    return open;
  }

  /** The shifts that begin on a day, in minutes. @param date days since 1970 */
  #shifts(date: number): readonly Shift[] {
    const { year, month, day, weekday } = calendarDay(date);
    const yearly = `${two(month)}-${two(day)}`;
    const full = `${String(year).padStart(4, '0')}-${yearly}`;
    const special = [...(this.#extra.get(full) ?? []), ...(this.#extra.get(yearly) ?? [])];
    if (this.#closed.some((holds) => holds(full))) return special;
    return special.length === 0 ? (this.#week[weekday] ?? []) : [...(this.#week[weekday] ?? []), ...special];
  }
}

function includes(day: string, weekday: number): boolean {
  const wanted = plainFigures(day);
  const isWeekend = weekday === 0 || weekday === 6;
  if (wanted === 'daily') return true;
  if (wanted === 'weekdays') return !isWeekend;
  if (wanted === 'weekend') return isWeekend;
  if (!names.includes(wanted)) {
    throw invalid(`"${day}" is not a day of the week.`, `Use one of ${days.join(', ')} in the field "week".`);
  }
  return names[weekday] === wanted;
}

function shiftOf({ from, to }: Pick<WeekRow, 'from' | 'to'>): Shift {
  const [begin, end] = [minuteOf(from), minuteOf(to)];
  return { from: begin, to: end > begin ? end : end + DAY_MINUTES };
}

function minuteOf(text: string): number {
  const [, hour = '', minute = ''] = /^(\d{1,2}) ?[:.h] ?(\d{2})$/.exec(plainFigures(text)) ?? [];
  const total = Number(hour) * 60 + Number(minute);
  if (hour === '' || Number(minute) > 59 || total > DAY_MINUTES) {
    throw invalid(`"${text}" is not a time of day.`, 'Write it as 09:00 or 18:30; 24:00 is the end of the day.');
  }
  return total;
}

/** @returns the date in its normal form */
function dateOf(text: string): string {
  const [, year, month = '', day = ''] = /^(?:(\d{4})-)?(\d{1,2})-(\d{1,2})$/.exec(plainFigures(text)) ?? [];
  // A leap year represents every year.
  const known = new Date(Date.UTC(Number(year ?? 2024), Number(month) - 1, Number(day)));
  if (month === '' || known.getUTCMonth() !== Number(month) - 1 || known.getUTCDate() !== Number(day)) {
    throw invalid(
      `"${text}" is not a date.`,
      'Write it as 2026-12-25, or 12-25 for every year; a range as 2026-12-24..2027-01-02.',
    );
  }
  const yearly = `${two(Number(month))}-${two(Number(day))}`;
  return year === undefined ? yearly : `${year}-${yearly}`;
}

/** Two or three dots, which some editors make one character of, or a dash between blanks. */
const BETWEEN_DATES = /\.{2,3}| - /;

/** @returns whether a date, `YYYY-MM-DD`, lies in the range */
function rangeOf(text: string): (date: string) => boolean {
  const [first = '', last = first, ...more] = plainFigures(text).split(BETWEEN_DATES).map(dateOf);
  if (more.length > 0 || first.length !== last.length) {
    throw invalid(`"${text}" is not a range of dates.`, 'Write both ends in the same form: 2026-12-24..2027-01-02.');
  }
  const isYearly = first.length === 5;
  if (!isYearly && last < first) throw invalid(`"${text}" ends before it begins.`, 'Write the earlier date first.');
  return (date) => {
    const own = isYearly ? date.slice(5) : date;
    // A yearly range may include New Year.
    return last < first ? own >= first || own <= last : first <= own && own <= last;
  };
}

function two(value: number): string {
  return String(value).padStart(2, '0');
}
