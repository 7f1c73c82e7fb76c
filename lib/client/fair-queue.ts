import { abortedError, LinktorError } from '../errors';
import { type Waiter, WaitList } from './wait-list';

/** Whose turn a task takes. */
export interface Turn {
  /** for whom it is done, such as a conversation */
  owner: string;
  /** where it is done, such as a server */
  host: string;
}

interface Waiting extends Waiter, Turn {
  start(): void;
  refuse(error: LinktorError): void;
}

/**
 * Hosts are served in turn, and so are the owners within a host, so that none of them blocks the others. A task that
 * turns out to be slow may go on without its slot.
 */
export class FairQueue {
  readonly #width: number;
  readonly #widthPerOwner: number;
  readonly #maxWaiting: number;
  /** waiting tasks by host and owner; those that have waited longest since their last turn come first */
  readonly #waiting = new Map<string, Map<string, Set<Waiting>>>();
  /** tasks that have not ended, with or without a slot */
  readonly #running = new Map<string, number>();
  readonly #waiters = new WaitList<Waiting>((entry, error) => {
    this.#forget(entry);
    entry.refuse(error);
  });
  #active = 0;

  /**
   * @param width maximum number of tasks with a slot
   * @param widthPerOwner maximum number of running tasks per owner, with or without a slot
   * @param maxWaiting maximum number of waiting tasks
   */
  constructor(width: number, widthPerOwner: number, maxWaiting = 10_000) {
    this.#width = width;
    this.#widthPerOwner = widthPerOwner;
    this.#maxWaiting = maxWaiting;
  }

  /**
   * @param turn tasks of one owner and host start in the order of these calls
   * @param task gets a function that gives its slot to the next task; the task itself goes on
   * @param waitMs maximum wait for a free slot, milliseconds
   * @returns the task's result
   * @throws LinktorError `rate_limit` when too many wait, `timeout` when the wait was too long, `unexpected` when the
   * signal aborts first; in all three cases the task has not started. Otherwise the task's own error
   */
  run<T>(turn: Turn, task: (yieldSlot: () => void) => Promise<T>, waitMs: number, signal: AbortSignal): Promise<T> {
    if (signal.aborted) return Promise.reject(abortedError('waiting'));
    // Whoever waits while a slot is free belongs to an owner who has enough running tasks.
    if (this.#active < this.#width && this.#isFree(turn.owner)) return this.#start(turn.owner, task);
    if (this.#waiters.size >= this.#maxWaiting) {
      return Promise.reject(
        new LinktorError('rate_limit', `${this.#maxWaiting} files are waiting already.`, { retryable: true }),
      );
    }
    return new Promise((resolve, reject) => {
      const entry: Waiting = {
        ...turn,
        signal,
        deadline: Date.now() + waitMs,
        start: () => resolve(this.#start(turn.owner, task)),
        refuse: reject,
      };
      const owners = this.#waiting.get(turn.host) ?? new Map<string, Set<Waiting>>();
      const others = owners.get(turn.owner) ?? new Set();
      this.#waiting.set(turn.host, owners.set(turn.owner, others.add(entry)));
      this.#waiters.add(entry);
    });
  }

  #isFree(owner: string): boolean {
    return (this.#running.get(owner) ?? 0) < this.#widthPerOwner;
  }

  async #start<T>(owner: string, task: (yieldSlot: () => void) => Promise<T>): Promise<T> {
    this.#active++;
    this.#running.set(owner, (this.#running.get(owner) ?? 0) + 1);
    let hasSlot = true;
    const yieldSlot = () => {
      if (!hasSlot) return;
      hasSlot = false;
      this.#active--;
      this.#next();
    };
    try {
      return await task(yieldSlot);
    } finally {
      const left = (this.#running.get(owner) ?? 1) - 1;
      if (left > 0) this.#running.set(owner, left);
      else this.#running.delete(owner);
      if (hasSlot) yieldSlot();
      else this.#next();
    }
  }

  #next(): void {
    while (this.#active < this.#width) {
      const entry = this.#first();
      if (!entry) return;
      this.#forget(entry);
      this.#waiters.delete(entry);
      this.#toBack(entry);
      entry.start();
    }
  }

  #first(): Waiting | undefined {
    for (const owners of this.#waiting.values()) {
      for (const [owner, entries] of owners) {
        if (!this.#isFree(owner)) continue;
        for (const entry of entries) return entry;
      }
    }
    return undefined;
  }

  /** The next task of this host comes after one of each other host, and so do owners within the host. */
  #toBack({ host, owner }: Turn): void {
    const owners = this.#waiting.get(host);
    if (!owners) return;
    this.#waiting.delete(host);
    this.#waiting.set(host, owners);
    const rest = owners.get(owner);
    if (!rest) return;
    owners.delete(owner);
    owners.set(owner, rest);
  }

  #forget(entry: Waiting): void {
    const owners = this.#waiting.get(entry.host);
    const entries = owners?.get(entry.owner);
    entries?.delete(entry);
    if (entries?.size === 0) owners?.delete(entry.owner);
    if (owners?.size === 0) this.#waiting.delete(entry.host);
  }
}
