import { fence } from '../../async/fence';
import type { Event } from '../../model';
import { MAX_CHECKED_ITEMS } from '../bounds';
import type { Interest } from '../interest';
import type { SyncRest } from '../rest';
import type { ServerTime } from '../server-time';
import type { Socket } from '../socket/connection';
import { activityOf, timeOf } from '../time';

export interface StallSettings {
  /** milliseconds without an event after which the server is asked for missed ones */
  afterMs: number;
  /**
   * the connection has omitted events. @param since time of the last received one, in milliseconds of the server's
   * clock
   */
  onStalled(since: number): void;
}

/**
 * Detects a connection that answers every ping but brings no events, since the server has lost track of it. After a
 * long silence one cheap request shows whether events were missed.
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
  /** latest time of a received event, in the server's notation */
  #latest: string | undefined;
  /** events up to this time need not arrive live, in milliseconds of the server's clock */
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

  /** Time up to which all events were received, in milliseconds of the server's clock; 0 before the first one. */
  get receivedUpTo(): number {
    return Math.max(this.#excusedUpTo, timeOf(this.#latest));
  }

  /** Start: the connection is open, and all earlier missed events are fetched. */
  start(): void {
    this.stop();
    this.#receivedAt = Date.now();
    this.#wait(this.#settings.afterMs);
  }

  stop(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  /** Note an event of the socket. @param at milliseconds of the local clock */
  note(event: Event, at: number): void {
    this.#receivedAt = at;
    // Events of the same moment may arrive out of order.
    if (event.at === undefined || !isLater(event.at, this.#latest)) return;
    if (this.#serverTime.isPossible(event.at, at)) this.#latest = event.at;
  }

  /** Events up to this time arrived on another path. @param time milliseconds of the server's clock */
  excuse(time: number): void {
    this.#excusedUpTo = Math.max(this.#excusedUpTo, this.#serverTime.clamp(time));
  }

  #wait(waitMs: number): void {
    const timer = setTimeout(
      fence(() => {
        const silentMs = Date.now() - this.#receivedAt;
        if (silentMs >= 0 && silentMs < this.#settings.afterMs) return this.#wait(this.#settings.afterMs - silentMs);
        this.#check().catch(() => {
          // A check that fails after the end begins nothing.
          if (this.#timer === timer) this.start();
        });
      }),
      waitMs,
    );
    this.#timer = timer;
  }

  async #check(): Promise<void> {
    const timer = this.#timer;
    const receivedAt = this.#receivedAt;
    const since = this.receivedUpTo;
    // An unreachable server is checked next time.
    const isStalled = this.#socket.subscriptions > 0 && (await this.#hasUnreceived(since).catch(() => false));
    if (isStalled) await this.#socket.settled();
    const wasRestarted = timer !== this.#timer;
    if (wasRestarted) return;
    if (isStalled && receivedAt === this.#receivedAt) this.#settings.onStalled(since);
    else this.#wait(this.#settings.afterMs);
  }

  /** Whether customers have written in subscribed conversations since then. */
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

  /** Only inbound messages are proof: not every server announces outbound ones. */
  async #hasWritten(id: string, since: number): Promise<boolean> {
    let left = MAX_CHECKED_ITEMS;
    for await (const message of this.#rest.conversations.eachMessage(id, { limit: MAX_CHECKED_ITEMS })) {
      const time = timeOf(message.createdAt);
      // A time in the future proves nothing: it was there before, and will be there next time.
      if (time > since && time <= this.#serverTime.now && message.direction === 'inbound') return true;
      left--;
      if (left === 0) return false;
    }
    return false;
  }
}

/** Called for every event. Most times have the same notation, so only the others are parsed. */
function isLater(one: string, other: string | undefined): boolean {
  return one.length === other?.length ? one > other : timeOf(one) > timeOf(other);
}
