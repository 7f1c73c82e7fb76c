import type { Conversation, Page } from '../../model';
import type { ReadConversation } from '../feed';
import { timeOf } from '../time';

/** A conversation as it was listed the last time. */
export interface CursorEntry {
  /** the time of its last change as the server spells it, which is finer than our clock */
  updatedAt: string;
  /** undefined for one that a predecessor has read */
  listed?: Conversation;
  /** messages up to this time are not wanted, milliseconds of the server's clock */
  skipUpTo: number;
}

/** A change may show in the listing so much later than its own time says. */
const LATE_LISTING_MS = 5000;

/** How far the listing of the conversations that changed last has been read, and so what is new in the next one. */
export class PollCursor {
  #entries = new Map<string, CursorEntry>();
  /** nothing up to this time is delivered; all times here are milliseconds of the server's clock */
  #start = 0;
  #newestChange = 0;
  #position: number | undefined;

  /** All changes up to this time have been read; undefined before the first listing. */
  get position(): number | undefined {
    return this.#position;
  }

  /** The newest change that a complete round has shown. */
  get newestChange(): number {
    return this.#newestChange;
  }

  entry(id: string): CursorEntry | undefined {
    return this.#entries.get(id);
  }

  /** Go on where a predecessor has ended. */
  continueFrom(position: number, read: readonly ReadConversation[]): void {
    this.#position = position;
    this.#start = position;
    this.#newestChange = position;
    this.#entries = new Map(read.map(([id, updatedAt]) => [id, { updatedAt, skipUpTo: 0 }]));
  }

  /** What a successor has to know beside the position. */
  export(): ReadConversation[] {
    return [...this.#entries].map(([id, { updatedAt }]) => [id, updatedAt]);
  }

  forget(): void {
    this.#position = undefined;
    this.#entries.clear();
  }

  /** The first listing: everything in it is old. @returns the newest change in it */
  begin({ items }: Page<Conversation>): number {
    const start = Math.max(0, ...items.map(changedAt));
    this.continueFrom(start, []);
    for (const one of items) this.skip(one);
    return start;
  }

  /**
   * @returns the conversations that have changed since the last listing, oldest change first, and whether there may be
   * more that the server does not show
   */
  changed({ items, hasNext, truncated }: Page<Conversation>): { changed: Conversation[]; more: boolean } {
    const changed = items.filter((one) => this.#hasChanged(one)).reverse();
    return { changed, more: (hasNext || truncated === true) && changed.length === items.length };
  }

  /** The conversation has been read as far as it is listed. */
  read(listed: Conversation): void {
    const skipUpTo = this.#entries.get(listed.id)?.skipUpTo ?? 0;
    this.#entries.set(listed.id, { updatedAt: listed.updatedAt ?? '', listed, skipUpTo });
  }

  /** The messages of the conversation so far are not wanted. */
  skip(listed: Conversation): void {
    const skipUpTo = Math.max(timeOf(listed.lastMessageAt), timeOf(listed.createdAt));
    this.#entries.set(listed.id, { updatedAt: listed.updatedAt ?? '', listed, skipUpTo });
  }

  /** The socket has announced these changes: they are no news in the next listing. */
  announced(id: string, changes: Partial<Conversation>): void {
    const entry = this.#entries.get(id);
    if (entry?.listed) entry.listed = { ...entry.listed, ...changes, updatedAt: entry.listed.updatedAt };
  }

  /** All that this listing showed to be new has been read. */
  finish({ items }: Page<Conversation>): void {
    this.#newestChange = Math.max(this.#newestChange, ...items.map(changedAt));
    const position = Math.max(this.#start, this.#newestChange - LATE_LISTING_MS);
    this.#position = position;
    const shown = new Set(items.map(({ id }) => id));
    for (const [id, { updatedAt }] of this.#entries) {
      if (!shown.has(id) && timeOf(updatedAt) <= position) this.#entries.delete(id);
    }
  }

  #hasChanged(one: Conversation): boolean {
    const entry = this.#entries.get(one.id);
    return entry ? entry.updatedAt !== (one.updatedAt ?? '') : changedAt(one) > (this.#position ?? 0);
  }
}

/** @returns milliseconds of the server's clock */
export function changedAt({ updatedAt, lastMessageAt, createdAt }: Conversation): number {
  return timeOf(updatedAt ?? lastMessageAt ?? createdAt);
}
