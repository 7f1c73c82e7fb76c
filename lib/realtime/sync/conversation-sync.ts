import type { ConversationFilter } from '../../contract/index';
import type { Conversation } from '../../model';
import {
  MAX_BASELINE_CONVERSATIONS,
  MAX_BASELINE_MESSAGES,
  MAX_LISTED_CONVERSATIONS,
  MAX_RECHECKED_CONVERSATIONS,
} from '../bounds';
import type { Bus } from '../bus/bus';
import type { ConversationCache } from '../conversation-cache';
import type { Interest } from '../interest';
import { isPermanent, LIST_PAGE_SIZE, type SyncRest, walk } from '../rest';
import type { ServerTime } from '../server-time';
import type { Socket } from '../socket/connection';
import { activityOf, timeOf } from '../time';
import { Backfill } from './backfill';
import type { GapReporter } from './gap-reporter';
import { OlderRows } from './older-rows';

export interface SyncParts {
  rest: SyncRest;
  conversations: ConversationCache;
  bus: Pick<Bus, 'isDelivered' | 'skip'>;
  gaps: Pick<GapReporter, 'backfill' | 'change' | 'status' | 'report'>;
  interest: Pick<Interest, 'isWanted' | 'isSubscribed' | 'discover' | 'sweep'>;
  socket: Pick<Socket, 'settled'>;
  serverTime: ServerTime;
}

export interface SyncSettings {
  /** milliseconds that a server which cannot answer is asked again for the messages of one conversation */
  persistenceMs: number;
  /** a conversation whose gap will not be filled */
  onProblem(error: unknown): void;
}

/** Which conversations to list. */
export interface ListingRequest {
  /** every open conversation, not only those with activity since the watermark */
  all: boolean;
  /** the live events of subscribed conversations may have holes as well */
  gap: boolean;
  /** the number of the connection that brings the live events just now */
  connection: number;
  /** what the first listing of a round has shown is not fetched again by later ones of the same round */
  round?: number;
}

/** What a listing has shown. */
export interface Listing extends ListingRequest {
  /** milliseconds of the server's clock, and never in the future */
  newestActivity: number;
  /** it has subscribed conversations without activity since the watermark */
  subscribed: boolean;
  /** when all that it showed to be missed has been fetched; rejects with what may pass */
  fetched: Promise<void>;
}

const NEWEST_FIRST = { sortBy: 'lastMessageAt', sortOrder: 'desc' } as const;
const NEWEST_LISTING_SIZE = 20;

/**
 * Which conversations there are. The socket announces no new ones (contract 2.1), so they are listed: all open ones at
 * connect, then those with activity. Messages since the last listing are fetched.
 */
export class ConversationSync {
  readonly #parts: SyncParts;
  readonly #settings: SyncSettings;
  readonly #backfill: Backfill;
  /** newest activity that a listing has shown, in milliseconds of the SERVER's clock, so that no clock skew matters */
  #watermark: number | undefined;
  /** the newest activity in the last listing, and the connection at that time */
  #lastListing: { connection: number; newestActivity: number } | undefined;
  /** subscribed since the last listing: a message may have been written before the server knew of the subscription */
  readonly #justSubscribed = new Set<string>();
  /** conversations wanted later than the watermark, and since when, milliseconds of the server's clock */
  readonly #wantedSince = new Map<string, number>();
  /** conversations that are being fetched in this round already */
  #round = { number: 0, ids: new Set<string>() };

  constructor(parts: SyncParts, settings: SyncSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#backfill = new Backfill(parts, settings.persistenceMs);
  }

  /** Where a gap would begin, in milliseconds of the server's clock; undefined before the first listing. */
  get watermark(): number | undefined {
    return this.#watermark;
  }

  /** Events since this time are wanted. @param given milliseconds of the server's clock */
  startFrom(given: number): void {
    const time = this.#parts.serverTime.clamp(given);
    this.#parts.conversations.newFrom(time);
    this.#advance(time);
  }

  #advance(time: number): void {
    this.#watermark = time;
    this.#backfill.forgetUpTo(time);
    for (const [id, since] of this.#wantedSince) if (since <= time) this.#wantedSince.delete(id);
  }

  /** Events up to the next listing are not wanted. */
  forget(): void {
    this.#watermark = undefined;
    this.#wantedSince.clear();
    this.#backfill.forgetUpTo(Number.POSITIVE_INFINITY);
    this.#parts.conversations.newFrom(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#backfill.close();
  }

