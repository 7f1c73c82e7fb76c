import { backoff } from '../async/backoff';
import { sleep } from '../async/sleep';
import { type LinktorError, toLinktorError } from '../errors';
import type { Entry, Ledger } from '../ledger';
import { fullError, isPassing, partError, tooOldError, unclearError } from './failures';
import { Lanes } from './lanes';
import type { Courier, Ending, Parcel, Sender } from './parcel';
import { plain, Senders } from './senders';

/** lanes that are worked on at a time; the client has no more places */
const WIDTH = 50;
/** the first wait after a failure, milliseconds, and how often it doubles: a server that is back is not kept waiting */
const RETRY_MS = 1000;
const MAX_DOUBLED = 4;
/** what other instances have added is looked for so often */
const LOOK_MS = 500;
/** after a failure of the ledger it is read again */
const RELOAD_MS = 10_000;
/** so long a deploy waits for requests that are under way; the next life finds out about the others */
const GRACE_MS = 2000;

export interface OutboxSettings {
  ledger: Ledger;
  courier: Courier;
  maxPending: number;
  /** milliseconds */
  maxAgeMs: number;
  /** the number of waiting parcels has changed */
  onChange(): void;
  /** what no node is there to hear of */
  onProblem(error: LinktorError, parcel?: Parcel): void;
}

/** What there is to send, and for whom. */
export type NewParcel = Pick<Parcel, 'nodeId' | 'lane' | 'work' | 'carried' | 'dropped'>;

/**
 * Messages that are stored before anybody is told that they are taken, and tried until they are sent, refused or too old,
 * in this life of the process or the next. At most once where the server does not honour the key: what may have been sent
 * is looked up, and never sent again in doubt.
 */
export class Outbox {
  readonly #settings: OutboxSettings;
  readonly #lanes: Lanes;
  readonly #senders: Senders;
  readonly #resting = new AbortController();
  readonly #flying = new AbortController();
  readonly #watching = new Set<Promise<void>>();
  /** waiting parcels, by node */
  readonly #waiting = new Map<string, number>();
  /** ids of parcels that are stored */
  readonly #known = new Set<string>();
  #lastStamp = 0;
  #loaded: Promise<void> | undefined;
  #isReady = false;

  constructor(settings: OutboxSettings) {
    this.#settings = settings;
    this.#lanes = new Lanes(WIDTH, (id) => this.#carry(id));
    this.#senders = new Senders((parcel) => this.#forget(parcel), settings.onProblem);
  }

  /** parcels of one node, or of all, that have not been sent */
  pending(nodeId?: string): number {
    return nodeId === undefined ? this.#known.size : (this.#waiting.get(nodeId) ?? 0);
  }

  /** A node that hears what became of its parcels. @returns the function that ends it */
  register(nodeId: string, sender: Sender): () => void {
    return this.#senders.register(nodeId, sender);
  }

  /** Goes on with what an earlier life has left. */
  start(): void {
    if (this.#settings.ledger.isShared) void this.#lookForOthers();
    this.#load().catch((error: unknown) => {
      if (this.#resting.signal.aborted) return;
      this.#settings.onProblem(toLinktorError(error));
      void sleep(RELOAD_MS, this.#resting.signal).then(() => {
        if (!this.#resting.signal.aborted) this.start();
      });
    });
  }

