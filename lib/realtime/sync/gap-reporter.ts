import type { Conversation, Event, GapReason, Message } from '../../model';
import { MAX_UNREAD_CONVERSATIONS } from '../bounds';
import type { Bus } from '../bus/bus';
import { changeOf } from '../events/changes';
import { type Backfilled, eventsOf, gapEvent, receiptOf } from '../events/synthesize';
import { isPermanent } from '../rest';
import { timeOf } from '../time';
import type { StallDetector } from './stall-detector';

/** Delivers missed events that were found, and `sync.gap` for the others. */
export class GapReporter {
  readonly #bus: Pick<Bus, 'insert' | 'announce' | 'isStatusNews'>;
  readonly #stall: Pick<StallDetector, 'excuse'>;
  readonly #onProblem: (text: string) => void;
  /** number of reported gaps */
  gaps = 0;
  /** unreadable conversations already reported */
  readonly #unread = new Set<string>();

  constructor(
    bus: Pick<Bus, 'insert' | 'announce' | 'isStatusNews'>,
    stall: Pick<StallDetector, 'excuse'>,
    onProblem: (text: string) => void,
  ) {
    this.#bus = bus;
    this.#stall = stall;
    this.#onProblem = onProblem;
  }

  /**
   * Fetch the messages of a conversation; its live events wait for them.
   * @param since start of the gap, in milliseconds of the server's clock
   */
  backfill(conversationId: string, since: number, fetching: Promise<Backfilled>): void {
    const events = fetching.then(
      (found) => {
        this.#unread.delete(conversationId);
        if (found.truncated) this.count('truncated', since);
        // A missing event of an unsubscribed conversation proves nothing about the socket.
        if (found.wasUnsubscribed) this.#stall.excuse(timeOf(found.messages.at(-1)?.createdAt));
        return eventsOf(found);
      },
      (error: unknown) => {
        // After a temporary failure it is fetched later; live events continue now, so it arrives late.
        if (!isPermanent(error)) {
          if (this.#unread.has(conversationId)) return [];
          this.#unread.add(conversationId);
          if (this.#unread.size > MAX_UNREAD_CONVERSATIONS)
            this.#unread.delete(this.#unread.values().next().value as string);
        }
        this.count('unreadable', since);
        return [gapEvent('unreadable', since, conversationId)];
      },
    );
    this.#bus.insert(conversationId, events);
  }

  /** Handle the newest message of a listed conversation: its status may not have been announced. */
  status(message: Message): void {
    const [event] = receiptOf(message);
    if (event && this.#bus.isStatusNews(message.id, String(event.status))) this.#insert(event);
  }

  /** Handle a known conversation in a listing: changes may not have been announced. */
  change(before: Conversation, listed: Conversation): void {
    const event = changeOf(before, listed);
    if (event) this.#insert(event);
  }

  /** Report that events may be lost for good. @param since milliseconds of the server's clock, if known */
  report(reason: GapReason, since: number | undefined): void {
    this.count(reason, since);
    this.#bus.announce(gapEvent(reason, since), 'poll');
  }

  /** As {@link report}, for a gap whose event is delivered in its proper place within a conversation. */
  count(reason: GapReason, since: number | undefined): void {
    this.gaps++;
    const from = since === undefined ? '' : ` since ${new Date(since).toISOString()}`;
    this.#onProblem(`events${from} may be missing (${reason})`);
  }

  #insert(event: Event): void {
    if (event.conversationId !== undefined) this.#bus.insert(event.conversationId, Promise.resolve([event]));
  }
}