  /**
   * List, subscribe, and fetch what was missed.
   * @throws LinktorError when the server cannot be asked; the next listing then starts from the old watermark
   */
  async sync(request: ListingRequest): Promise<void> {
    await this.finish([await this.list(request)]);
  }

  /**
   * List and subscribe. What was missed is still being fetched afterwards: {@link finish}.
   * @throws LinktorError when the server cannot be asked
   */
  async list({ all, gap, connection, round }: ListingRequest): Promise<Listing> {
    const { rest, conversations, bus, gaps, interest, serverTime } = this.#parts;
    const since = this.#watermark;
    const older = new OlderRows();
    let rows = 0;
    const filter: ConversationFilter = { limit: LIST_PAGE_SIZE, ...NEWEST_FIRST };
    if (all) filter.status = 'open';
    let newestActivity = since ?? 0;
    let subscribed = false;
    const missed = new Set<string>();
    const baseline: { id: string; activity: number }[] = [];
    const justSubscribed = [...this.#justSubscribed];
    const watch = conversations.watch();
    const open = all && since !== undefined ? new Set(conversations.ids('open')) : new Set<string>();
    const isEnded = await walk(rest.conversations.each(filter), (conversation) => {
      const { id, lastMessage } = conversation;
      const activity = activityOf(conversation);
      rows++;
      if (rows > MAX_LISTED_CONVERSATIONS) return false;
      if (!all && since !== undefined && activity < since) return older.goesOn(activity);
      older.reset();
      newestActivity = Math.max(newestActivity, serverTime.clamp(activity));
      if (!interest.isWanted(id)) return true;
      open.delete(id);
      this.#learn(conversation, watch.changed, since !== undefined);
      if (lastMessage && since === undefined) bus.skip(lastMessage);
      else if (lastMessage && gap) gaps.status(lastMessage);
      if (since !== undefined && activity >= since && (gap || this.#mayBeMissed(conversation))) {
        if (!this.#isFetched(conversation)) missed.add(id);
      }
      if (!missed.has(id)) {
        subscribed ||= !interest.isSubscribed(id);
        interest.discover(id);
      }
      // Only the newest of them are looked at, and those that claim to be newer than now.
      if (since === undefined && activity >= newestActivity) baseline.push({ id, activity });
      return true;
    }).finally(watch.end);
    const truncated = isEnded || rows > MAX_LISTED_CONVERSATIONS;
    if (truncated && gap) gaps.report('truncated', since);
    const fetches = this.#catchUpAll(missed, round);
    if (!truncated) fetches.push(...[...open].slice(0, MAX_RECHECKED_CONVERSATIONS).map((id) => this.#recheck(id)));
    const newest = baseline.filter(({ activity }) => activity >= newestActivity);
    for (const { id } of newest.slice(0, MAX_BASELINE_CONVERSATIONS)) await this.#skipFrom(id, newestActivity);
    const fetched = succeeded(fetches).then(() => {
      for (const id of justSubscribed) this.#justSubscribed.delete(id);
    });
    // The caller may not be waiting for it yet: a rejection is handled in finish().
    fetched.catch(() => {});
    return { all, gap, connection, newestActivity, subscribed, fetched };
  }

  /** Wait for what these listings have shown to be missed, then advance the watermark. */
  async finish(listings: readonly Listing[]): Promise<void> {
    await Promise.all(listings.map(({ fetched }) => fetched));
    for (const { gap, connection, newestActivity } of listings) {
      const since = this.#watermark;
      const last = this.#lastListing;
      if (since === undefined) this.startFrom(newestActivity);
      else if (gap) this.#advance(Math.max(since, newestActivity));
      // Without a gap the socket brings the messages, and a frame may still be on its way or be lost with its
      // connection. What the listing before has shown has arrived by now, if the connection is still the same.
      else if (last?.connection === connection) this.#advance(Math.max(since, last.newestActivity));
      this.#lastListing = { connection, newestActivity };
    }
    this.#parts.interest.sweep((id) => this.#parts.conversations.peek(id)?.status === 'open');
  }

  /** Take over a listed conversation, unless a change of it was announced after the listing had been asked for. */
  #learn(listed: Conversation, changed: ReadonlySet<string>, report: boolean): void {
    const { conversations, gaps } = this.#parts;
    const before = conversations.peek(listed.id);
    if (before && changed.has(listed.id)) return;
    conversations.put(listed);
    if (before && report) gaps.change(before, listed);
  }

  /** It was open, and is not listed among the open ones any more. */
  async #recheck(id: string): Promise<void> {
    const { conversations, gaps, interest } = this.#parts;
    const before = conversations.peek(id);
    if (!before || !interest.isSubscribed(id)) return;
    const watch = conversations.watch();
    const now = await conversations.fetch(id);
    watch.end();
    if (now && !watch.changed.has(id)) gaps.change(before, now);
  }

  /** The socket was not asked for it in time, or has kept its newest message from us although it looks alive. */
  #mayBeMissed({ id, lastMessage }: Conversation): boolean {
    const { bus, interest } = this.#parts;
    if (this.#justSubscribed.has(id) || !interest.isSubscribed(id)) return true;
    return lastMessage !== undefined && !bus.isDelivered(lastMessage.id);
  }

  /** All messages of it have been fetched already. */
  #isFetched(conversation: Conversation): boolean {
    const { id, lastMessage } = conversation;
    const fetchedUpTo = this.#backfill.fetchedUpTo(id);
    const activity = activityOf(conversation);
    if (activity !== fetchedUpTo) return activity < fetchedUpTo;
    return lastMessage !== undefined && this.#parts.bus.isDelivered(lastMessage.id);
  }

  /**
   * One conversation that cannot be read must not keep us from the others.
   * @returns when each has been fetched; rejects with what may pass
   */
  #catchUpAll(ids: ReadonlySet<string>, round = 0): Promise<void>[] {
    const { interest } = this.#parts;
    if (round !== this.#round.number) this.#round = { number: round, ids: new Set() };
    const { ids: asked } = this.#round;
    return [...ids].flatMap((id) => {
      if (round > 0 && asked.has(id)) return [];
      asked.add(id);
      const fetched = interest.isSubscribed(id) ? this.catchUp(id) : this.discover(id);
      interest.discover(id);
      return fetched.catch((error: unknown) => {
        asked.delete(id);
        if (!isPermanent(error)) throw error;
        this.#settings.onProblem(error);
      });
    });
  }

  /** Messages at the watermark itself, or with a time in the future, were written before we came. */
  async #skipFrom(id: string, watermark: number): Promise<void> {
    const older = new OlderRows();
    let read = 0;
    await walk(this.#parts.rest.conversations.eachMessage(id, { limit: LIST_PAGE_SIZE }), (message) => {
      const time = timeOf(message.createdAt);
      read++;
      if (time < watermark) return older.goesOn(time);
      older.reset();
      this.#parts.bus.skip(message);
      return read < MAX_BASELINE_MESSAGES;
    });
  }

