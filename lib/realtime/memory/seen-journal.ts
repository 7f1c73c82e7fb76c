import { fence } from '../../async/fence';
import { LinktorError } from '../../errors';
import type { Entry, Ledger } from '../../ledger/index';
import { Unnoted } from './unnoted';

/** Record size in characters from which a new record is begun. */
const FULL_RECORD_CHARS = 1500;
/** Maximum characters of one record: as JSON, whatever they are, they stay below the limit of the ledger. */
const MAX_RECORD_CHARS = 10_000;
/** Wait after a failure of the ledger, in milliseconds; pending writes are kept. */
const RETRY_MS = 10_000;
/** Writes that would not survive a crash anyway are combined over this time, in milliseconds. */
const LAZY_WRITE_MS = 10_000;
/** Keys that wait to be put into records: the rest of a long wait is bounded as the records are. */
const MAX_PENDING_KEYS = 1000;

export interface SeenJournalSettings {
  ledger: Ledger;
  /** key prefix of its records in the ledger */
  name: string;
  /** number of newest keys kept */
  limit: number;
  onProblem(error: unknown): void;
}

/**
 * Stores the keys of deliveries, so that another process delivers nothing twice.
 *
 * All keys of one turn of the event loop are one small write. It precedes the nodes behind a trigger: Node-RED passes
 * messages on in the next phase of the loop, where our write was queued first.
 */
export class SeenJournal {
  readonly #settings: SeenJournalSettings;
  readonly #isPrompt: boolean;
  /** keys not yet in a record */
  #pending: string[] = [];
  /** the record being filled, with its keys */
  #open: OpenRecord;
  /** counts the records in the order of their creation */
  #number = 0;
  /** key counts of all records, oldest first */
  readonly #records = new Map<string, number>();
  /** records with only forgotten keys: overwriting one is cheaper than a deletion and an insertion */
  readonly #free: string[] = [];
  #size = 0;
  /** records still to be written */
  readonly #unwritten = new Map<string, OpenRecord>();
  /** only where another instance may take over at any time */
  readonly #unnoted: Unnoted | undefined;
  #isLoaded = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  constructor(settings: SeenJournalSettings) {
    this.#settings = settings;
    this.#isPrompt = settings.ledger.durability === 'crash';
    this.#unnoted = settings.ledger.isShared ? new Unnoted() : undefined;
    this.#open = this.#newRecord();
  }

  /**
   * @returns the keys of an earlier process, oldest first, with times in milliseconds of the local clock
   * @throws LinktorError `storage`
   */
  async load(): Promise<[key: string, seenAt: number][]> {
    const { ledger, name } = this.#settings;
    const all = await ledger.list<unknown>('seen');
    const mine = all.filter((one): one is Entry<SeenRecord> => one.key.startsWith(name) && isRecord(one.value));
    mine.sort((one, other) => one.value.number - other.value.number);
    for (const { key, value } of mine) this.#note(key, value.keys.length);
    this.#number = mine.at(-1)?.value.number ?? 0;
    this.#open = this.#newRecord();
    this.#isLoaded = true;
    this.#schedule();
    return mine.flatMap(({ value, writtenAt }) => value.keys.map((key): [string, number] => [key, writtenAt]));
  }

  /** Add the key of a delivery. Called for every event, before the listeners. */
  add(key: string): void {
    this.#pending.push(key);
    this.#unnoted?.add();
    if (!this.#isDue) this.#schedule();
    if (this.#pending.length >= MAX_PENDING_KEYS && this.#isLoaded) this.#fillAll();
  }

  /** @returns a promise that resolves when another delivery may be added; undefined at once */
  room(): Promise<void> | undefined {
    return this.#isLoaded ? this.#unnoted?.room() : undefined;
  }

  /** Write pending records. @returns a promise that resolves once the ledger has accepted or refused them */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isDue = false;
    if (!this.#isLoaded) return;
    this.#fillAll();
    const writes = [...this.#unwritten].map(([key, record]) => this.#write(key, record));
    await Promise.all(writes);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isDue = true;
    this.#unnoted?.close();
  }

  #schedule(): void {
    if (!this.#isLoaded || this.#pending.length + this.#unwritten.size === 0) return;
    this.#isDue = true;
    if (this.#isPrompt && !this.#hasFailed) setImmediate(fence(() => this.flush()));
    else
      this.#timer = setTimeout(
        fence(() => this.flush()),
        this.#isPrompt ? RETRY_MS : LAZY_WRITE_MS,
      ).unref();
  }

  #fillAll(): void {
    while (this.#pending.length > 0) this.#fill();
  }

  /** Move pending keys into the open record until it is full. */
  #fill(): void {
    if (this.#open.chars >= FULL_RECORD_CHARS) this.#open = this.#newRecord();
    const { key, keys } = this.#open;
    let taken = 0;
    for (const one of this.#pending) {
      if (taken > 0 && this.#open.chars + one.length > MAX_RECORD_CHARS) break;
      this.#open.chars += one.length;
      taken++;
    }
    keys.push(...this.#pending.splice(0, taken));
    this.#note(key, keys.length);
    this.#unwritten.set(key, this.#open);
  }

  async #write(key: string, record: OpenRecord): Promise<void> {
    this.#unwritten.delete(key);
    const { number, keys } = record;
    const size = keys.length;
    const began = this.#unnoted ? performance.now() : 0;
    const settled = () => {
      this.#unnoted?.remove(Math.max(0, size - record.settled), began);
      record.settled = Math.max(size, record.settled);
    };
    try {
      await this.#settings.ledger.put('seen', key, { number, keys }, { atOnce: this.#isPrompt });
      settled();
      this.#hasFailed = false;
    } catch (error) {
      // A store that refuses them refuses those that would follow as well, and nobody else leads.
      if (!(error instanceof LinktorError) || error.code !== 'storage') settled();
      if (this.#records.has(key) && !this.#unwritten.has(key)) this.#unwritten.set(key, record);
      if (!this.#hasFailed) this.#settings.onProblem(error);
      this.#hasFailed = true;
      if (!this.#isDue) this.#schedule();
    }
  }

  /** @param size number of keys of this record; the oldest records are evicted */
  #note(key: string, size: number): void {
    this.#size += size - (this.#records.get(key) ?? 0);
    this.#records.set(key, size);
    for (const [oldest, count] of this.#records) {
      if (this.#size <= this.#settings.limit || oldest === key) return;
      this.#records.delete(oldest);
      const forgotten = this.#unwritten.get(oldest);
      if (forgotten) this.#unnoted?.remove(count - forgotten.settled, 0);
      this.#unwritten.delete(oldest);
      this.#size -= count;
      this.#free.push(oldest);
    }
  }

  #newRecord(): OpenRecord {
    this.#number++;
    const key = this.#free.shift() ?? `${this.#settings.name}${this.#number}`;
    return { key, number: this.#number, keys: [], chars: 0, settled: 0 };
  }
}

/** A record of the ledger, and its number. */
interface SeenRecord {
  number: number;
  keys: string[];
}

interface OpenRecord extends SeenRecord {
  key: string;
  chars: number;
  /** number of its first keys that the ledger has accepted or refused */
  settled: number;
}

/** Other versions of this package may have stored the value. */
function isRecord(value: unknown): value is SeenRecord {
  const { number, keys } = (value ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(number) && Array.isArray(keys) && keys.every((one) => typeof one === 'string');
}
