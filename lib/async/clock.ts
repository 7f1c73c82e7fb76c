/** The timer looks again this often: a clock that was set, or a machine that slept, is noticed within a minute. */
const MAX_TIMER_MS = 60_000;

/**
 * All deadlines of an account on one timer. A deadline is a time of the wall clock, however far away; setTimeout alone
 * overflows after 24.8 days and knows nothing of a clock that is set.
 */
export class Clock {
  readonly #onDue: (id: string) => void;
  readonly #deadlines = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #isRunning = false;

  /** @param onDue called once for each deadline; it must not throw */
  constructor(onDue: (id: string) => void) {
    this.#onDue = onDue;
  }

  /** Nothing fires before this call, so that overdue events are handled first. */
  start(): void {
    this.#isRunning = true;
    this.#arm();
  }

  /** Nothing fires any more. */
  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  /** @param at milliseconds of the clock; replaces an earlier deadline of this id */
  set(id: string, at: number): void {
    this.#deadlines.set(id, at);
    if (at < this.#armedFor) this.#arm();
  }

  clear(id: string): void {
    this.#deadlines.delete(id);
  }

  get size(): number {
    return this.#deadlines.size;
  }

  #arm(): void {
    if (!this.#isRunning) return;
    clearTimeout(this.#timer);
    this.#armedFor = Number.POSITIVE_INFINITY;
    for (const at of this.#deadlines.values()) if (at < this.#armedFor) this.#armedFor = at;
    if (this.#deadlines.size === 0) return;
    const wait = Math.min(Math.max(this.#armedFor - Date.now(), 0), MAX_TIMER_MS);
    this.#timer = setTimeout(() => this.#fire(), wait);
  }

  #fire(): void {
    const now = Date.now();
    const due = [...this.#deadlines].filter(([, at]) => at <= now).sort(([, one], [, other]) => one - other);
    for (const [id] of due) {
      this.#deadlines.delete(id);
      this.#onDue(id);
    }
    this.#arm();
  }
}
