import { fence } from './fence';

/** Longest timer: a changed system clock, or a machine that slept, is noticed within a minute. */
const MAX_TIMER_MS = 60_000;

/**
 * All deadlines of an account on one timer. A deadline is a wall-clock time, however far away; setTimeout alone
 * overflows after 24.8 days and does not notice a changed clock.
 */
export class Clock {
  readonly #onDue: (id: string) => void;
  readonly #deadlines = new Map<string, number>();
  #timer: NodeJS.Timeout | undefined;
  #armedFor = Number.POSITIVE_INFINITY;
  #isRunning = false;

  /** @param onDue called once for each deadline; its errors are dropped */
  constructor(onDue: (id: string) => void) {
    this.#onDue = onDue;
  }

  /** Start to fire deadlines. Overdue events are handled before this call. */
  start(): void {
    this.#isRunning = true;
    this.#arm();
  }

  /** Stop: no deadline fires any more. */
  stop(): void {
    this.#isRunning = false;
    clearTimeout(this.#timer);
    this.#armedFor = Number.POSITIVE_INFINITY;
  }

  /** @param at wall-clock time in milliseconds; replaces an earlier deadline of this id */
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
    this.#timer = setTimeout(
      fence(() => this.#fire()),
      wait,
    );
  }

  #fire(): void {
    const now = Date.now();
    const due = [...this.#deadlines].filter(([, at]) => at <= now).sort(([, one], [, other]) => one - other);
    for (const [id] of due) {
      this.#deadlines.delete(id);
      // Whatever happens to one, the others are still due.
      fence(this.#onDue)(id);
    }
    this.#arm();
  }
}
