import { abortedError, LinktorError } from '../errors';
import { type Waiter, WaitList } from './wait-list';

interface Waiting extends Waiter {
  owner: string;
  start(): void;
  refuse(error: LinktorError): void;
}

/** Owners are served in turn, so that one of them never blocks the others. */
export class FairQueue {
  readonly #width: number;
  readonly #widthPerOwner: number;
  readonly #maxWaiting: number;
  /** waiting tasks by owner; the owner that has waited longest since its last turn comes first */
  readonly #waiting = new Map<string, Set<Waiting>>();
  readonly #running = new Map<string, number>();
  readonly #waiters = new WaitList<Waiting>((entry, error) => {
    this.#forget(entry);
    entry.refuse(error);
  });
  #active = 0;

  /**
   * @param width maximum number of running tasks
   * @param widthPerOwner maximum number of running tasks per owner
   * @param maxWaiting maximum number of waiting tasks
   */
  constructor(width: number, widthPerOwner: number, maxWaiting = 10_000) {
    this.#width = width;
    this.#widthPerOwner = widthPerOwner;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * @param owner tasks of one owner start in the order of these calls
   * @param waitMs maximum wait for a free slot, milliseconds
   * @returns the task's result
   * @throws LinktorError `rate_limit` when too many wait, `timeout` when the wait was too long, `unexpected` when the
   * signal aborts first; in all three cases the task has not started. Otherwise the task's own error
   */
  run<T>(owner: string, task: () => Promise<T>, waitMs: number, signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(abortedError('waiting'));
    if (this.#active < this.#width && !this.#waiting.has(owner) && this.#isFree(owner)) return this.#start(owner, task);
    if (this.#waiters.size >= this.#maxWaiting) {
      return Promise.reject(
        new LinktorError('rate_limit', `${this.#maxWaiting} files are waiting already.`, { retryable: true }),
      );
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        owner,
        signal,
        deadline: Date.now() + waitMs,
        start: () => resolve(this.#start(owner, task)),
        refuse: reject,
      };
      const others = this.#waiting.get(owner) ?? new Set();
      this.#waiting.set(owner, others.add(entry));
      this.#waiters.add(entry);
    });
  }

  #isFree(owner: string): boolean {
    return (this.#running.get(owner) ?? 0) < this.#widthPerOwner;
  }

  async #start<T>(owner: string, task: () => Promise<T>): Promise<T> {
    this.#active++;
    this.#running.set(owner, (this.#running.get(owner) ?? 0) + 1);
    try {
      return await task();
    } finally {
      this.#active--;
      const left = (this.#running.get(owner) ?? 1) - 1;
      if (left > 0) this.#running.set(owner, left);
      else this.#running.delete(owner);
      this.#next();
    }
  }

  #next(): void {
    for (const [owner, entries] of this.#waiting) {
      if (this.#active >= this.#width) return;
      if (!this.#isFree(owner)) continue;
      const [entry] = entries as Set<Waiting> & Iterable<Waiting>;
      if (!entry) continue;
      this.#forget(entry);
      this.#waiters.delete(entry);
      // The owner goes to the back: its next task comes after one of each other owner.
      const rest = this.#waiting.get(owner);
      if (rest) {
        this.#waiting.delete(owner);
        this.#waiting.set(owner, rest);
      }
      entry.start();
    }
  }

  #forget(entry: Waiting): void {
    const entries = this.#waiting.get(entry.owner);
    entries?.delete(entry);
    if (entries?.size === 0) this.#waiting.delete(entry.owner);
  }
}