  /**
   * @returns the stored parcel, once it is on disk
   * @throws LinktorError `storage`, `rate_limit` when the outbox is full or the parcel too large
   */
  async add(given: NewParcel): Promise<Parcel> {
    if (!this.#isReady) await this.#load();
    const { maxPending, ledger } = this.#settings;
    if (this.#known.size >= maxPending) throw fullError(maxPending);
    const parcel = newParcel(given, this.#nextId());
    this.#note(parcel, 1);
    try {
      await ledger.put('outbox', parcel.id, parcel, { onDisk: true });
    } catch (error) {
      this.#note(parcel, -1);
      throw error;
    }
    this.#lanes.add(parcel.lane, parcel.id);
    return parcel;
  }

  /** Requests that are under way get a moment; whatever is not over then is the next life's. */
  async close(): Promise<void> {
    this.#resting.abort();
    this.#senders.close();
    const timer = setTimeout(() => this.#flying.abort(), GRACE_MS);
    await Promise.all([this.#lanes.stop(), ...this.#watching]);
    clearTimeout(timer);
    this.#flying.abort();
  }

  #load(): Promise<void> {
    this.#loaded ??= this.#read().catch((error: unknown) => {
      this.#loaded = undefined;
      throw error;
    });
    return this.#loaded;
  }

  /** Other instances add to it as well; this one sends it. */
  async #lookForOthers(): Promise<void> {
    const { signal } = this.#resting;
    while (!signal.aborted) {
      await sleep(LOOK_MS, signal);
      try {
        if (!this.#isReady || signal.aborted) continue;
        if ((await this.#settings.ledger.count('outbox')) !== this.#known.size) await this.#read();
      } catch {
        // The store is away: whoever leads then reads all of it.
      }
    }
  }

  async #read(): Promise<void> {
    const left = await this.#settings.ledger.list<Parcel>('outbox');
    left.sort((one, other) => (one.key < other.key ? -1 : 1));
    this.#lastStamp = Math.max(this.#lastStamp, stampOf(left.at(-1)?.key ?? '0'));
    for (const { value: parcel } of left) {
      if (this.#known.has(parcel.id)) continue;
      this.#note(parcel, 1);
      if (parcel.state === 'ended') this.#senders.hold(parcel, parcel.ending as Ending);
      else if (parcel.state === 'watching') this.#watch(parcel);
      else this.#lanes.add(parcel.lane, parcel.id);
    }
    this.#isReady = true;
  }

  /** In the order of the calls, whatever the clock does. */
  #nextId(): string {
    this.#lastStamp = Math.max(Date.now() * 1000, this.#lastStamp + 1);
    return idOf(this.#lastStamp);
  }

  /** One parcel, until it is over or this life is. Never rejects. */
  async #carry(id: string): Promise<void> {
    const { signal } = this.#resting;
    let last: LinktorError | undefined;
    for (let attempt = 1; !signal.aborted; attempt++) {
      let parcel: Parcel | undefined;
      try {
        const entry: Entry<Parcel> | undefined = await this.#settings.ledger.get<Parcel>('outbox', id);
        if (!entry) return;
        parcel = entry.value;
        if (Date.now() - parcel.queued >= this.#settings.maxAgeMs) {
          await this.#end(parcel, plain(tooOldError(parcel, this.#settings.maxAgeMs, last)));
          return;
        }
        if (await this.#attempt(parcel)) return;
      } catch (thrown) {
        if (this.#flying.signal.aborted) return;
        last = toLinktorError(thrown);
      }
      const untilTooOld = (parcel?.queued ?? Date.now()) + this.#settings.maxAgeMs - Date.now();
      const asked = (last?.cause.retryAfter ?? 0) * 1000;
      await sleep(
        Math.max(1, Math.min(untilTooOld, Math.max(asked, backoff(Math.min(attempt, MAX_DOUBLED), RETRY_MS)))),
        signal,
      );
    }
  }

  /** @returns whether the parcel is over @throws LinktorError when it has to be tried again */
  async #attempt(given: Parcel): Promise<boolean> {
    const { courier } = this.#settings;
    let parcel = given;
    if (parcel.state === 'leaving') {
      const found = await courier.find(parcel, this.#flying.signal);
      if (found) parcel = await this.#save({ ...parcel, state: 'queued', sent: [...parcel.sent, found] });
      else if (!courier.isIdempotent) return this.#end(parcel, plain(unclearError(parcel)));
    }
    try {
      const result = await courier.deliver(
        parcel,
        {
          leaving: async (conversationId) => {
            parcel = await this.#save({ ...parcel, state: 'leaving', conversationId });
          },
          taken: async (part, isLast) => {
            parcel = { ...parcel, state: 'queued', sent: [...parcel.sent, part] };
            // With the last part the parcel is over, which is written anyway.
            if (!isLast) await this.#save(parcel);
          },
        },
        this.#flying.signal,
      );
      if (!courier.isWatched(parcel)) return await this.#end(parcel, { result });
      this.#watch(await this.#save({ ...parcel, state: 'watching', result }));
      return true;
    } catch (thrown) {
      const error = toLinktorError(thrown);
      if (this.#flying.signal.aborted) throw error;
      const attempts = parcel.attempts + 1;
      // What may have left is looked for before anything else is done with it.
      if (error.cause.ambiguous) await this.#save({ ...parcel, attempts });
      else if (!isPassing(error)) return this.#end({ ...parcel, attempts }, plain(partError(parcel, error)));
      else await this.#save({ ...parcel, state: 'queued', attempts });
      throw error;
    }
  }

  /** What was sent is told when it has been delivered or read; the lane does not wait for that. */
  #watch(parcel: Parcel): void {
    const { courier } = this.#settings;
    const { signal } = this.#resting;
    const watch = async () => {
      const ending: Ending = await courier.watch(parcel, signal).then(
        (result) => ({ result }),
        (thrown: unknown) => plain(toLinktorError(thrown)),
      );
      if (!signal.aborted) await this.#end(parcel, ending);
    };
    const work: Promise<void> = watch()
      .catch((error: unknown) => this.#settings.onProblem(toLinktorError(error), parcel))
      .then(() => {
        this.#watching.delete(work);
      });
    this.#watching.add(work);
  }

  /** Out of the ledger first, then told: a crash between the two loses the word, and never doubles it. */
  async #end(parcel: Parcel, ending: Ending): Promise<true> {
    if (this.#senders.has(parcel.nodeId)) {
      await this.#forget(parcel);
      this.#senders.tell(parcel, ending);
    } else {
      const ended = await this.#save({ ...parcel, state: 'ended', ending });
      this.#senders.hold(ended, ending);
    }
    return true;
  }

  async #save(parcel: Parcel): Promise<Parcel> {
    // On disk before a request leaves: after a loss of power it would leave a second time.
    await this.#settings.ledger.put('outbox', parcel.id, parcel, { onDisk: parcel.state === 'leaving' });
    return parcel;
  }

  async #forget(parcel: Parcel): Promise<void> {
    await this.#settings.ledger.delete('outbox', parcel.id);
    this.#note(parcel, -1);
  }

  #note({ id, nodeId }: Parcel, difference: 1 | -1): void {
    if (difference === 1) this.#known.add(id);
    else this.#known.delete(id);
    const waiting = this.pending(nodeId) + difference;
    if (waiting > 0) this.#waiting.set(nodeId, waiting);
    else this.#waiting.delete(nodeId);
    this.#settings.onChange();
  }
}

/** @returns an id that no other instance makes, in the order of the stamps */
function idOf(stamp: number): string {
  return `${stamp.toString(36).padStart(11, '0')}${Math.random().toString(36).slice(2, 8).padEnd(6, '0')}`;
}

function stampOf(id: string): number {
  return Number.parseInt(id.slice(0, 11), 36) || 0;
}

/**
 * Store a parcel for the instance that leads, which sends it.
 * @throws LinktorError `storage`, `rate_limit` when the outbox is full
 */
export async function leaveTo(ledger: Ledger, given: NewParcel, maxPending: number): Promise<void> {
  if ((await ledger.count('outbox')) >= maxPending) throw fullError(maxPending);
  const parcel = newParcel(given, idOf(Date.now() * 1000));
  await ledger.put('outbox', parcel.id, parcel, { onDisk: true });
}

function newParcel(given: NewParcel, id: string): Parcel {
  return { ...given, id, queued: Date.now(), state: 'queued', attempts: 0, sent: [] };
}
