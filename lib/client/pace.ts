import type { Pace } from './options';

const MINUTE_MS = 60_000;
/** Share of a minute's calls that may leave at once. */
const BURST = 0.1;

/** A limit of calls a minute: a tenth of them at once, the others evenly. No sliding minute has more of them. */
export class LocalPace implements Pace {
  readonly #burst: number;
  readonly #perMs: number;
  readonly #shared: Pace | undefined;
  /** calls that may leave now; negative: taken in advance by calls that wait */
  #free: number;
  /** time of the last count, milliseconds of our clock */
  #countedAt = Date.now();

  /** @param perMinute at least 1 @param shared the rate that is kept as well */
  constructor(perMinute: number, shared?: Pace) {
    this.#burst = Math.max(1, Math.floor(perMinute * BURST));
    // A limit of one a minute has nothing left to spread.
    this.#perMs = Math.max(perMinute - this.#burst, perMinute / 2) / MINUTE_MS;
    this.#free = this.#burst;
    this.#shared = shared;
  }

  async take(longestMs: number): Promise<number> {
    const waitMs = this.#waitMs();
    if (waitMs > longestMs) return waitMs;
    this.#free--;
    const sharedMs = (await this.#shared?.take(longestMs)) ?? 0;
    if (sharedMs > longestMs) this.#free++;
    return Math.max(waitMs, sharedMs);
  }

  note(facts: Parameters<Pace['note']>[0]): void {
    this.#shared?.note(facts);
  }

  #waitMs(): number {
    const now = Date.now();
    const passedMs = Math.max(0, now - this.#countedAt);
    this.#free = Math.min(this.#burst, this.#free + passedMs * this.#perMs);
    this.#countedAt = now;
    return Math.max(0, Math.ceil((1 - this.#free) / this.#perMs));
  }
}
