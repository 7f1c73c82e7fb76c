import type { Entry, Ledger } from '../../ledger/index';

/** A record with so many characters is not written again: the next keys begin another one. */
const FULL_RECORD_CHARS = 2000;
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
  #open: { key: string; keys: string[]; chars: number };
  #number = 0;
  /** all records, oldest first, with the number of their keys */
  readonly #records = new Map<string, number>();
  #size = 0;
  /** records that are still to be written */
  readonly #unwritten = new Map<string, string[]>();
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
    const mine = all.filter((one): one is Entry<string[]> => one.key.startsWith(name) && isTexts(one.value));
    mine.sort((one, other) => numberOf(one.key, name) - numberOf(other.key, name));
    for (const { key, value } of mine) this.#note(key, value.length);
    this.#number = mine.length === 0 ? 0 : numberOf(mine.at(-1)?.key ?? '', name);
    this.#open = this.#newRecord();
    this.#isLoaded = true;
    this.#schedule();
    return mine.flatMap(({ value, writtenAt }) => value.map((key): [string, number] => [key, writtenAt]));
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
    const writes = [...this.#unwritten].map(([key, keys]) => this.#write(key, keys));
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
    const { key, keys } = this.#open;
    let taken = 0;
    for (const one of this.#pending) {
      if (taken > 0 && this.#open.chars + one.length > MAX_RECORD_CHARS) break;
      this.#open.chars += one.length;
      taken++;
    }
    keys.push(...this.#pending.splice(0, taken));
    this.#note(key, keys.length);
    this.#unwritten.set(key, keys);
  }

  async #write(key: string, keys: string[]): Promise<void> {
    this.#unwritten.delete(key);
    try {
      await this.#settings.ledger.put('seen', key, keys, { atOnce: this.#isPrompt });
      this.#hasFailed = false;
    } catch (error) {
      if (this.#records.has(key)) this.#unwritten.set(key, keys);
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
      // Where the ledger refuses, the next process drops it.
      this.#settings.ledger.delete('seen', oldest).catch(() => undefined);
    }
  }

  #newRecord(): { key: string; keys: string[]; chars: number } {
    this.#number++;
    return { key: `${this.#settings.name}${this.#number}`, keys: [], chars: 0 };
  }
}

function numberOf(key: string, name: string): number {
  return Number(key.slice(name.length)) || 0;
}

/** A ledger holds what it was given, by whatever version of this package. */
function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((one) => typeof one === 'string');
}
