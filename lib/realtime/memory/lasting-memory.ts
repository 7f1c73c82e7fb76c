import { fence } from '../../async/fence';
import type { Ledger } from '../../ledger/index';
import { MAX_EVENT_KEYS, MAX_WEBHOOK_KEYS } from '../bounds';
import type { Bus } from '../bus/bus';
import type { ReadConversation } from '../feed';
import type { Handover, Position } from '../handover';
import { SeenJournal } from './seen-journal';

/** First delay of a look for a position to save, doubled each time, and the longest one, in milliseconds. */
const FIRST_LOOK_MS = 10;
const MAX_LOOK_MS = 500;
/** Longest interval between two notes that we are still listening, in milliseconds. */
const ALIVE_INTERVAL_MS = 60_000;
/** Longest wait for the ledger before connecting, in milliseconds. */
const MAX_LOAD_MS = 10_000;

const POSITION_KEY = 'position';
/** Key prefix of a polled conversation. */
const READ_PREFIX = 'read:';

interface SavedPosition {
  /** milliseconds of the server's clock */
  watermark: number;
  /** last time at which we were listening, in milliseconds of the local clock */
  aliveAt: number;
}

/** The journals of an account: delivered events, and accepted webhooks. */
export interface Journals {
  events: SeenJournal;
  webhooks: SeenJournal;
}

/** @returns the journals of an account in its ledger @param onProblem called for what cannot be written; must not throw */
export function journalsIn(ledger: Ledger, onProblem: (error: unknown) => void): Journals {
  return {
    events: new SeenJournal({ ledger, name: 'e', limit: MAX_EVENT_KEYS, onProblem }),
    webhooks: new SeenJournal({ ledger, name: 'r', limit: MAX_WEBHOOK_KEYS, onProblem }),
  };
}

export interface LastingMemorySettings {
  /** a predecessor in this process has passed on its state: only write, do not load */
  isContinued: boolean;
  /** interval between two saves of the progress, in milliseconds */
  intervalMs: number;
  onProblem(error: unknown): void;
}

export interface LastingMemoryParts {
  ledger: Ledger;
  journals: Journals;
  bus: Pick<Bus, 'memory' | 'settled' | 'isIdle'>;
  handover: Pick<Handover, 'position' | 'resume'>;
}

/**
 * Delivered keys and progress of an account, in its ledger: another process delivers nothing twice, and knows since
 * when events may have been missed.
 */
export class LastingMemory {
  readonly #parts: LastingMemoryParts;
  readonly #settings: LastingMemorySettings;
  #saver: NodeJS.Timeout | undefined;
  /** as stored in the ledger */
  #saved: SavedPosition | undefined;
  readonly #savedReads = new Map<string, string>();
  #isReady = false;
  #isClosed = false;
  #hasFailed = false;
  /** delay of the next look for a first position */
  #lookMs = FIRST_LOOK_MS;
  readonly ready: Promise<void>;

  constructor(parts: LastingMemoryParts, settings: LastingMemorySettings) {
    this.#parts = parts;
    this.#settings = settings;
    const { isContinued } = settings;
    const loaded = this.#load(isContinued);
    this.ready = isContinued ? Promise.resolve() : loaded;
    this.#isReady = isContinued;
    this.#saveLater();
  }

  get isReady(): boolean {
    return this.#isReady;
  }

