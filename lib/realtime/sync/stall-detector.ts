import type { Event } from '../../model';
import { MAX_CHECKED_ITEMS } from '../bounds';
import type { Interest } from '../interest';
import type { SyncRest } from '../rest';
import type { ServerTime } from '../server-time';
import type { Socket } from '../socket/connection';
import { activityOf, timeOf } from '../time';

export interface StallSettings {
  /** milliseconds without an event, after which the server is asked whether there was one */
  afterMs: number;
  /** the connection has kept events from us. @param since the last that was received, milliseconds of the server's clock */
  onStalled(since: number): void;
}

/**
 * A server can lose track of a connection that still answers every ping: it stands, and brings nothing. After a long
 * silence one cheap request shows whether there was anything to bring.
 */
export class StallDetector {
  readonly #rest: SyncRest;
  readonly #socket: Pick<Socket, 'subscriptions' | 'settled'>;
  readonly #interest: Pick<Interest, 'isSubscribed'>;
  readonly #serverTime: ServerTime;
  readonly #settings: StallSettings;
  #timer: NodeJS.Timeout | undefined;
  /** milliseconds of the local clock */
  #receivedAt = 0;
  /** the latest time of a received event, as the server spells it */
  #latest: string | undefined;
  /** events up to this time need not have come live, milliseconds of the server's clock */
  #excusedUpTo = 0;

  constructor(
    rest: SyncRest,
    socket: Pick<Socket, 'subscriptions' | 'settled'>,
    interest: Pick<Interest, 'isSubscribed'>,
    serverTime: ServerTime,
    settings: StallSettings,
  ) {
    this.#rest = rest;
    this.#socket = socket;
    this.#interest = interest;
    this.#serverTime = serverTime;
    this.#settings = settings;
  }

  /** The time up to which all has been received, milliseconds of the server's clock; 0 before the first event. */
  get receivedUpTo(): number {
    return Math.max(this.#excusedUpTo, timeOf(this.#latest));
  }

  /** A connection stands, and all that was missed before has been fetched. */
  start(): void {
    this.stop();
    this.#receivedAt = Date.now();
    this.#wait(this.#settings.afterMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** The socket has brought an event. @param at milliseconds of the local clock */
  note(event: Event, at: number): void {
    this.#receivedAt = at;
    // Events of the same moment may come out of order.
    if (event.at === undefined || !isLater(event.at, this.#latest)) return;
    if (this.#serverTime.isPossible(event.at, at)) this.#latest = event.at;
  }

  /** Events up to this time have come another way. @param time milliseconds of the server's clock */
  excuse(time: number): void {
    this.#excusedUpTo = Math.max(this.#excusedUpTo, this.#serverTime.clamp(time));
  }

  #wait(waitMs: number): void {
    this.#timer = setTimeout(() => {
      const silentMs = Date.now() - this.#receivedAt;
      if (silentMs >= 0 && silentMs < this.#settings.afterMs) this.#wait(this.#settings.afterMs - silentMs);
      else this.#check().catch(() => this.start());
    }, waitMs);
  }

  async #check(): Promise<void> {
    const timer = this.#timer;
    const receivedAt = this.#receivedAt;
    const since = this.receivedUpTo;
    // A server that cannot be asked now is asked the next time.
    const isStalled = this.#socket.subscriptions > 0 && (await this.#hasUnreceived(since).catch(() => false));
    if (isStalled) await this.#socket.settled();
    const wasRestarted = timer !== this.#timer;
    if (wasRestarted) return;
    if (isStalled && receivedAt === this.#receivedAt) this.#settings.onStalled(since);
    else this.#wait(this.#settings.afterMs);
  }

  /** Have customers written in subscribed conversations since then? */
  async #hasUnreceived(since: number): Promise<boolean> {
    const { conversations } = this.#rest;
    const list = conversations.each({ limit: MAX_CHECKED_ITEMS, sortBy: 'lastMessageAt', sortOrder: 'desc' });
    let left = MAX_CHECKED_ITEMS;
    for await (const conversation of list) {
      const isActive = activityOf(conversation) > since && this.#interest.isSubscribed(conversation.id);
      if (isActive && (await this.#hasWritten(conversation.id, since))) return true;
      left--;
      if (left === 0) return false;
    }
    return false;
  }

  /** Only inbound messages are proof: not every server announces our own. */
  async #hasWritten(id: string, since: number): Promise<boolean> {
    let left = MAX_CHECKED_ITEMS;
    for await (const message of this.#rest.conversations.eachMessage(id, { limit: MAX_CHECKED_ITEMS })) {
      const time = timeOf(message.createdAt);
      // A time in the future proves nothing: it was there before, and will be there the next time.
      if (time > since && time <= this.#serverTime.now && message.direction === 'inbound') return true;
      left--;
      if (left === 0) return false;
    }
    return false;
  }
}

/** Every event asks, and most times are spelled alike: only the others are worth the time it takes to parse them. */
function isLater(one: string, other: string | undefined): boolean {
  return one.length === other?.length ? one > other : timeOf(one) > timeOf(other);
}
