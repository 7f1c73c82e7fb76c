import type { Entry, Ledger } from '../../ledger/index';

/** A record with so many characters is not written again: the next keys begin another one. */
const FULL_RECORD_CHARS = 1500;
/** Characters of one record at most: as JSON, whatever they are, they stay below the limit of the ledger. */
const MAX_RECORD_CHARS = 10_000;
/** After a failure the ledger is left alone for so long; what was to be written waits. */
const RETRY_MS = 10_000;
/** Where a crash takes the newest writes along anyway, they are made together. */
const LAZY_WRITE_MS = 10_000;

export interface SeenJournalSettings {
  ledger: Ledger;
  /** what the keys of its records in the ledger begin with */
  name: string;
  /** so many keys are kept, the newest */
  limit: number;
  onProblem(error: unknown): void;
}

/**
 * Writes down the keys of what is delivered, so that another process delivers nothing twice.
 *
 * All keys of one turn of the event loop are one small write, and it is made before the nodes behind a trigger get
 * anything: Node-RED hands messages on in the next phase of the loop, and our write has been queued for it first.
 */
export class SeenJournal {
  readonly #settings: SeenJournalSettings;
  readonly #isPrompt: boolean;
  /** keys that are in no record yet */
  #pending: string[] = [];
  /** the record that is added to, with its keys */
  #open: OpenRecord;
  /** numbers the records in the order in which they were begun */
  #number = 0;
  /** all records, oldest first, with the number of their keys */
  readonly #records = new Map<string, number>();
  /** records whose keys are forgotten: to write over one costs less than to delete it and make another one */
  readonly #free: string[] = [];
  #size = 0;
  /** records that are still to be written */
  readonly #unwritten = new Map<string, SeenRecord>();
  #isLoaded = false;
  #isDue = false;
  #timer: NodeJS.Timeout | undefined;
  #hasFailed = false;

  constructor(settings: SeenJournalSettings) {
    this.#settings = settings;
    this.#isPrompt = settings.ledger.durability === 'crash';
    this.#open = this.#newRecord();
  }

  /**
   * @returns what an earlier process has written, oldest first, with the time in milliseconds of the local clock
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

  /** Something is being delivered. Called with every event, before the listeners get it. */
  add(key: string): void {
    this.#pending.push(key);
    if (!this.#isDue) this.#schedule();
  }

  /** Write what is still to be written. @returns when the ledger has it, or has refused it */
  async flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#isDue = false;
    if (!this.#isLoaded) return;
    while (this.#pending.length > 0) this.#fill();
    const writes = [...this.#unwritten].map(([key, record]) => this.#write(key, record));
    await Promise.all(writes);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#isDue = true;
  }

  #schedule(): void {
    if (!this.#isLoaded || this.#pending.length + this.#unwritten.size === 0) return;
    this.#isDue = true;
    if (this.#isPrompt && !this.#hasFailed) setImmediate(() => void this.flush());
    else this.#timer = setTimeout(() => void this.flush(), this.#isPrompt ? RETRY_MS : LAZY_WRITE_MS).unref();
  }

  /** Keys go into the open record until it is full. */
  #fill(): void {
    if (this.#open.chars >= FULL_RECORD_CHARS) this.#open = this.#newRecord();
    const { key, number, keys } = this.#open;
    let taken = 0;
    for (const one of this.#pending) {
      if (taken > 0 && this.#open.chars + one.length > MAX_RECORD_CHARS) break;
      this.#open.chars += one.length;
      taken++;
    }
    keys.push(...this.#pending.splice(0, taken));
    this.#note(key, keys.length);
    this.#unwritten.set(key, { number, keys });
  }

  async #write(key: string, record: SeenRecord): Promise<void> {
    this.#unwritten.delete(key);
    try {
      await this.#settings.ledger.put('seen', key, record, { atOnce: this.#isPrompt });
      this.#hasFailed = false;
    } catch (error) {
      if (this.#records.has(key) && !this.#unwritten.has(key)) this.#unwritten.set(key, record);
      if (!this.#hasFailed) this.#settings.onProblem(error);
      this.#hasFailed = true;
      if (!this.#isDue) this.#schedule();
    }
  }

  /** @param size keys of this record; the oldest records make way */
  #note(key: string, size: number): void {
    this.#size += size - (this.#records.get(key) ?? 0);
    this.#records.set(key, size);
    for (const [oldest, count] of this.#records) {
      if (this.#size <= this.#settings.limit || oldest === key) return;
      this.#records.delete(oldest);
      this.#unwritten.delete(oldest);
      this.#size -= count;
      this.#free.push(oldest);
    }
  }

  #newRecord(): OpenRecord {
    this.#number++;
    const key = this.#free.shift() ?? `${this.#settings.name}${this.#number}`;
    return { key, number: this.#number, keys: [], chars: 0 };
  }
}

/** One record of the ledger, and its place among the others. */
interface SeenRecord {
  number: number;
  keys: string[];
}

interface OpenRecord extends SeenRecord {
  key: string;
  chars: number;
}

/** A ledger holds what it was given, by whatever version of this package. */
function isRecord(value: unknown): value is SeenRecord {
  const { number, keys } = (value ?? {}) as Record<string, unknown>;
  return Number.isSafeInteger(number) && Array.isArray(keys) && keys.every((one) => typeof one === 'string');
}