  /**
   * Write the state at this moment for the last time. @returns a promise that resolves once the ledger has accepted or
   * refused it
   */
  async close(): Promise<void> {
    this.#isClosed = true;
    clearTimeout(this.#saver);
    const { events, webhooks } = this.#parts.journals;
    const saved = this.#save(true);
    await Promise.all([events.flush(), webhooks.flush(), saved]);
    events.close();
    webhooks.close();
  }

  async #load(isContinued: boolean): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, MAX_LOAD_MS).unref();
    });
    await Promise.race([this.#read(isContinued), late]).catch((error: unknown) => this.#settings.onProblem(error));
    clearTimeout(timer);
    this.#isReady = true;
  }

  async #read(isContinued: boolean): Promise<void> {
    const { ledger, journals, bus, handover } = this.#parts;
    const kept = await ledger.list<unknown>('cursor');
    const seen = [...(await journals.webhooks.load()), ...(await journals.events.load())];
    const reads: ReadConversation[] = [];
    for (const { key, value } of kept) {
      if (key === POSITION_KEY && isPosition(value)) this.#saved = value;
      if (!key.startsWith(READ_PREFIX) || !isRead(value)) continue;
      this.#savedReads.set(key, value.join(' '));
      reads.push(value);
    }
    // Too late: the account has started without it.
    if (isContinued || this.#isReady) return;
    const aliveAt = Math.max(0, this.#saved?.aliveAt ?? 0, ...lastOf(seen));
    // Ages count up to the last time of listening: a stop of several days expires nothing.
    const stoppedMs = Math.max(0, Date.now() - aliveAt);
    bus.memory.import(seen.map(([key, at]): [string, number] => [key, Math.min(at, aliveAt) + stoppedMs]));
    if (this.#saved) handover.resume({ watermark: this.#saved.watermark, read: reads }, aliveAt, true);
  }

  #saveLater(): void {
    if (this.#isClosed) return;
    const { intervalMs } = this.#settings;
    const save = async () => {
      if (this.#isReady) await this.#save(false);
      this.#saveLater();
    };
    // Without a stored position a crash would look like a first start, which skips what is there.
    this.#saver = setTimeout(fence(save), this.#saved ? intervalMs : Math.min(intervalMs, this.#lookMs)).unref();
    this.#lookMs = Math.min(this.#lookMs * 2, MAX_LOOK_MS);
  }

  async #save(isLast: boolean): Promise<void> {
    const { bus, handover } = this.#parts;
    // Later events may still wait for their turn; earlier ones must have had it.
    const position = handover.position;
    const isSettled = isLast ? bus.isIdle : await bus.settled();
    if (this.#isClosed && !isLast) return;
    try {
      if (isSettled) await this.#write(position, isLast);
      else if (this.#saved) await this.#put({ watermark: this.#saved.watermark, aliveAt: Date.now() });
      this.#hasFailed = false;
    } catch (error) {
      if (!this.#hasFailed) this.#settings.onProblem(error);
      this.#hasFailed = true;
    }
  }

  async #write(position: Position | undefined, isLast: boolean): Promise<void> {
    const { ledger } = this.#parts;
    if (position === undefined) {
      if (!this.#saved) return;
      this.#saved = undefined;
      await ledger.delete('cursor', POSITION_KEY);
      return;
    }
    const { watermark, read } = position;
    const reads = new Map(read.map((one) => [`${READ_PREFIX}${one[0]}`, one]));
    for (const [key, one] of reads) {
      const text = one.join(' ');
      if (this.#savedReads.get(key) === text) continue;
      await ledger.put(
        'cursor',
        key,
        one.map((part) => part ?? ''),
      );
      this.#savedReads.set(key, text);
    }
    for (const key of [...this.#savedReads.keys()]) {
      if (reads.has(key)) continue;
      this.#savedReads.delete(key);
      await ledger.delete('cursor', key);
    }
    const aliveAt = Date.now();
    const isNews = watermark !== this.#saved?.watermark || aliveAt - this.#saved.aliveAt >= ALIVE_INTERVAL_MS;
    if (isNews || isLast) await this.#put({ watermark, aliveAt });
  }

  async #put(position: SavedPosition): Promise<void> {
    await this.#parts.ledger.put('cursor', POSITION_KEY, position);
    this.#saved = position;
  }
}

/** @returns the time of the last entry, if there is one */
function lastOf(seen: readonly (readonly [string, number])[]): number[] {
  const last = seen.at(-1);
  return last ? [last[1]] : [];
}

function isPosition(value: unknown): value is SavedPosition {
  const { watermark, aliveAt } = (value ?? {}) as Record<string, unknown>;
  return Number.isFinite(watermark) && Number.isFinite(aliveAt);
}

function isRead(value: unknown): value is ReadConversation {
  return Array.isArray(value) && value.length >= 2 && value.every((one) => typeof one === 'string');
}
