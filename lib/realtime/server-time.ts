/** A source of the server's clock: its responses carry a date. */
export interface ServerTimeSource {
  /** milliseconds */
  serverTime?: number;
}

/** Checks times claimed by a server: none is in the future, whatever a row contains. */
export class ServerTime {
  readonly #source: ServerTimeSource;
  /** the latest possible time in the server's notation, and the time of its computation */
  #latest = '';
  #latestAt = 0;

  constructor(source: ServerTimeSource) {
    this.#source = source;
  }

  /** The server's clock in milliseconds; the local clock while it is unknown. */
  get now(): number {
    return this.#source.serverTime ?? Date.now();
  }

  /** @returns the time, or the present if it is in the future. @param time milliseconds of the server's clock */
  clamp(time: number): number {
    return Math.min(time, this.now);
  }

  /**
   * Check whether a time is possible. Called for every event, so most times are compared as strings.
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
