/** What can tell the server's clock: its answers carry a date. */
export interface ServerTimeSource {
  /** milliseconds */
  serverTime?: number;
}

/** The check for times that a server claims: none of them is in the future, whatever a single row says. */
export class ServerTime {
  readonly #source: ServerTimeSource;
  /** the latest possible time as the server spells times, and when it was computed */
  #latest = '';
  #latestAt = 0;

  constructor(source: ServerTimeSource) {
    this.#source = source;
  }

  /** The server's clock, milliseconds; the local one as long as the server's is not known. */
  get now(): number {
    return this.#source.serverTime ?? Date.now();
  }

  /** @returns the time, or now if it is in the future. @param time milliseconds of the server's clock */
  clamp(time: number): number {
    return Math.min(time, this.now);
  }

  /**
   * Is this time possible? Every event asks, so most times are compared as texts.
   * @param iso ISO 8601 @param at milliseconds of the local clock
   */
  isPossible(iso: string, at: number): boolean {
    if (Math.abs(at - this.#latestAt) >= LATEST_REFRESH_MS) {
      this.#latestAt = at;
      this.#latest = new Date(this.now + LATEST_REFRESH_MS).toISOString();
    }
    if (iso.length === this.#latest.length && iso.endsWith('Z')) return iso <= this.#latest;
    return Date.parse(iso) <= this.now;
  }
}

const LATEST_REFRESH_MS = 1000;
