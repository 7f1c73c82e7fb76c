import { LinktorError } from '../errors';

/** Somebody who waits, so long and no longer. */
export interface Waiter {
  signal: AbortSignal | undefined;
  /** milliseconds of our clock */
  until: number;
}

/** Between two looks at who has waited too long, milliseconds: thousands may do so one by one. */
const pace = 20;

/**
 * Who waits, and when each of them gives up. Thousands share one timer, and one listener for each signal: with one of
 * their own they would cost more than what they wait with.
 */
export class WaitList<T extends Waiter> {
  readonly #giveUp: (waiter: T, error: LinktorError) => void;
  readonly #groups = new Map<AbortSignal | undefined, { waiters: Set<T>; abort(): void }>();
  #size = 0;
  #timer: NodeJS.Timeout | undefined;
  #looksAt = Number.POSITIVE_INFINITY;

  /** @param giveUp told of everybody who waits no longer, who has been taken out by then */
  constructor(giveUp: (waiter: T, error: LinktorError) => void) {
    this.#giveUp = giveUp;
  }

  get size(): number {
    return this.#size;
  }

  add(waiter: T): void {
    const { signal, until } = waiter;
    const group = this.#groups.get(signal) ?? this.#open(signal);
    group.waiters.add(waiter);
    this.#size++;
    if (until < this.#looksAt) this.#lookAt(until);
  }

  /** They wait no longer. */
  delete(waiter: T): void {
    const { signal } = waiter;
    const group = this.#groups.get(signal);
    if (!group?.waiters.delete(waiter)) return;
    this.#size--;
    if (group.waiters.size === 0) {
      signal?.removeEventListener('abort', group.abort);
      this.#groups.delete(signal);
    }
    if (this.#size === 0) this.#lookAt(Number.POSITIVE_INFINITY);
  }

  #open(signal: AbortSignal | undefined) {
    const group = { waiters: new Set<T>(), abort: () => this.#dismiss(group.waiters, closed) };
    this.#groups.set(signal, group);
    signal?.addEventListener('abort', group.abort, { once: true });
    return group;
  }

  #dismiss(waiters: Iterable<T>, why: () => LinktorError): void {
    for (const waiter of [...waiters]) {
      this.delete(waiter);
      this.#giveUp(waiter, why());
    }
  }

  #lookAt(time: number): void {
    clearTimeout(this.#timer);
    this.#looksAt = time;
    if (time < Number.POSITIVE_INFINITY) this.#timer = setTimeout(() => this.#look(), time - Date.now());
  }

  #look(): void {
    const now = Date.now();
    const all = [...this.#groups.values()].flatMap(({ waiters }) => [...waiters]);
    const late = all.filter(({ until }) => until <= now);
    const next = all.reduce((first, { until }) => (until > now ? Math.min(first, until) : first), Infinity);
    this.#looksAt = Number.POSITIVE_INFINITY;
    this.#dismiss(
      late,
      () => new LinktorError('timeout', 'The request waited too long for its turn.', { retryable: true }),
    );
    if (this.#size > 0) this.#lookAt(Math.max(next, now + pace));
  }
}

/** @returns what becomes of who was called off */
export function closed(): LinktorError {
  return new LinktorError('unexpected', 'Closed before the request left.', { retryable: true });
}
