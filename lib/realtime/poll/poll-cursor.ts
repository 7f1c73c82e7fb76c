import type { Conversation, Message, Page } from '../../model';
import { MAX_CACHED_CONVERSATIONS, MAX_SEEN_MESSAGES, MAX_TRACKED_CONVERSATIONS } from '../bounds';
import type { ReadConversation } from '../feed';
import type { ServerTime } from '../server-time';
import { timeOf } from '../time';

/** A conversation as last listed. All times are milliseconds of the server's clock. */
export interface CursorEntry {
  /** times of its last change and message in the server's notation, which is finer than our clock */
  updatedAt: string;
  lastMessageAt: string;
  /** undefined for a conversation read by a predecessor */
  listed?: Conversation;
  /** ids of the messages in the last readings; undefined before the first one */
  seen?: ReadonlySet<string>;
  /** messages of the first reading up to this time are skipped */
  skipUpTo: number;
  /** number of customer messages found since it was listed */
  inboundSince: number;
}

/**
 * Tracks how far the most recently changed conversations have been read, to find new items in the next listing. A
 * message may be stored hours after its own time (contract 8.1), so times cannot distinguish new messages from old
 * ones: each conversation keeps the ids seen. Times only mark the state before our start.
 */
export class PollCursor {
  readonly #serverTime: Pick<ServerTime, 'clamp' | 'now'>;
  readonly #entries = new Map<string, CursorEntry>();
  /** times at which conversations were evicted */
  readonly #evicted = new Map<string, number>();
  /** our start; conversations created later are new */
  #start = 0;
  /** a conversation without an entry whose last change is older has not changed */
  #floor = 0;
  #position: number | undefined;

  constructor(serverTime: Pick<ServerTime, 'clamp' | 'now'>) {
    this.#serverTime = serverTime;
  }

  /** Time up to which all changes have been read; undefined before the first listing. */
  get position(): number | undefined {
    return this.#position;
  }

  get start(): number {
    return this.#start;
  }

  entry(id: string): CursorEntry | undefined {
    return this.#entries.get(id);
  }

  /** Continue from the end of a predecessor. */
  continueFrom(given: number, read: readonly ReadConversation[]): void {
    const position = this.#serverTime.clamp(given);
    this.#position = position;
    this.#start = position;
    this.#floor = position;
    this.#clear();
    for (const [id, updatedAt, lastMessageAt = '', skipUpTo] of read.slice(-MAX_TRACKED_CONVERSATIONS)) {
      // The keys of the bus cover the deliveries of the last day; older messages are not new.
      const from = Number(skipUpTo) || position - KEPT_KEYS_MS;
      this.#entries.set(id, { updatedAt, lastMessageAt, skipUpTo: from, inboundSince: 0 });
    }
  }

