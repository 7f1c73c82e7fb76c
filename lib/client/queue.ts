import { fence } from '../async/fence';
import { abortedError, LinktorError } from '../errors';
import { type Waiter, WaitList } from './wait-list';

const DEFAULT_WIDTH = 50;
const DEFAULT_MAX_WAITING = 10_000;
/** Milliseconds after which a call gives its slot to one that waits: a channel that hangs keeps no other waiting. */
const SLOW_AFTER_MS = 5000;
const MIN_LOOK_MS = 20;
/** Maximum number of slow calls that go on without a slot. */
const MAX_SLOW_CALLS = 200;

interface Waiting extends Waiter {
  lane: string | undefined;
  start(): void;
  refuse(error: LinktorError): void;
  next: Waiting | undefined;
  gone: boolean;
  /** the call is the first of its lane and only waits for a free slot */
  ownsLane: boolean;
}

interface Running {
  /** milliseconds of our clock */
  since: number;
  hasSlot: boolean;
}

/** A first-in first-out queue whose entries may be removed early: a linked list, fast for thousands of entries. */
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
 * Limits the number of calls in flight. Calls of one lane run one after the other, in order of arrival; all lanes
 * together run at most `width` at a time, beside those that turn out to be slow. Unlike a KeyedMutex, it is bounded, its waiters have deadlines, and it
 * handles every call of a client.
 */
export class Queue {
  readonly #width: number;
  readonly #maxWaiting: number;
  readonly #ready = new Line();
  readonly #lanes = new Map<string, Line>();
  readonly #waiters = new WaitList<Waiting>((entry, error) => this.#giveUp(entry, error));
  /** the oldest first */
  readonly #running = new Set<Running>();
  /** calls that run with a slot */
  #active = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param width maximum number of running calls with a slot, default 50
   * @param limit maximum number of waiting calls, default 10,000
   */
  constructor({ width = DEFAULT_WIDTH, limit = DEFAULT_MAX_WAITING } = {}) {
    this.#width = width;
    this.#maxWaiting = limit;
  }

  get waiting(): number {
    return this.#waiters.size;
  }

  /**
   * @param lane calls of the same lane keep their order
   * @param waitMs maximum wait for a free slot, milliseconds
   * @throws LinktorError `rate_limit` when the queue is full, `timeout` when the wait was too long, `unexpected` when
   * the signal aborts first; in all three cases the task has not begun. Otherwise the task's own error
   */
  run<T>(lane: string | undefined, task: () => Promise<T>, waitMs: number, signal?: AbortSignal): Promise<T> {
    if (!this.#mustWait(lane)) {
      this.#take(lane);
      return this.#run(lane, task);
    }
    return new Promise((resolve, reject) => {
      const start = () => resolve(this.#run(lane, task));
      const deadline = Date.now() + waitMs;
      this.#wait({ lane, signal, deadline, start, refuse: reject, next: undefined, gone: false, ownsLane: false });
    });
  }

  async #run<T>(lane: string | undefined, task: () => Promise<T>): Promise<T> {
    const call = { since: Date.now(), hasSlot: true };
    this.#running.add(call);
    try {
      return await task();
    } finally {
      this.#running.delete(call);
      if (call.hasSlot) this.#active--;
      this.#release(lane);
      this.#startNext();
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
    if (this.#waiters.size >= this.#maxWaiting) {
      const hint = 'Send more slowly: the queue of this Linktor account is full.';
      throw new LinktorError('rate_limit', `${this.#maxWaiting} requests are waiting already.`, {
        retryable: true,
        hint,
      });
    }
    if (entry.signal?.aborted) throw abortedError('waiting');
    this.#waiters.add(entry);
    const { lane } = entry;
    const line = lane === undefined ? undefined : this.#lanes.get(lane);
    if (line) return line.push(entry);
    // Claim a free lane while waiting for a slot, or a later call of the lane could overtake.
    if (lane !== undefined) this.#lanes.set(lane, new Line());
    this.#markReady(entry);
  }

  #giveUp(entry: Waiting, error: LinktorError): void {
    entry.gone = true;
    entry.refuse(error);
    if (entry.ownsLane) this.#release(entry.lane);
  }

  #startNext(): void {
    while (this.#active < this.#width) {
      const entry = this.#ready.shift();
      if (!entry) break;
      this.#active++;
      this.#waiters.delete(entry);
      entry.start();
    }
    this.#watchSlow();
  }

  /** Make the next call of the lane ready; a lane without waiters is removed. */
  #release(lane: string | undefined): void {
    if (lane === undefined) return;
    const following = this.#lanes.get(lane)?.shift();
    if (following) this.#markReady(following);
    else this.#lanes.delete(lane);
  }

  #markReady(entry: Waiting): void {
    entry.ownsLane = true;
    this.#ready.push(entry);
    this.#watchSlow();
  }

  /** Only while calls wait for a slot: the oldest running one becomes slow next. */
  #watchSlow(): void {
    if (this.#active < this.#width || this.#waiters.size === 0) {
      clearTimeout(this.#timer);
      this.#timer = undefined;
      return;
    }
    if (this.#timer !== undefined) return;
    const slow = this.#running.size - this.#active;
    const [oldest] = slow < MAX_SLOW_CALLS ? withSlot(this.#running) : [];
    if (!oldest) return;
    this.#timer = setTimeout(
      fence(() => {
        this.#timer = undefined;
        this.#yieldSlow();
      }),
      Math.max(MIN_LOOK_MS, oldest.since + SLOW_AFTER_MS - Date.now()),
    ).unref();
  }

  #yieldSlow(): void {
    if (this.#waiters.size === 0) return;
    const now = Date.now();
    for (const call of withSlot(this.#running)) {
      const slow = this.#running.size - this.#active;
      if (now - call.since < SLOW_AFTER_MS || slow >= MAX_SLOW_CALLS) break;
      call.hasSlot = false;
      this.#active--;
    }
    this.#startNext();
  }
}

function* withSlot(calls: Iterable<Running>): Generator<Running> {
  for (const call of calls) if (call.hasSlot) yield call;
}
