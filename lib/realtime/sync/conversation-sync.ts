import type { ConversationFilter } from '../../contract/index';
import type { Conversation } from '../../model';
import { MAX_LISTED_CONVERSATIONS, MAX_RECHECKED_CONVERSATIONS } from '../bounds';
import type { Bus } from '../bus/bus';
import type { ConversationCache } from '../conversation-cache';
import type { Interest } from '../interest';
import { isPermanent, LIST_PAGE_SIZE, type SyncRest, walk } from '../rest';
import type { ServerTime } from '../server-time';
import type { Socket } from '../socket/connection';
import { activityOf } from '../time';
import { Backfill } from './backfill';
import { Baseline } from './baseline';
import type { GapReporter } from './gap-reporter';
import { type Listing, type ListingRequest, NEWEST_FIRST } from './listing';
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
  /** milliseconds during which an unreachable server is retried for the messages of one conversation */
  persistenceMs: number;
  /** the gap of a conversation will not be filled */
  onProblem(error: unknown): void;
}

/**
 * Discovers conversations. The socket announces no new ones (contract 2.1), so they are listed: all open ones on
 * connect, then active ones. Messages since the last listing are fetched.
 */
export class ConversationSync {
  readonly #parts: SyncParts;
  readonly #settings: SyncSettings;
  readonly #backfill: Backfill;
  readonly #baseline: Baseline;
  /** newest activity of all listings, in milliseconds of the SERVER's clock, so that clock skew has no effect */
  #watermark: number | undefined;
  /** the newest activity of the last listing, and the connection at that time */
  #lastListing: { connection: number; newestActivity: number } | undefined;
  /** subscribed since the last listing: a message may precede the subscription at the server */
  readonly #justSubscribed = new Set<string>();
  /** conversations wanted after the watermark, with their start in milliseconds of the server's clock */
  readonly #wantedSince = new Map<string, number>();
  /** conversations already being fetched in this round */
  #round = { number: 0, ids: new Set<string>() };

  constructor(parts: SyncParts, settings: SyncSettings) {
    this.#parts = parts;
    this.#settings = settings;
    this.#backfill = new Backfill(parts, settings.persistenceMs);
    this.#baseline = new Baseline(parts);
  }

  /** Start of a gap, if one occurred now, in milliseconds of the server's clock; undefined before the first listing. */
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

  /** Skip events up to the next listing. */
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
   * List, subscribe, and fetch missed events.
   * @throws LinktorError when the server cannot be reached; the next listing then starts from the old watermark
   */
  async sync(request: ListingRequest): Promise<void> {
    await this.finish([await this.list(request)]);
  }

  /**
   * List and subscribe. Missed events are still being fetched afterwards: {@link finish}.
   * @throws LinktorError when the server cannot be reached
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
      // Only the newest ones are checked, and those with a time in the future.
      if (since === undefined && activity >= newestActivity) baseline.push({ id, activity });
      return true;
    }).finally(watch.end);
    const truncated = isEnded || rows > MAX_LISTED_CONVERSATIONS;
    if (truncated && gap) gaps.report('truncated', since);
    const fetches = this.#catchUpAll(missed, round);
    if (!truncated) fetches.push(...[...open].slice(0, MAX_RECHECKED_CONVERSATIONS).map((id) => this.#recheck(id)));
    await this.#baseline.skip(
      baseline.filter(({ activity }) => activity >= newestActivity).map(({ id }) => id),
      newestActivity,
    );
    const fetched = succeeded(fetches).then(() => {
      for (const id of justSubscribed) this.#justSubscribed.delete(id);
    });
    // The caller may not await it yet: rejections are handled in finish().
    fetched.catch(() => {});
    return { all, gap, connection, newestActivity, subscribed, fetched };
  }

  /** Wait until the missed events of these listings are fetched, then advance the watermark. */
  async finish(listings: readonly Listing[]): Promise<void> {
    await Promise.all(listings.map(({ fetched }) => fetched));
    for (const { gap, connection, newestActivity } of listings) {
      const since = this.#watermark;
      const last = this.#lastListing;
      if (since === undefined) this.startFrom(newestActivity);
      else if (gap) this.#advance(Math.max(since, newestActivity));
      // Without a gap the socket brings the messages, but a frame may be in transit, or lost with its connection.
      // Events of the previous listing have arrived by now, if the connection is the same.
      else if (last?.connection === connection) this.#advance(Math.max(since, last.newestActivity));
      this.#lastListing = { connection, newestActivity };
    }
    this.#parts.interest.sweep((id) => this.#parts.conversations.peek(id)?.status === 'open');
  }

  /** Store a listed conversation, unless a change of it was announced after the request. */
  #learn(listed: Conversation, changed: ReadonlySet<string>, report: boolean): void {
    const { conversations, gaps } = this.#parts;
    const before = conversations.peek(listed.id);
    if (before && changed.has(listed.id)) return;
    conversations.put(listed);
    if (before && report) gaps.change(before, listed);
  }

  /** Check a conversation that was open, and is no longer listed as open. */
  async #recheck(id: string): Promise<void> {
    const { conversations, gaps, interest } = this.#parts;
    const before = conversations.peek(id);
    if (!before || !interest.isSubscribed(id)) return;
    const watch = conversations.watch();
    const now = await conversations.fetch(id);
    watch.end();
    if (now && !watch.changed.has(id)) gaps.change(before, now);
  }

  /** It was subscribed too late, or the socket has omitted its newest message although it seems alive. */
  #mayBeMissed({ id, lastMessage }: Conversation): boolean {
    const { bus, interest } = this.#parts;
    if (this.#justSubscribed.has(id) || !interest.isSubscribed(id)) return true;
    return lastMessage !== undefined && !bus.isDelivered(lastMessage.id);
  }

  /** All its messages have already been fetched. */
  #isFetched(conversation: Conversation): boolean {
    const { id, lastMessage } = conversation;
    const fetchedUpTo = this.#backfill.fetchedUpTo(id);
    const activity = activityOf(conversation);
    if (activity !== fetchedUpTo) return activity < fetchedUpTo;
    return lastMessage !== undefined && this.#parts.bus.isDelivered(lastMessage.id);
  }

  /**
   * Fetch several conversations. An unreadable one must not block the others.
   * @returns a promise for each, which rejects with temporary failures
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

  /** Only set the watermark, for a later {@link catchUp}. */
  async begin(): Promise<void> {
    this.startFrom(await this.#baseline.begin());
  }

  /** These conversations are wanted from now on: their messages since the watermark are not a gap. */
  async enter(ids: readonly string[]): Promise<void> {
    for await (const newest of this.#parts.rest.conversations.each({ limit: 1, ...NEWEST_FIRST })) {
      const since = this.#parts.serverTime.clamp(activityOf(newest)) + 1;
      for (const id of ids) this.#wantedSince.set(id, since);
      return;
    }
  }

  /** Subscribe a conversation, and fetch its messages from before the subscription. */
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

/** @returns a promise that resolves when all have ended; it rejects when one of them did */
async function succeeded(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
