/** A smaller difference is ignored: a Date header has whole seconds, and its answer takes time to arrive. */
const NEGLIGIBLE_MS = 2000;
/** Maximum difference between two consecutive answers that confirm each other. */
const AGREEMENT_MS = 5000;

/** The clock of the server, estimated from the Date headers of its answers. */
export class ServerClock {
  /** milliseconds by which the server's clock is ahead of ours; negative when it is behind */
  #aheadMs = 0;
  #isKnown = false;
  #lastMs: number | undefined;

  /** Evaluate an answer. @param date its Date header */
  note(date: string | undefined): void {
    const aheadMs = Date.parse(date ?? '') - Date.now();
    if (Number.isNaN(aheadMs)) return;
    // A single answer may come from a cache, or from a proxy with another clock.
    if (this.#lastMs !== undefined && Math.abs(aheadMs - this.#lastMs) <= AGREEMENT_MS) {
      this.#aheadMs = Math.abs(aheadMs) <= NEGLIGIBLE_MS ? 0 : aheadMs;
      this.#isKnown = true;
    }
    this.#lastMs = aheadMs;
  }

  /** Milliseconds by which the server's clock is ahead of ours; undefined while it is unknown. */
  get ahead(): number | undefined {
    return this.#isKnown ? this.#aheadMs : undefined;
  }

  /** Milliseconds of the server's clock, or of ours while it is unknown. */
  get now(): number {
    return Date.now() + this.#aheadMs;
  }
}
