import { invalid } from '../errors';
import { dayNumber, plainFigures, Zone } from '../text';

const DAY_MINUTES = 1440;
const SPAN = /^(\d{1,2})[:.h](\d{2}) ?(?:-|~|to|until) ?(\d{1,2})[:.h](\d{2})$/;

/** Hours without reminders. */
export class QuietHours {
  readonly #zone: Zone;
  /** minutes since midnight */
  readonly #from: number;
  readonly #to: number;

  /**
   * @param span such as `22:00-07:00`
   * @param zone IANA time zone; empty: the host's
   * @throws LinktorError `validation` for an invalid span
   */
  constructor(span: string, zone = '') {
    this.#zone = new Zone(zone);
    const found = SPAN.exec(plainFigures(span))?.slice(1).map(Number);
    const [fromHour = 24, fromMinute = 60, toHour = 24, toMinute = 60] = found ?? [];
    if (fromHour > 23 || toHour > 23 || fromMinute > 59 || toMinute > 59) {
      throw invalid(`"${span}" are no quiet hours.`, 'Write them as "22:00-07:00" in the account.');
    }
    this.#from = fromHour * 60 + fromMinute;
    this.#to = toHour * 60 + toMinute;
  }

  /** @param at milliseconds since 1970 @returns the end of the quiet hours at this time; undefined outside of them */
  endAt(at: number): number | undefined {
    const clock = this.#zone.read(at);
    const isOverMidnight = this.#from > this.#to;
    const isEvening = clock.minute >= this.#from;
    const isMorning = clock.minute < this.#to;
    if (isOverMidnight ? !isEvening && !isMorning : !isEvening || !isMorning) return undefined;
    const isNextDay = isOverMidnight && isEvening;
    return this.#zone.momentOf(dayNumber(clock), this.#to + (isNextDay ? DAY_MINUTES : 0));
  }
}
