import { fence } from '../../async/fence';

/** Deliveries that may be unknown to the store at a time, and for how long in milliseconds. */
const MAX_UNNOTED = 32;
const MAX_UNNOTED_MS = 20;
/** Longest wait for the store, in milliseconds: one that is away is noticed earlier, and then nothing is delivered. */
const MAX_WAIT_MS = 5000;

/**
 * Counts the deliveries that a store of several instances does not know yet. If another instance took over now, it would
 * deliver them again; so there may be few of them, and further ones wait.
 */
export class Unnoted {
  #count = 0;
  /** of the oldest one, in milliseconds of the monotonic clock */
  #since = 0;
  #waiting: Promise<void> | undefined;
  #timer: NodeJS.Timeout | undefined;
  #release = () => {};

  add(): void {
    if (this.#count === 0) this.#since = performance.now();
    this.#count++;
  }

  /**
   * Some are known now, or are given up.
   * @param count of the oldest ones
   * @param until the others are younger, in milliseconds of the monotonic clock
   */
  remove(count: number, until: number): void {
    if (count === 0) return;
    this.#count = Math.max(0, this.#count - count);
    this.#since = Math.max(this.#since, until);
    if (!this.#isFull) this.#open();
  }

  /** @returns a promise that resolves when one more may be delivered; undefined at once */
  room(): Promise<void> | undefined {
    if (!this.#isFull) return undefined;
    this.#waiting ??= new Promise((resolve) => {
      this.#release = resolve;
      this.#timer = setTimeout(
        fence(() => {
          this.#count = 0;
          this.#open();
        }),
        MAX_WAIT_MS,
      ).unref();
    });
    return this.#waiting;
  }

  /** What waits is never delivered. */
  close(): void {
    clearTimeout(this.#timer);
  }

  get #isFull(): boolean {
    return this.#count >= MAX_UNNOTED || (this.#count > 0 && performance.now() - this.#since > MAX_UNNOTED_MS);
  }

  #open(): void {
    clearTimeout(this.#timer);
    this.#waiting = undefined;
    this.#release();
  }
}
