import { isFinalStatus } from '../../messages/status';
import type { Conversation, Event, Message, Page } from '../../model';
import type { Bus } from '../bus/bus';
import type { ConversationCache } from '../conversation-cache';
import { changeOf, createdEvent } from '../events/changes';
import { gapEvent, messageEvent, statusesOf } from '../events/synthesize';
import type { Interest } from '../interest';
import { capped, isPermanent, type PollRest } from '../rest';
import type { ServerTime } from '../server-time';
import type { GapReporter } from '../sync/gap-reporter';
import { timeOf } from '../time';
import { PendingStatuses } from './pending-statuses';
import { changedAt, PollCursor } from './poll-cursor';
import type { PollPace } from './poll-pace';

export interface PollParts {
  rest: PollRest;
  conversations: ConversationCache;
  bus: Bus;
  gaps: GapReporter;
  interest: Interest;
  serverTime: ServerTime;
}

/** The caller of a round. */
export interface Asker {
  /** false: there is no listener any more, and nothing counts as read */
  goesOn(): boolean;
  /** events found now count as missed */
  isBehind(): boolean;
}

const MAX_CONCURRENT_READS = 4;
/** Longest delay between a message's own time and its storage, in milliseconds. */
const LATE_STORING_MS = 24 * 3_600_000;
/** Files of customers are only in the message itself, not in lists or frames (contract 5.2). */
const TYPES_WITH_FILE = new Set(['image', 'video', 'audio', 'document', 'sticker']);

/** Runs rounds one after the other: finds changed conversations, and their new messages. */
export class PollRound {
  readonly #parts: PollParts;
  readonly #pace: PollPace;
  readonly #onProblem: (error: unknown) => void;
  readonly cursor: PollCursor;
  readonly pending: PendingStatuses;
  /** start of the first listener, in milliseconds of the server's clock */
  cameAt = 0;
  /** diagnostic count of requests, without those for conversations */
  requests = 0;

  /** @param firstLookMs milliseconds before the first status check of an outbound message */
  constructor(parts: PollParts, pace: PollPace, firstLookMs: number, onProblem: (error: unknown) => void) {
    this.#parts = parts;
    this.cursor = new PollCursor(parts.serverTime);
    this.#pace = pace;
    this.#onProblem = onProblem;
    this.pending = new PendingStatuses(firstLookMs);
  }

  /**
   * Run one round, and deliver its events.
   * @throws LinktorError when the server cannot be reached; the next round then finds the remaining events
   */
  async run(asker: Asker): Promise<void> {
    const { cursor } = this;
    const { rest, gaps } = this.#parts;
    this.requests++;
    const page = capped(await rest.conversations.latest());
    if (!asker.goesOn()) return;
    if (cursor.position === undefined) return this.#begin(page, asker);
    const since = cursor.position;
    const { changed, more } = cursor.changed(page);
    if (more) gaps.report('truncated', since);
    const listed = new Set(changed.map(({ id }) => id));
    const due = this.pending.due(Date.now()).filter((id) => !listed.has(id));
    const jobs = [
      ...changed.map((one) => () => this.#readChanged(one, since, asker)),
      ...due.map((id) => () => this.#readPending(id, since, asker)),
    ];
    await runAll(jobs, asker);
    if (asker.goesOn()) cursor.finish(page);
  }

  /** Everything in the first listing is old, except events since our start. */
  async #begin(page: Page<Conversation>, asker: Asker): Promise<void> {
    const { cursor } = this;
    const { bus, conversations, interest } = this.#parts;
    const { cameAt } = this;
    const reading = async (one: Conversation) => {
      if (timeOf(one.createdAt) > cameAt) return;
      if (!interest.isWanted(one.id)) return cursor.skip(one);
      const found = await this.#page(one.id);
      if (!found) return cursor.skip(one);
      const old = found.items.filter(({ createdAt }) => timeOf(createdAt) <= cameAt);
      for (const message of old) bus.skip(message);
      // Without its times it counts as changed in the next listing, which then finds the remaining messages.
      cursor.read(one.id, old.length === found.items.length ? one : undefined, old);
      if (old.length < found.items.length) this.#pace.sent();
    };
    cursor.begin(page, cameAt);
    try {
      await runAll(
        page.items.map((one) => () => reading(one)),
        asker,
      );
    } catch (error) {
      cursor.forget();
      throw error;
    }
    if (!asker.goesOn()) return cursor.forget();
    // Conversations created at that moment are listed, so they are no longer new.
    conversations.newFrom(cursor.start + 1);
  }

  async #readChanged(listed: Conversation, since: number, asker: Asker): Promise<void> {
    const { id } = listed;
    const { bus, conversations, interest } = this.#parts;
    const { cursor } = this;
    const entry = cursor.entry(id);
    const before = conversations.peek(id) ?? entry?.listed;
    if (!interest.isWanted(id)) {
      if (conversations.peek(id)) conversations.update(id, listed);
      return cursor.skip(listed);
    }
    const isNew = cursor.isNew(listed);
    const found = await this.#read(id, since, isNew, listed);
    // Without a known previous state, a listed change without a new message must be a change of fields.
    const isChange = before !== undefined || (found.fresh === 0 && !isNew && changedAt(listed) > since);
    const change = isChange ? changeOf(before, listed) : undefined;
    const events = [...(isNew ? [createdEvent(listed)] : []), ...(change ? [change] : []), ...found.events];
    for (const event of events) bus.arrived(event, asker.isBehind());
    // Every event needs the contact, which is not listed.
    if (events.length > 0 && !conversations.peek(id)) await conversations.fetch(id);
    if (!asker.goesOn()) return;
    if (conversations.peek(id)) conversations.update(id, listed);
    this.#deliver(id, events, found, asker);
    cursor.read(id, listed, found.page, found.inbound);
  }

