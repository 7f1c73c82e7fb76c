import type { Conversation, Event, Page } from '../../model';
import type { Bus } from '../bus/bus';
import type { ConversationCache } from '../conversation-cache';
import { changeOf, createdEvent } from '../events/changes';
import type { Interest } from '../interest';
import { capped, type PollRest } from '../rest';
import type { ServerTime } from '../server-time';
import type { GapReporter } from '../sync/gap-reporter';
import { timeOf } from '../time';
import { ConversationReader, type Found } from './conversation-reader';
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

/** Runs rounds one after the other: finds changed conversations, and their new messages. */
export class PollRound {
  readonly #parts: PollParts;
  readonly #pace: PollPace;
  readonly cursor: PollCursor;
  readonly reader: ConversationReader;
  readonly pending: PendingStatuses;
  /** start of the first listener, in milliseconds of the server's clock */
  cameAt = 0;
  /** listings requested so far */
  #listings = 0;

  /** @param firstLookMs milliseconds before the first status check of an outbound message */
  constructor(parts: PollParts, pace: PollPace, firstLookMs: number, onProblem: (error: unknown) => void) {
    this.#parts = parts;
    const { rest, bus } = parts;
    this.cursor = new PollCursor(parts.serverTime);
    this.reader = new ConversationReader({ rest, bus, cursor: this.cursor }, onProblem);
    this.#pace = pace;
    this.pending = new PendingStatuses(firstLookMs);
  }

  /** Diagnostic count of requests, without those for conversations. */
  get requests(): number {
    return this.#listings + this.reader.requests;
  }

  /**
   * Run one round, and deliver its events.
   * @throws LinktorError when the server cannot be reached; the next round then finds the remaining events
   */
  async run(asker: Asker): Promise<void> {
    const { cursor } = this;
    const { rest, gaps } = this.#parts;
    this.#listings++;
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
      const found = await this.reader.page(one.id);
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
    const found = await this.reader.read(id, since, isNew, listed);
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
    const found = await this.reader.read(id, since, false);
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
