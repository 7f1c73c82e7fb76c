import { isFinalStatus } from '../../messages/status';
import type { Conversation, Event, Message, Page } from '../../model';
import type { Bus } from '../bus/bus';
import type { ConversationCache } from '../conversation-cache';
import { changeOf, createdEvent } from '../events/changes';
import { gapEvent, messageEvent, statusesOf } from '../events/synthesize';
import type { Interest } from '../interest';
import { isPermanent, type PollRest } from '../rest';
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
}

/** Who asks for a round. */
export interface Asker {
  /** false: nobody listens any more, and nothing counts as read */
  goesOn(): boolean;
  /** what is found now has been missed */
  isBehind(): boolean;
}

const MAX_CONCURRENT_READS = 4;
/** The files of customers stand only in the message itself, not in lists or frames (contract 5.2). */
const TYPES_WITH_FILE = new Set(['image', 'video', 'audio', 'document', 'sticker']);

/** One round after the other: which conversations have changed, and what is new in them. */
export class PollRound {
  readonly #parts: PollParts;
  readonly #pace: PollPace;
  readonly #onProblem: (error: unknown) => void;
  readonly cursor = new PollCursor();
  readonly pending: PendingStatuses;
  /** requests so far for diagnosis, without those for the conversations themselves */
  requests = 0;

  /** @param firstLookMs milliseconds before the first look at the status of a message of ours */
  constructor(parts: PollParts, pace: PollPace, firstLookMs: number, onProblem: (error: unknown) => void) {
    this.#parts = parts;
    this.#pace = pace;
    this.#onProblem = onProblem;
    this.pending = new PendingStatuses(firstLookMs);
  }

  /**
   * Ask once what is new, and deliver it.
   * @throws LinktorError when the server cannot be asked; the next round then finds what this one did not
   */
  async run(asker: Asker): Promise<void> {
    const { cursor } = this;
    const { rest, conversations, gaps } = this.#parts;
    this.requests++;
    const page = await rest.conversations.latest();
    if (!asker.goesOn()) return;
    if (cursor.position === undefined) {
      // Conversations created at that very moment are listed, and so no longer new.
      conversations.newFrom(cursor.begin(page) + 1);
      return;
    }
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

  async #readChanged(listed: Conversation, since: number, asker: Asker): Promise<void> {
    const { id } = listed;
    const { conversations, interest } = this.#parts;
    const entry = this.cursor.entry(id);
    const before = conversations.peek(id) ?? entry?.listed;
    if (!interest.isWanted(id)) {
      if (conversations.peek(id)) conversations.update(id, listed);
      return this.cursor.skip(listed);
    }
    const found = await this.#read(id, Math.max(since, entry?.skipUpTo ?? 0));
    const isNew = !entry && !before && timeOf(listed.createdAt) > since;
    // Without a known state before, a listed change that brought no message must be a change of the fields.
    const isChange =
      before !== undefined || (found.fresh === 0 && !isNew && changedAt(listed) > this.cursor.newestChange);
    const change = isChange ? changeOf(before, listed) : undefined;
    const events = [...(isNew ? [createdEvent(listed)] : []), ...(change ? [change] : []), ...found.events];
    // The contact belongs to every event, and is not listed.
    if (events.length > 0 && !conversations.peek(id)) await conversations.fetch(id);
    if (!asker.goesOn()) return;
    if (conversations.peek(id)) conversations.update(id, listed);
    this.#deliver(id, events, found, asker);
    this.cursor.read(listed);
  }

  async #readPending(id: string, since: number, asker: Asker): Promise<void> {
    if (!this.#parts.interest.isWanted(id)) return this.pending.forget(id);
    const found = await this.#read(id, Math.max(since, this.cursor.entry(id)?.skipUpTo ?? 0));
    if (asker.goesOn()) this.#deliver(id, found.events, found, asker);
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

  /** @param since milliseconds of the server's clock */
  async #read(id: string, since: number): Promise<Found> {
    const { bus, rest } = this.#parts;
    let page: Page<Message>;
    try {
      this.requests++;
      page = await rest.conversations.messages(id, {});
    } catch (error) {
      if (!isPermanent(error)) throw error;
      // Asking again would not help, and one conversation must not keep us from the others.
      this.#onProblem(error);
      return { events: [gapEvent('unreadable', since, id)], fresh: 0, isPending: false, hasSent: false, since };
    }
    const { items, hasNext, truncated } = page;
    const fresh = items.filter((one) => timeOf(one.createdAt) > since && !bus.isDelivered(one.id));
    const messages = await Promise.all(fresh.reverse().map((one) => this.withFile(id, one)));
    const ours = items.filter((one) => one.direction === 'outbound' && bus.isDelivered(one.id)).reverse();
    const statuses = ours
      .flatMap(statusesOf)
      .filter(({ messageId = '', status = '' }) => bus.isStatusNews(messageId, status));
    const isCut = (hasNext || truncated === true) && fresh.length === items.length;
    return {
      events: [
        ...statuses,
        ...(isCut ? [gapEvent('truncated', since, id)] : []),
        ...messages.flatMap((one) => [messageEvent(one), ...statusesOf(one)]),
      ],
      fresh: messages.length,
      isPending: ours.some(mayChange) || messages.some(mayChange),
      hasSent: messages.some(mayChange),
      since,
    };
  }

  /** @returns the message with its file @throws LinktorError when it cannot be asked for just now */
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

/** A customer has sent a file, and neither a list nor a frame contains it. */
export function lacksFile({ direction, media, contentType }: Message): boolean {
  return direction === 'inbound' && !media && TYPES_WITH_FILE.has(contentType);
}

/** The message is ours, and may still be delivered, read, or fail. */
export function mayChange({ direction, status }: Message): boolean {
  return direction === 'outbound' && !isFinalStatus(status);
}

/** What reading one conversation has shown. */
interface Found {
  events: Event[];
  /** messages that had not been delivered */
  fresh: number;
  /** a message of ours has no final status yet */
  isPending: boolean;
  /** a message of ours is new */
  hasSent: boolean;
  /** where the reading began, milliseconds of the server's clock */
  since: number;
}

/** A few at a time. One that fails does not keep us from the others. @throws the first failure */
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