  /** @returns the state that a successor needs beside the position */
  export(): [id: string, updatedAt: string, lastMessageAt: string, skipUpTo: string][] {
    return [...this.#entries].map(([id, { updatedAt, lastMessageAt, seen, skipUpTo }]) => [
      id,
      updatedAt,
      lastMessageAt,
      seen ? '' : String(skipUpTo),
    ]);
  }

  forget(): void {
    this.#position = undefined;
    this.#clear();
  }

  #clear(): void {
    this.#entries.clear();
    this.#evicted.clear();
  }

  /** Handle the first listing. @param cameAt later events are new, in milliseconds of the server's clock */
  begin({ items, hasNext, truncated }: Page<Conversation>, cameAt: number): void {
    const times = items.map((one) => this.#serverTime.clamp(changedAt(one)));
    this.#start = Math.min(cameAt, Math.max(0, ...times));
    // A list that is not full contains all conversations.
    this.#floor = hasNext || truncated === true ? Math.min(...times) : 0;
    this.#position = this.#start;
    this.#clear();
  }

  /**
   * @returns the conversations that have changed since they were read, oldest change first, and whether there may be
   * more that the server does not show
   */
  changed({ items, hasNext, truncated }: Page<Conversation>): { changed: Conversation[]; more: boolean } {
    const changed = items.filter((one) => this.#hasChanged(one)).reverse();
    return { changed, more: (hasNext || truncated === true) && changed.length === items.length };
  }

  #hasChanged(one: Conversation): boolean {
    const entry = this.#entries.get(one.id);
    if (!entry) return changedAt(one) > this.#floor;
    // Our own answers change only the time of the last message (contract 8.1).
    const hasNewMessage = entry.lastMessageAt !== '' && entry.lastMessageAt !== (one.lastMessageAt ?? '');
    const hasUnread = entry.listed !== undefined && entry.listed.unreadCount !== one.unreadCount;
    return hasNewMessage || hasUnread || entry.updatedAt !== (one.updatedAt ?? '');
  }

  /** Whether this conversation was created after our start. */
  isNew(listed: Conversation): boolean {
    if (this.#entries.has(listed.id) || this.#evicted.has(listed.id)) return false;
    const hasShownAll = this.#floor === 0;
    return hasShownAll || timeOf(listed.createdAt) > this.#start;
  }

  /** Whether no reading of the conversation has shown this message. @param isNew the conversation is new */
  isUnseen(id: string, message: Message, isNew: boolean): boolean {
    const entry = this.#entries.get(id);
    if (entry?.seen) return !entry.seen.has(message.id);
    return isNew || timeOf(message.createdAt) > (entry?.skipUpTo ?? this.#evicted.get(id) ?? this.#start);
  }

  /**
   * Whether the conversation has messages missing from its page. The server only increments its unread count.
   * @param inbound number of customer messages that are new on the page
   */
  isIncomplete(listed: Conversation, inbound: number): boolean {
    const entry = this.#entries.get(listed.id);
    const before = entry?.listed?.unreadCount;
    if (before === undefined || listed.unreadCount === undefined) return false;
    return listed.unreadCount - before > inbound + (entry?.inboundSince ?? 0);
  }

  /**
   * Note that a conversation has been read.
   * @param listed undefined when it was read without a listing
   * @param messages its page
   * @param inbound number of customer messages that are new on the page
   */
  read(id: string, listed: Conversation | undefined, messages: readonly Message[], inbound = 0): void {
    const entry = this.#entries.get(id);
    // Newest first, so the newest ids are kept.
    const ids = new Set([...messages.map((one) => one.id), ...(entry?.seen ?? [])]);
    const seen = new Set([...ids].slice(0, MAX_SEEN_MESSAGES));
    const skipUpTo = entry?.skipUpTo ?? 0;
    if (listed) this.#put(id, { ...timesOf(listed), listed, seen, skipUpTo, inboundSince: 0 });
    else {
      const { updatedAt, lastMessageAt } = entry ?? { updatedAt: '', lastMessageAt: '' };
      const inboundSince = (entry?.inboundSince ?? 0) + inbound;
      this.#put(id, { ...entry, updatedAt, lastMessageAt, seen, skipUpTo, inboundSince });
    }
  }

  /** Note a message that arrived on another path. */
  saw(id: string, message: Message): void {
    // Without an earlier reading, the next one uses message times.
    if (this.#entries.get(id)?.seen) this.read(id, undefined, [message], message.direction === 'inbound' ? 1 : 0);
  }

  /** Skip the messages of the conversation up to now. */
  skip(listed: Conversation): void {
    const skipUpTo = Math.max(timeOf(listed.lastMessageAt), timeOf(listed.createdAt));
    this.#put(listed.id, {
      ...timesOf(listed),
      listed,
      skipUpTo: this.#serverTime.clamp(skipUpTo),
      inboundSince: 0,
    });
  }

  /** Evict the entry read longest ago: its messages are then distinguished by time. */
  #put(id: string, entry: CursorEntry): void {
    this.#entries.delete(id);
    this.#evicted.delete(id);
    this.#entries.set(id, entry);
    if (this.#entries.size <= MAX_TRACKED_CONVERSATIONS) return;
    const oldest = this.#entries.keys().next().value as string;
    this.#entries.delete(oldest);
    this.#evicted.set(oldest, this.#serverTime.now);
    if (this.#evicted.size > MAX_CACHED_CONVERSATIONS) {
      this.#evicted.delete(this.#evicted.keys().next().value as string);
    }
  }

  /** Note changes announced by the socket: they are not new in the next listing. */
  announced(id: string, changes: Partial<Conversation>): void {
    const entry = this.#entries.get(id);
    if (entry?.listed) entry.listed = { ...entry.listed, ...changes, updatedAt: entry.listed.updatedAt };
  }

  /** All new items of this listing have been read. */
  finish({ items }: Page<Conversation>): void {
    const newest = Math.max(0, ...items.map((one) => this.#serverTime.clamp(changedAt(one))));
    this.#position = Math.max(this.#position ?? 0, this.#start, newest - LATE_LISTING_MS);
  }
}

/** Longest delay of a change in the listing, in milliseconds. */
const LATE_LISTING_MS = 5000;
/** Lifetime of the id of a delivered message, less the time of a reading. */
const KEPT_KEYS_MS = 23 * 3_600_000;

/** @returns milliseconds of the server's clock */
export function changedAt({ updatedAt, lastMessageAt, createdAt }: Conversation): number {
  return timeOf(updatedAt ?? lastMessageAt ?? createdAt);
}

function timesOf({
  updatedAt = '',
  lastMessageAt = '',
}: Conversation): Pick<CursorEntry, 'updatedAt' | 'lastMessageAt'> {
  return { updatedAt, lastMessageAt };
}