  /** Only set the watermark, for a later {@link catchUp}. */
  async begin(): Promise<void> {
    const { rest, bus, serverTime } = this.#parts;
    let watermark = 0;
    let rows = 0;
    for await (const conversation of rest.conversations.each({ limit: NEWEST_LISTING_SIZE, ...NEWEST_FIRST })) {
      const activity = activityOf(conversation);
      rows++;
      if (rows > NEWEST_LISTING_SIZE) break;
      // Without a time a row says nothing about the others.
      if (activity === 0) continue;
      if (activity < watermark) break;
      watermark = serverTime.clamp(activity);
      if (conversation.lastMessage) bus.skip(conversation.lastMessage);
      await this.#skipFrom(conversation.id, watermark);
    }
    this.startFrom(watermark);
  }

  /** These conversations are wanted from now on: what was written in them since the watermark is no gap. */
  async enter(ids: readonly string[]): Promise<void> {
    for await (const newest of this.#parts.rest.conversations.each({ limit: 1, ...NEWEST_FIRST })) {
      const since = this.#parts.serverTime.clamp(activityOf(newest)) + 1;
      for (const id of ids) this.#wantedSince.set(id, since);
      return;
    }
  }

  /** Subscribe a conversation and fetch its messages from before the subscription stood. */
  async discover(id: string): Promise<void> {
    const caughtUp = this.catchUp(id);
    this.#justSubscribed.add(id);
    if (this.#justSubscribed.size > MAX_LISTED_CONVERSATIONS) {
      this.#justSubscribed.delete(this.#justSubscribed.values().next().value as string);
    }
    this.#parts.interest.discover(id);
    await caughtUp;
  }

  /** Fetch the messages of one conversation since the watermark; its live events wait for them. */
  async catchUp(id: string): Promise<void> {
    if (this.#watermark === undefined) return;
    const since = Math.max(this.#watermark, this.#wantedSince.get(id) ?? 0);
    const wasUnsubscribed = this.#justSubscribed.has(id) || !this.#parts.interest.isSubscribed(id);
    await this.#backfill.fetch(id, since, wasUnsubscribed);
  }
}

/** @returns when all have ended; rejects when one of them did */
async function succeeded(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
