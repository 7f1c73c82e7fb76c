/** Two clocks that are less apart count as one: a Date header has whole seconds, and its answer has been under way. */
const NEGLIGIBLE_MS = 2000;
/** Two answers in a row must agree so far before the clock is believed. */
const AGREEMENT_MS = 5000;

/** The clock of the server, estimated from the Date headers of its answers. */
export class ServerClock {
  /** how far it is ahead of ours, milliseconds; negative when it is behind */
  #aheadMs = 0;
  #lastMs: number | undefined;

  /** An answer has come. @param date its Date header */
  note(date: string | undefined): void {
    const aheadMs = Date.parse(date ?? '') - Date.now();
    if (Number.isNaN(aheadMs)) return;
    // One answer alone may come from a cache, or from a proxy with a clock of its own.
    if (this.#lastMs !== undefined && Math.abs(aheadMs - this.#lastMs) <= AGREEMENT_MS) {
      this.#aheadMs = Math.abs(aheadMs) <= NEGLIGIBLE_MS ? 0 : aheadMs;
    }
    this.#lastMs = aheadMs;
  }

  /** Milliseconds of the server's clock; of ours as long as nothing is known. */
  get now(): number {
    return Date.now() + this.#aheadMs;
  }
}
