import { invalid } from '../errors';
import { cleanId } from './normalise';

/** A local date and time. */
export interface WallClock {
  year: number;
  /** 1 to 12 */
  month: number;
  /** 1 to 31 */
  day: number;
  /** 0 for Sunday to 6 for Saturday */
  weekday: number;
  /** minutes since midnight, 0 to 1439 */
  minute: number;
}

const MINUTE_MS = 60_000;
const DAY_MS = 24 * 60 * MINUTE_MS;

/** The clock of one IANA time zone. Daylight saving follows the host's Intl data. */
export class Zone {
  readonly name: string;
  readonly #format: Intl.DateTimeFormat;

  /**
   * @param name an IANA name such as `America/Sao_Paulo`; empty: the host's own zone
   * @throws LinktorError `validation` for a name unknown to the host
   */
  constructor(name = '') {
    const zone = cleanId(name);
    try {
      this.#format = new Intl.DateTimeFormat('en-US', {
        timeZone: zone === '' ? undefined : zone,
        hourCycle: 'h23',
        year: 'numeric',
        month: 'numeric',
        day: 'numeric',
        hour: 'numeric',
        minute: 'numeric',
        second: 'numeric',
      });
    } catch {
      throw invalid(
        `"${name}" is not a time zone.`,
        'Use an IANA name such as "America/Sao_Paulo" or "Europe/Lisbon" in the field "zone".',
      );
    }
    this.name = this.#format.resolvedOptions().timeZone;
  }

  /** @param time milliseconds since 1970 */
  read(time: number): WallClock {
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0 } = this.#parts(time);
    return {
      year,
      month,
      day,
      weekday: new Date(Date.UTC(year, month - 1, day)).getUTCDay(),
      minute: hour * 60 + minute,
    };
  }

  /**
   * The first moment at which the clock shows this time or a later one. For a time skipped when clocks go forward, it
   * is the moment of the change; for a time that occurs twice when they go back, it is the first one.
   * @param date days since 1970 in the calendar of this zone
   * @param minute minutes since midnight of that day, also beyond 1440
   * @returns milliseconds since 1970
   */
  momentOf(date: number, minute: number): number {
    const wall = date * DAY_MS + minute * MINUTE_MS;
    const found = [wall - DAY_MS, wall + DAY_MS]
      .map((near) => wall - this.offsetAt(near))
      .filter((moment) => moment + this.offsetAt(moment) === wall);
    return found.length > 0 ? Math.min(...found) : this.#changeNear(wall);
  }

  /** @param time milliseconds since 1970 @returns milliseconds by which the clock is ahead of UTC */
  offsetAt(time: number): number {
    const { year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0 } = this.#parts(time);
    return Date.UTC(year, month - 1, day, hour, minute, second) - Math.floor(time / 1000) * 1000;
  }

  #parts(time: number): Record<string, number> {
    return Object.fromEntries(this.#format.formatToParts(time).map(({ type, value }) => [type, Number(value)]));
  }

  /** @returns the time of the clock change within a day of a skipped time */
  #changeNear(wall: number): number {
    let [before, after] = [wall - DAY_MS, wall + DAY_MS];
    const old = this.offsetAt(before);
    while (after - before > MINUTE_MS) {
      const middle = Math.floor((before + after) / 2 / MINUTE_MS) * MINUTE_MS;
      if (this.offsetAt(middle) === old) before = middle;
      else after = middle;
    }
    return after;
  }
}

/** @returns days since 1970 of a calendar day */
export function dayNumber({ year, month, day }: Pick<WallClock, 'year' | 'month' | 'day'>): number {
  return Date.UTC(year, month - 1, day) / DAY_MS;
}

/** @param date days since 1970 @returns the calendar day */
export function calendarDay(date: number): Omit<WallClock, 'minute'> {
  const utc = new Date(date * DAY_MS);
  return {
    year: utc.getUTCFullYear(),
    month: utc.getUTCMonth() + 1,
    day: utc.getUTCDate(),
    weekday: utc.getUTCDay(),
  };
}
