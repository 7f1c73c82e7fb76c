import { fence } from '../async/fence';
import { abortedError, LinktorError } from '../errors';

/** A waiting call. */
export interface Waiter {
  signal: AbortSignal | undefined;
  /** end of the wait, milliseconds of our clock */
  deadline: number;
}

/** Minimum interval between two checks for expired waiters, since thousands may expire one by one. */
const MIN_LOOK_INTERVAL_MS = 20;

/**
 * Waiters with deadlines. Thousands of them share one timer, and one listener for each signal: with a timer and a
 * listener each, waiting would cost more than the calls themselves.
 */
export class WaitList<T extends Waiter> {
  readonly #giveUp: (waiter: T, error: LinktorError) => void;
  readonly #groups = new Map<AbortSignal | undefined, { waiters: Set<T>; abort(): void }>();
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #nextLookAt = Number.POSITIVE_INFINITY;

  /** @param giveUp called for each waiter whose deadline has passed or whose signal has aborted, after its removal */
  constructor(giveUp: (waiter: T, error: LinktorError) => void) {
    this.#giveUp = giveUp;
  }

  get size(): number {
    return this.#size;
  }

  add(waiter: T): void {
    const { signal, deadline } = waiter;
    const group = this.#groups.get(signal) ?? this.#open(signal);
    group.waiters.add(waiter);
    this.#size++;
    if (deadline < this.#nextLookAt) this.#scheduleLook(deadline);
  }

  /** Remove a waiter. */
  delete(waiter: T): void {
    const { signal } = waiter;
    const group = this.#groups.get(signal);
    if (!group?.waiters.delete(waiter)) return;
    this.#size--;
    if (group.waiters.size === 0) {
      signal?.removeEventListener('abort', group.abort);
      this.#groups.delete(signal);
    }
    if (this.#size === 0) this.#scheduleLook(Number.POSITIVE_INFINITY);
  }

  #open(signal: AbortSignal | undefined) {
    const waiters = new Set<T>();
    const abort = fence(() => this.#dismiss(waiters, () => abortedError('waiting')));
    const group = { waiters, abort };
    this.#groups.set(signal, group);
    signal?.addEventListener('abort', abort, { once: true });
    return group;
  }

  #dismiss(waiters: Iterable<T>, why: () => LinktorError): void {
    for (const waiter of [...waiters]) {
      this.delete(waiter);
      this.#giveUp(waiter, why());
    }
  }

  #scheduleLook(time: number): void {
    clearTimeout(this.#timer);
    this.#nextLookAt = time;
    if (time < Number.POSITIVE_INFINITY)
      this.#timer = setTimeout(
        fence(() => this.#look()),
        time - Date.now(),
      );
  }

  #look(): void {
    const now = Date.now();
    const all = [...this.#groups.values()].flatMap(({ waiters }) => [...waiters]);
    const expired = all.filter(({ deadline }) => deadline <= now);
    const next = all.reduce((first, { deadline }) => (deadline > now ? Math.min(first, deadline) : first), Infinity);
    this.#nextLookAt = Number.POSITIVE_INFINITY;
    this.#dismiss(
      expired,
      () => new LinktorError('timeout', 'The request waited too long for its turn.', { retryable: true }),
    );
    if (this.#size > 0) this.#scheduleLook(Math.max(next, now + MIN_LOOK_INTERVAL_MS));
  }
}
