import type { Event } from '../../model';
import { activityOf, timeOf } from '../time';
import type { Rest } from './conversation-sync';

export interface DeafSettings {
  rest: Rest;
  /** milliseconds without an event, after which we look */
  after: number;
  /** how many conversations the server is asked for */
  subscriptions(): number;
  /** its live events should be heard */
  hears(conversationId: string): boolean;
  /** when all that the server has sent so far has arrived */
  settled(): Promise<void>;
  /** @param since the last that was heard, milliseconds of the server's clock */
  onDeaf(since: number): void;
}

/** conversations, and messages of one, that are looked at */
const few = 20;

/**
 * A server can lose track of a connection that answers every ping: it stands, and brings nothing. After a long silence
 * one cheap request shows whether there was nothing to tell.
 */
export class StallDetector {
  readonly #settings: DeafSettings;
  #timer: NodeJS.Timeout | undefined;
  #heardAt = 0;
  /** the latest time of what was heard, in the server's words */
  #last: string | undefined;
  /** what was said up to then need not have been heard, milliseconds of the server's clock */
  #excused = 0;

  constructor(settings: DeafSettings) {
    this.#settings = settings;
  }

  /** The time of what was heard last, in milliseconds of the server's clock; 0 before there is any. */
  get since(): number {
    return Math.max(this.#excused, timeOf(this.#last));
  }

  /** A connection stands, and all that was said before has been fetched. */
  start(): void {
    this.stop();
    this.#heardAt = Date.now();
    this.#wait(this.#settings.after);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The socket has brought something. @param at milliseconds of the clock */
  heard(event: Event, at: number): void {
    this.#heardAt = at;
    // What happens at the same time does not come in its order.
    if (event.at !== undefined && isLater(event.at, this.#last)) this.#last = event.at;
  }

  /** What was said up to then has come by another way. @param time milliseconds of the server's clock */
  excuse(time: number): void {
    this.#excused = Math.max(this.#excused, time);
  }

  #wait(wait: number): void {
    this.#timer = setTimeout(() => {
      const silent = Date.now() - this.#heardAt;
      if (silent >= 0 && silent < this.#settings.after) this.#wait(this.#settings.after - silent);
      else this.#look().catch(() => this.start());
    }, wait);
  }

  async #look(): Promise<void> {
    const timer = this.#timer;
    const heardAt = this.#heardAt;
    const { since } = this;
    // A server that cannot be asked now is asked the next time.
    const kept = this.#settings.subscriptions() > 0 && (await this.#isKept(since).catch(() => false));
    if (kept) await this.#settings.settled();
    // Stopped meanwhile, or started anew.
    if (timer !== this.#timer) return;
    if (kept && heardAt === this.#heardAt) this.#settings.onDeaf(since);
    else this.#wait(this.#settings.after);
  }

  /** Have customers written what we should have heard? */
  async #isKept(since: number): Promise<boolean> {
    const { conversations } = this.#settings.rest;
    let left = few;
    for await (const conversation of conversations.each({ limit: few, sortBy: 'lastMessageAt', sortOrder: 'desc' })) {
      if (activityOf(conversation) <= since) return false;
      if (this.#settings.hears(conversation.id) && (await this.#hasWritten(conversation.id, since))) return true;
      left--;
      if (left === 0) return false;
    }
    return false;
  }

  /** Not every server tells us what we have said ourselves, so that it proves nothing. */
  async #hasWritten(id: string, since: number): Promise<boolean> {
    let left = few;
    for await (const message of this.#settings.rest.conversations.eachMessage(id, { limit: few })) {
      if (timeOf(message.createdAt) <= since) return false;
      if (message.direction === 'inbound') return true;
      left--;
      if (left === 0) return false;
    }
    return false;
  }
}

/** Every event asks, and most times are spelled alike: only the others are worth the time it takes to read them. */
function isLater(one: string, other: string | undefined): boolean {
  return one.length === other?.length ? one > other : timeOf(one) > timeOf(other);
}
