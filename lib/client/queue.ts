import { LinktorError } from '../errors';
import { closed, type Waiter, WaitList } from './wait-list';

interface Waiting extends Waiter {
  lane: string | undefined;
  start(): void;
  refuse(error: LinktorError): void;
  next: Waiting | undefined;
  gone: boolean;
  /** its lane is its own already; it only waits for a place */
  owns: boolean;
}

/** A first-in first-out line whose entries may leave early. */
class Line {
  #first: Waiting | undefined;
  #last: Waiting | undefined;

  push(entry: Waiting): void {
    entry.next = undefined;
    if (this.#last) this.#last.next = entry;
    else this.#first = entry;
    this.#last = entry;
  }

  /** @returns the next entry that has not left */
  shift(): Waiting | undefined {
    let entry = this.#first;
    while (entry?.gone) entry = entry.next;
    this.#first = entry?.next;
    if (!this.#first) this.#last = undefined;
    return entry;
  }
}

/**
 * Who may leave when: calls of one lane one after the other, in the order in which they came; all lanes together at
 * most `width` at a time; at most `limit` waiting.
 */
export class Queue {
  readonly #width: number;
  readonly #limit: number;
  readonly #ready = new Line();
  readonly #lanes = new Map<string, Line>();
  readonly #patience = new WaitList<Waiting>((entry, error) => this.#giveUp(entry, error));
  #active = 0;

  constructor({ width = 50, limit = 10_000 } = {}) {
    this.#width = width;
    this.#limit = limit;
  }

  get waiting(): number {
    return this.#patience.size;
  }

  /**
   * @param lane calls with the same one keep their order
   * @param patience milliseconds to wait for a place at most
   * @throws LinktorError `rate_limit` when the queue is full, `timeout` when the wait was too long, `unexpected` when
   * the signal aborts first; in all three cases the task has not begun
   */
  run<T>(lane: string | undefined, task: () => Promise<T>, patience: number, signal?: AbortSignal): Promise<T> {
    if (!this.#mustWait(lane)) {
      this.#take(lane);
      return this.#work(lane, task);
    }
    return new Promise((resolve, reject) => {
      const start = () => resolve(this.#work(lane, task));
      const until = Date.now() + patience;
      this.#wait({ lane, signal, until, start, refuse: reject, next: undefined, gone: false, owns: false });
    });
  }

  async #work<T>(lane: string | undefined, task: () => Promise<T>): Promise<T> {
    try {
      return await task();
    } finally {
      this.#leave(lane);
    }
  }

  #mustWait(lane: string | undefined): boolean {
    return this.#active >= this.#width || (lane !== undefined && this.#lanes.has(lane));
  }

  #take(lane: string | undefined): void {
    this.#active++;
    if (lane !== undefined && !this.#lanes.has(lane)) this.#lanes.set(lane, new Line());
  }

  #wait(entry: Waiting): void {
    if (this.#patience.size >= this.#limit) {
      const hint = 'Send more slowly: the queue of this Linktor config node is full.';
      throw new LinktorError('rate_limit', `${this.#limit} requests are waiting already.`, { retryable: true, hint });
    }
    if (entry.signal?.aborted) throw closed();
    this.#patience.add(entry);
    const { lane } = entry;
    const line = lane === undefined ? undefined : this.#lanes.get(lane);
    if (line) return line.push(entry);
    // A free lane is claimed while it waits for a place, or a later call of the lane could slip in front.
    if (lane !== undefined) this.#lanes.set(lane, new Line());
    this.#prepare(entry);
  }

  #giveUp(entry: Waiting, error: LinktorError): void {
    entry.gone = true;
    entry.refuse(error);
    if (entry.owns) this.#release(entry.lane);
  }

  #leave(lane: string | undefined): void {
    this.#active--;
    this.#release(lane);
    while (this.#active < this.#width) {
      const entry = this.#ready.shift();
      if (!entry) return;
      this.#active++;
      this.#patience.delete(entry);
      entry.start();
    }
  }

  /** The next of the lane gets ready; a lane with nobody left is forgotten. */
  #release(lane: string | undefined): void {
    if (lane === undefined) return;
    const following = this.#lanes.get(lane)?.shift();
    if (following) this.#prepare(following);
    else this.#lanes.delete(lane);
  }

  #prepare(entry: Waiting): void {
    entry.owns = true;
    this.#ready.push(entry);
  }
}
