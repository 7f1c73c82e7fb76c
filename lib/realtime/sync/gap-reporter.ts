import type { Conversation, Event, GapReason, Message } from '../../model';
import type { Bus } from '../bus/bus';
import { changeOf } from '../events/changes';
import { eventsOf, gapEvent, statusOf } from '../events/synthesize';
import { isLasting, timeOf } from '../time';
import type { Missed } from './backfill';

export interface RecoverySettings {
  bus(): Pick<Bus, 'insert' | 'announce' | 'isStatusNews'>;
  /** what was said up to then need not have come live; milliseconds of the server's clock */
  excuse(time: number): void;
  onProblem(text: string): void;
}

/** Tells what was missed and has been found afterwards, and where nobody can find it. */
export class GapReporter {
  readonly #settings: RecoverySettings;
  /** times that something may have been lost for good */
  gaps = 0;

  constructor(settings: RecoverySettings) {
    this.#settings = settings;
  }

  /** What was said in a conversation since then (milliseconds of the server's clock) is being fetched. */
  messages(id: string, since: number, missed: Promise<Missed>): void {
    const events = missed.then(
      (found) => {
        if (found.truncated) this.count('truncated', since);
        // That the socket has not brought what it was not asked for proves nothing.
        if (found.unheard) this.#settings.excuse(timeOf(found.messages.at(-1)?.createdAt));
        return eventsOf(found);
      },
      (error: unknown) => {
        if (!isLasting(error)) throw error;
        this.count('unreadable', since);
        return [gapEvent('unreadable', since, id)];
      },
    );
    this.#settings.bus().insert(id, events);
  }

  /** The newest message of a conversation, as a listing shows it. */
  status(message: Message): void {
    const [event] = statusOf(message);
    if (event && this.#settings.bus().isStatusNews(message.id, String(event.status))) this.#found(event);
  }

  /** A conversation, as we knew it and as a listing shows it. */
  change(before: Conversation, listed: Conversation): void {
    const event = changeOf(before, listed);
    if (event) this.#found(event);
  }

  /** Something may never be told. @param since milliseconds of the server's clock */
  gap(reason: GapReason, since: number | undefined): void {
    this.count(reason, since);
    this.#settings.bus().announce(gapEvent(reason, since), 'poll');
  }

  #found(event: Event): void {
    if (event.conversationId !== undefined) {
      this.#settings.bus().insert(event.conversationId, Promise.resolve([event]));
    }
  }

  /** As {@link gap}, which somebody else tells. */
  count(reason: GapReason, since: number | undefined): void {
    this.gaps++;
    const from = since === undefined ? '' : ` since ${new Date(since).toISOString()}`;
    this.#settings.onProblem(`events${from} may be missing (${reason})`);
  }
}
