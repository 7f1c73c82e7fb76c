import { Clock } from '../async/clock';
import { fence } from '../async/fence';
import type { Ledger } from '../ledger';
import { skewOf } from './asker-clock';
import type { Dialogue } from './dialogue';
import type { Past } from './past';
import { dueOf, Records } from './records';

/** an end in another instance is noticed within so many milliseconds */
const LOOK_MS = 1000;

export interface OpenDialoguesSettings {
  ledger: Ledger;
  past: Past;
  /** a dialogue has been opened, or has become known in another conversation */
  onOpened?(dialogue: Dialogue): void;
  onEnded?(dialogue: Pick<Dialogue, 'id'>): void;
  /** a reminder or the deadline of a dialogue has come */
  onDue(id: string): void;
  /** @returns milliseconds by which the server's clock is ahead of ours; undefined while unknown */
  ahead?(): number | undefined;
}

/** The dialogues that are open: their records, what this process knows of them, and their deadlines. */
export class OpenDialogues {
  readonly records: Records;
  readonly #settings: OpenDialoguesSettings;
  readonly #clock: Clock;
  readonly #open = new Map<string, Pick<Dialogue, 'kind' | 'nodeId'>>();
  /** number of open dialogues of each node */
  readonly #counts = new Map<string, number>();
  /** waiters for the end of any dialogue */
  readonly #waiting = new Set<() => void>();
  /** number of ended dialogues, so that a waiter notices an end since its last check */
  ends = 0;

  constructor(settings: OpenDialoguesSettings) {
    this.#settings = settings;
    this.records = new Records(settings.ledger);
    this.#clock = new Clock(settings.onDue);
  }

  /** Start the deadlines. */
  start(): void {
    this.#clock.start();
  }

  stop(): void {
    this.#clock.stop();
  }

  get size(): number {
    return this.#open.size;
  }

  has(id: string): boolean {
    return this.#open.has(id);
  }

  /** @returns the number of open dialogues of one node */
  countOf(nodeId: string): number {
    return this.#counts.get(nodeId) ?? 0;
  }

  /** @returns the record of an open dialogue, whichever instance has opened it; undefined when it has ended */
  async known(id: string): Promise<Dialogue | undefined> {
    const open = this.#open.get(id);
    if (!this.#settings.ledger.isShared) return open && this.records.get({ kind: open.kind, id });
    const found = await (open ? this.records.get({ kind: open.kind, id }) : this.records.byId(id));
    if (found) this.learn([found]);
    else this.#lose(id);
    return found;
  }

  /** Note open dialogues that another instance has opened. */
  learn(found: readonly Dialogue[]): void {
    for (const dialogue of found) if (!this.#open.has(dialogue.id)) this.note(dialogue);
  }

  /** Note all open dialogues, and that others have ended elsewhere. @param before those that were open before they were read */
  compare(found: readonly Dialogue[], before: readonly string[]): void {
    const ids = new Set(found.map(({ id }) => id));
    for (const id of before) if (!ids.has(id)) this.#lose(id);
    for (const dialogue of found) this.note(dialogue);
  }

  /** the open dialogues that this process knows of */
  get ids(): string[] {
    return [...this.#open.keys()];
  }

  /** Note an open dialogue, or what has changed in it. */
  note(dialogue: Dialogue): void {
    const { id, kind, nodeId } = dialogue;
    if (!this.#open.has(id)) {
      this.#counts.set(nodeId, this.countOf(nodeId) + 1);
      this.#open.set(id, { kind, nodeId });
    }
    this.#clock.set(id, dueOf(dialogue) - this.#skewOf(dialogue));
    for (const { conversationId } of dialogue.places) this.#settings.past.forget(conversationId);
    this.#settings.onOpened?.(dialogue);
  }

  /** @returns now, in milliseconds of the clock of the record */
  nowFor(dialogue: Dialogue): number {
    return Date.now() + this.#skewOf(dialogue);
  }

  #skewOf(dialogue: Dialogue): number {
    return skewOf(dialogue, this.#settings.ahead?.());
  }

  /** Change the record of a dialogue, and note it. @returns undefined when it has ended meanwhile */
  async change(dialogue: Dialogue, change: (now: Dialogue) => Dialogue): Promise<Dialogue | undefined> {
    const changed = await this.records.change(dialogue, change);
    if (changed) this.note(changed);
    return changed;
  }

  /** Delete the record of a dialogue. @returns true for exactly one of several concurrent callers */
  async drop(dialogue: Dialogue): Promise<boolean> {
    const isOurs = await this.records.end(dialogue);
    this.#ended(dialogue.id);
    return isOurs;
  }

  /** A dialogue has ended elsewhere. */
  #lose(id: string): void {
    if (this.#open.has(id)) this.#ended(id);
  }

  #ended(id: string): void {
    this.ends++;
    const { nodeId } = this.#open.get(id) ?? {};
    this.#open.delete(id);
    if (nodeId !== undefined) {
      const left = this.countOf(nodeId) - 1;
      if (left > 0) this.#counts.set(nodeId, left);
      else this.#counts.delete(nodeId);
    }
    this.#clock.clear(id);
    for (const look of [...this.#waiting]) look();
    this.#settings.onEnded?.({ id });
  }

  /**
   * Resolves at the first end of a dialogue since `ends` was read, or where another instance may end one, after a while.
   * @throws the reason of the signal
   */
  nextEnd(ends: number, signal?: AbortSignal): Promise<void> {
    return new Promise((resolve, reject) => {
      const look = fence(() => {
        clearTimeout(timer);
        this.#waiting.delete(look);
        signal?.removeEventListener('abort', look);
        if (signal?.aborted) reject(signal.reason as Error);
        else resolve();
      });
      const timer = this.#settings.ledger.isShared ? setTimeout(look, LOOK_MS) : undefined;
      this.#waiting.add(look);
      signal?.addEventListener('abort', look, { once: true });
      if (signal?.aborted || this.ends !== ends) look();
    });
  }
}
