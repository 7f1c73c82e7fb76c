import { isFinalStatus } from '../../messages/status';
import type { Conversation, Event, Message, Page } from '../../model';
import type { Bus } from '../bus/bus';
import { gapEvent, messageEvent, statusesOf } from '../events/synthesize';
import { capped, isPermanent, type PollRest } from '../rest';
import { timeOf } from '../time';
import type { PollCursor } from './poll-cursor';

export interface ConversationReaderParts {
  rest: PollRest;
  bus: Pick<Bus, 'isDelivered' | 'isStatusNews'>;
  cursor: PollCursor;
}

/** Longest delay between a message's own time and its storage, in milliseconds. */
const LATE_STORING_MS = 24 * 3_600_000;
/** Files of customers are only in the message itself, not in lists or frames (contract 5.2). */
const TYPES_WITH_FILE = new Set(['image', 'video', 'audio', 'document', 'sticker']);

/** Reads the newest messages of a conversation, and finds what no earlier reading has shown. */
export class ConversationReader {
  readonly #parts: ConversationReaderParts;
  readonly #onProblem: (error: unknown) => void;
  /** diagnostic count of requests */
  requests = 0;

  constructor(parts: ConversationReaderParts, onProblem: (error: unknown) => void) {
    this.#parts = parts;
    this.#onProblem = onProblem;
  }

  /** @returns the newest messages of a conversation; undefined when it can never be read */
  async page(id: string): Promise<Page<Message> | undefined> {
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
  async read(id: string, since: number, isNew: boolean, listed?: Conversation): Promise<Found> {
    const { bus, cursor } = this.#parts;
    const page = await this.page(id);
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
    if (isNew || fresh.length > 0 || unreadCount === 0 || this.#parts.cursor.entry(id)) return false;
    const earliest = this.#parts.cursor.start - LATE_STORING_MS;
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
export interface Found {
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