  async #readPending(id: string, since: number, asker: Asker): Promise<void> {
    if (!this.#parts.interest.isWanted(id)) return this.pending.forget(id);
    const found = await this.#read(id, since, false);
    if (!asker.goesOn()) return;
    this.#deliver(id, found.events, found, asker);
    this.cursor.read(id, undefined, found.page, found.inbound);
  }

  #deliver(id: string, events: readonly Event[], { isPending, hasSent, since }: Found, asker: Asker): void {
    const { bus, gaps } = this.#parts;
    for (const event of events) {
      if (event.gap) gaps.count(event.gap.reason, since);
      this.#pace.found(event);
      bus.feed(event, 'poll', Date.now(), asker.isBehind());
    }
    if (isPending) this.pending.wait(id, hasSent, Date.now());
    else this.pending.forget(id);
  }

  /** @returns the newest messages of a conversation; undefined when it can never be read */
  async #page(id: string): Promise<Page<Message> | undefined> {
    try {
      this.requests++;
      return capped(await this.#parts.rest.conversations.messages(id, {}));
    } catch (error) {
      if (!isPermanent(error)) throw error;
      // A retry would fail again, and one conversation must not block the others.
      this.#onProblem(error);
      return undefined;
    }
  }

  /**
   * @param since start of a possible gap, in milliseconds of the server's clock
   * @param isNew the conversation was created after our start
   */
  async #read(id: string, since: number, isNew: boolean, listed?: Conversation): Promise<Found> {
    const { bus } = this.#parts;
    const { cursor } = this;
    const page = await this.#page(id);
    if (!page) {
      const events = [gapEvent('unreadable', since, id)];
      return { events, page: [], fresh: 0, inbound: 0, isPending: false, hasSent: false, since };
    }
    const { items, hasNext, truncated } = page;
    const unseen = items.filter((one) => cursor.isUnseen(id, one, isNew));
    const fresh = unseen.filter((one) => !bus.isDelivered(one.id));
    const messages = await Promise.all(fresh.reverse().map((one) => this.withFile(id, one)));
    const ours = items.filter((one) => one.direction === 'outbound' && bus.isDelivered(one.id)).reverse();
    const statuses = ours
      .flatMap(statusesOf)
      .filter(({ messageId = '', status = '' }) => bus.isStatusNews(messageId, status));
    const inbound = unseen.filter(({ direction }) => direction === 'inbound').length;
    const isCut = (hasNext || truncated === true) && items.length > 0 && fresh.length === items.length;
    const isIncomplete =
      listed !== undefined && (cursor.isIncomplete(listed, inbound) || this.#isUnclear(listed, isNew, fresh, items));
    return {
      events: [
        ...statuses,
        ...(isCut || isIncomplete ? [gapEvent('truncated', since, id)] : []),
        ...messages.flatMap((one) => [messageEvent(one), ...statusesOf(one)]),
      ],
      page: items,
      fresh: messages.length,
      inbound,
      isPending: ours.some(mayChange) || messages.some(mayChange),
      hasSent: messages.some(mayChange),
      since,
    };
  }

  /** An old conversation that was never read has changed, and a message may be stored long after its own time. */
  #isUnclear(
    { id, unreadCount = 0 }: Conversation,
    isNew: boolean,
    fresh: readonly Message[],
    items: readonly Message[],
  ): boolean {
    if (isNew || fresh.length > 0 || unreadCount === 0 || this.cursor.entry(id)) return false;
    const earliest = this.cursor.start - LATE_STORING_MS;
    return items.some(({ direction, createdAt }) => direction === 'inbound' && timeOf(createdAt) > earliest);
  }

  /** @returns the message with its file @throws LinktorError when it cannot be fetched now */
  async withFile(id: string, message: Message): Promise<Message> {
    if (!lacksFile(message)) return message;
    try {
      this.requests++;
      return await this.#parts.rest.conversations.message(id, message.id);
    } catch (error) {
      if (!isPermanent(error)) throw error;
      this.#onProblem(error);
      return message;
    }
  }
}

/** A customer's message with a file, which lists and frames omit. */
export function lacksFile({ direction, media, contentType }: Message): boolean {
  return direction === 'inbound' && !media && TYPES_WITH_FILE.has(contentType);
}

/** An outbound message that may still be delivered, read, or fail. */
export function mayChange({ direction, status }: Message): boolean {
  return direction === 'outbound' && !isFinalStatus(status);
}

/** The result of reading one conversation. */
interface Found {
  events: Event[];
  /** its messages, newest first */
  page: readonly Message[];
  /** number of customer messages not in an earlier reading */
  inbound: number;
  /** number of messages not delivered before */
  fresh: number;
  /** an outbound message has no final status yet */
  isPending: boolean;
  /** an outbound message is new */
  hasSent: boolean;
  /** start of the reading, in milliseconds of the server's clock */
  since: number;
}

/** Run jobs, a few at a time. A failure does not stop the others. @throws the first failure */
async function runAll(jobs: (() => Promise<void>)[], asker: Asker): Promise<void> {
  const failures: unknown[] = [];
  const work = async () => {
    for (let job = jobs.shift(); job && asker.goesOn(); job = jobs.shift()) {
      await job().catch((error: unknown) => failures.push(error));
    }
  };
  await Promise.all(Array.from({ length: MAX_CONCURRENT_READS }, work));
  if (failures.length > 0) throw failures[0];
}
