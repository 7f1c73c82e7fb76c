import type { Conversation, Message, Page } from '../../model';
import { MAX_CACHED_CONVERSATIONS, MAX_SEEN_MESSAGES, MAX_TRACKED_CONVERSATIONS } from '../bounds';
import type { ReadConversation } from '../feed';
import type { ServerTime } from '../server-time';
import { timeOf } from '../time';

/** A conversation as it was listed the last time. All times are milliseconds of the server's clock. */
export interface CursorEntry {
  /** its last change and its last message as the server spells them, which is finer than our clock */
  updatedAt: string;
  lastMessageAt: string;
  /** undefined for one that a predecessor has read */
  listed?: Conversation;
  /** ids of the messages that the last readings have shown; undefined before the first one */
  seen?: ReadonlySet<string>;
  /** of the messages that the first reading shows, those up to this time are not wanted */
  skipUpTo: number;
  /** messages of customers that have been found since it was listed */
  inboundSince: number;
}

/**
 * How far the conversations that changed last have been read, and so what is new in the next listing. A message may be
 * stored hours after its own time (contract 8.1), so no time tells new messages from old ones: the ids of those that
 * were seen are kept for each conversation. A time only separates what was there before we came.
 */
export class PollCursor {
  readonly #serverTime: Pick<ServerTime, 'clamp' | 'now'>;
  readonly #entries = new Map<string, CursorEntry>();
  /** conversations whose entry has made way, and when */
  readonly #evicted = new Map<string, number>();
  /** when we came; conversations created later are new */
  #start = 0;
  /** a conversation without entry whose last change is older was not listed because it has not changed */
  #floor = 0;
  #position: number | undefined;

  constructor(serverTime: Pick<ServerTime, 'clamp' | 'now'>) {
    this.#serverTime = serverTime;
  }

  /** All changes up to this time have been read; undefined before the first listing. */
  get position(): number | undefined {
    return this.#position;
  }

  get start(): number {
    return this.#start;
  }

  entry(id: string): CursorEntry | undefined {
    return this.#entries.get(id);
  }

  /** Go on where a predecessor has ended. */
  continueFrom(given: number, read: readonly ReadConversation[]): void {
    const position = this.#serverTime.clamp(given);
    this.#position = position;
    this.#start = position;
    this.#floor = position;
    this.#clear();
    for (const [id, updatedAt, lastMessageAt = '', skipUpTo] of read.slice(-MAX_TRACKED_CONVERSATIONS)) {
      // The keys of the bus tell what has been delivered of the last day; what is older than that is not new.
      const from = Number(skipUpTo) || position - KEPT_KEYS_MS;
      this.#entries.set(id, { updatedAt, lastMessageAt, skipUpTo: from, inboundSince: 0 });
    }
  }

  /** What a successor has to know beside the position. */
  export(): ReadConversation[] {
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

  /** The first listing. @param cameAt what happened later is new, milliseconds of the server's clock */
  begin({ items, hasNext, truncated }: Page<Conversation>, cameAt: number): void {
    const times = items.map((one) => this.#serverTime.clamp(changedAt(one)));
    this.#start = Math.min(cameAt, Math.max(0, ...times));
    // A list that is not full shows all conversations there are.
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
    // The time of the last message moves without the other one when we answer again (contract 8.1).
    const hasNewMessage = entry.lastMessageAt !== '' && entry.lastMessageAt !== (one.lastMessageAt ?? '');
    const hasUnread = entry.listed !== undefined && entry.listed.unreadCount !== one.unreadCount;
    return hasNewMessage || hasUnread || entry.updatedAt !== (one.updatedAt ?? '');
  }

  /** Was this conversation created since we came? */
  isNew(listed: Conversation): boolean {
    if (this.#entries.has(listed.id) || this.#evicted.has(listed.id)) return false;
    const hasShownAll = this.#floor === 0;
    return hasShownAll || timeOf(listed.createdAt) > this.#start;
  }

  /** Is this message one that no reading of its conversation has shown? @param isNew of the conversation */
  isUnseen(id: string, message: Message, isNew: boolean): boolean {
    const entry = this.#entries.get(id);
    if (entry?.seen) return !entry.seen.has(message.id);
    return isNew || timeOf(message.createdAt) > (entry?.skipUpTo ?? this.#evicted.get(id) ?? this.#start);
  }

  /**
   * Has the conversation a message that its page does not show? The server only ever counts unread messages up.
   * @param inbound messages of customers that the page shows for the first time
   */
  isIncomplete(listed: Conversation, inbound: number): boolean {
    const entry = this.#entries.get(listed.id);
    const before = entry?.listed?.unreadCount;
    if (before === undefined || listed.unreadCount === undefined) return false;
    return listed.unreadCount - before > inbound + (entry?.inboundSince ?? 0);
  }

  /**
   * The conversation has been read.
   * @param listed undefined when it was read without a listing
   * @param messages its page
   * @param inbound messages of customers that the page shows for the first time
   */
  read(id: string, listed: Conversation | undefined, messages: readonly Message[], inbound = 0): void {
    const entry = this.#entries.get(id);
    // Newest first: these are the ones to keep.
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

  /** A message has come another way. */
  saw(id: string, message: Message): void {
    // Without a reading before, the next one is told by the times of its messages.
    if (this.#entries.get(id)?.seen) this.read(id, undefined, [message], message.direction === 'inbound' ? 1 : 0);
  }

  /** The messages of the conversation so far are not wanted. */
  skip(listed: Conversation): void {
    const skipUpTo = Math.max(timeOf(listed.lastMessageAt), timeOf(listed.createdAt));
    this.#put(listed.id, {
      ...timesOf(listed),
      listed,
      skipUpTo: this.#serverTime.clamp(skipUpTo),
      inboundSince: 0,
    });
  }

  /** The one that was read longest ago makes way: from then on its messages are told by their times. */
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

  /** The socket has announced these changes: they are no news in the next listing. */
  announced(id: string, changes: Partial<Conversation>): void {
    const entry = this.#entries.get(id);
    if (entry?.listed) entry.listed = { ...entry.listed, ...changes, updatedAt: entry.listed.updatedAt };
  }

  /** All that this listing showed to be new has been read. */
  finish({ items }: Page<Conversation>): void {
    const newest = Math.max(0, ...items.map((one) => this.#serverTime.clamp(changedAt(one))));
    this.#position = Math.max(this.#position ?? 0, this.#start, newest - LATE_LISTING_MS);
  }
}

/** A change may show in the listing so much later than its own time says. */
const LATE_LISTING_MS = 5000;
/** So long a delivered message is remembered by its id, minus what a reading may take. */
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
