import type { Conversation, Page } from '../../model';
import { timeOf } from '../time';

/** A conversation as it was listed the last time. */
export interface Entry {
  /** when it had changed, in the server's words; they are finer than our clock */
  updatedAt: string;
  /** what else was listed; a predecessor has not left it to us */
  listed?: Conversation;
  /** what was said up to then is of no interest, milliseconds of the server's clock */
  floor: number;
}

/** milliseconds; a change may show in the listing so much later than its own time says */
const late = 5000;

/** What the listing of the conversations that changed last has shown, and so what is new in the next one. */
export class PollCursor {
  #entries = new Map<string, Entry>();
  /** nothing up to then is told, milliseconds of the server's clock as all others here */
  #start = 0;
  #newest = 0;
  #mark: number | undefined;

  /** All up to then has been read; undefined before the first listing. */
  get mark(): number | undefined {
    return this.#mark;
  }

  /** The newest change that a complete round has shown. */
  get newest(): number {
    return this.#newest;
  }

  entry(id: string): Entry | undefined {
    return this.#entries.get(id);
  }

  /** Go on where a predecessor has ended. */
  succeed(mark: number, entries: readonly (readonly [id: string, updatedAt: string])[]): void {
    this.#mark = mark;
    this.#start = mark;
    this.#newest = mark;
    this.#entries = new Map(entries.map(([id, updatedAt]) => [id, { updatedAt, floor: 0 }]));
  }

  /** What a successor has to know beside the mark. */
  export(): [id: string, updatedAt: string][] {
    return [...this.#entries].map(([id, { updatedAt }]) => [id, updatedAt]);
  }

  forget(): void {
    this.#mark = undefined;
    this.#entries.clear();
  }

  /** The first listing: all that there is, is old. @returns the newest change in it */
  begin({ items }: Page<Conversation>): number {
    const start = Math.max(0, ...items.map(changedAt));
    this.succeed(start, []);
    for (const one of items) this.pass(one);
    return start;
  }

  /**
   * @returns those that have changed since the last listing, oldest change first, and whether there may be more that
   * the server does not show
   */
  changed({ items, hasNext, truncated }: Page<Conversation>): { changed: Conversation[]; more: boolean } {
    const changed = items.filter((one) => this.#hasChanged(one)).reverse();
    return { changed, more: (hasNext || truncated === true) && changed.length === items.length };
  }

  /** It has been read so far. */
  read(listed: Conversation): void {
    const floor = this.#entries.get(listed.id)?.floor ?? 0;
    this.#entries.set(listed.id, { updatedAt: listed.updatedAt ?? '', listed, floor });
  }

  /** Nobody wants to hear what was said in it so far. */
  pass(listed: Conversation): void {
    const floor = Math.max(timeOf(listed.lastMessageAt), timeOf(listed.createdAt));
    this.#entries.set(listed.id, { updatedAt: listed.updatedAt ?? '', listed, floor });
  }

  /** Somebody else has told of these changes. */
  told(id: string, changes: Partial<Conversation>): void {
    const entry = this.#entries.get(id);
    if (entry?.listed) entry.listed = { ...entry.listed, ...changes, updatedAt: entry.listed.updatedAt };
  }

  /** All that this listing showed to be new has been read. */
  finish({ items }: Page<Conversation>): void {
    this.#newest = Math.max(this.#newest, ...items.map(changedAt));
    const mark = Math.max(this.#start, this.#newest - late);
    this.#mark = mark;
    const shown = new Set(items.map(({ id }) => id));
    for (const [id, { updatedAt }] of this.#entries) {
      if (!shown.has(id) && timeOf(updatedAt) <= mark) this.#entries.delete(id);
    }
  }

  #hasChanged(one: Conversation): boolean {
    const entry = this.#entries.get(one.id);
    return entry ? entry.updatedAt !== (one.updatedAt ?? '') : changedAt(one) > (this.#mark ?? 0);
  }
}

/** In milliseconds of the server's clock. */
export function changedAt({ updatedAt, lastMessageAt, createdAt }: Conversation): number {
  return timeOf(updatedAt ?? lastMessageAt ?? createdAt);
}
