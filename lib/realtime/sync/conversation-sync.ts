import type { ConversationFilter, MessageFilter } from '../../contract/index';
import type { Conversation, Message } from '../../model';
import { ConversationCache } from '../conversation-cache';
import { activityOf, each, isLasting, timeOf } from '../time';
import { Backfill, type CatchupSettings } from './backfill';

/** What the roster asks by REST. Both lists return true at their end when there were more than the server shows. */
export interface Rest {
  conversations: {
    each(filter: ConversationFilter): AsyncGenerator<Conversation>;
    get(id: string): Promise<Conversation>;
    eachMessage(id: string, filter: MessageFilter): AsyncGenerator<Message>;
  };
}

export interface RosterSettings extends CatchupSettings {
  /** ask for the live events of a conversation */
  subscribe(conversationId: string): void;
  /** this message has been told, or is about to be */
  heard(messageId: string): boolean;
  /** its live events are being heard already */
  hears(conversationId: string): boolean;
  /** somebody wants to hear of it */
  wants?(conversationId: string): boolean;
  /** a message that is older than our interest */
  onKnown(message: Message): void;
  /** the listing says of a known conversation what nobody has told */
  onListed?(before: Conversation, listed: Conversation): void;
  /** in the listing after a gap, the newest message of a conversation */
  onStatus?(message: Message): void;
  /** there were more conversations than the server shows */
  onTruncated?(since: number | undefined): void;
  /** a conversation that will not be asked again about what was missed in it */
  onProblem(error: unknown): void;
}

/** Which conversations to list. */
export interface Look {
  /** every open conversation, not only those with news */
  all: boolean;
  /** the live events of the conversations that we hear may have holes as well */
  gap: boolean;
  /** which connection brings the live events just now */
  connection: number;
  /** listings of the same round need not have fetched twice what the first of them has shown */
  round?: number;
}

/** What a listing has shown. */
export interface Listing extends Look {
  /** the newest activity in it, milliseconds of the server's clock */
  newest: number;
  /** conversations without news have been subscribed that were not before */
  subscribed: boolean;
  /** when all that it showed to be missed has been fetched; rejects with what may pass with time */
  fetched: Promise<void>;
}

const page = 100;

/**
 * Which conversations there are. The socket announces no new ones (contract 2.1), so they are listed: all open ones at
 * connect, then those with news. What was said in them since the last listing is fetched.
 */
export class ConversationSync {
  readonly #settings: RosterSettings;
  readonly conversations: ConversationCache;
  readonly #catchup: Backfill;
  /** newest activity seen in a listing, in milliseconds of the SERVER's clock, so that no clock skew matters */
  #watermark: number | undefined;
  /** how far the last listing went, and which connection there was */
  #listed: { connection: number; newest: number } | undefined;
  /** subscribed since the last listing; something may have been said before the server knew of it */
  readonly #fresh = new Set<string>();
  /** of interest from later on than the mark */
  readonly #entered = new Map<string, number>();
  /** being fetched in this round already: what is said from then on is heard */
  #round = { number: 0, ids: new Set<string>() };

  constructor(settings: RosterSettings) {
    this.#settings = settings;
    this.conversations = new ConversationCache((id) => settings.rest.conversations.get(id));
    this.#catchup = new Backfill(settings);
  }

  /** From when on a gap could be filled, in milliseconds of the server's clock. */
  get mark(): number | undefined {
    return this.#watermark;
  }

  /** What was said since then is of interest. @param time milliseconds of the server's clock */
  markFrom(time: number): void {
    this.conversations.newFrom(time);
    this.#move(time);
  }

  #move(time: number): void {
    this.#watermark = time;
    this.#catchup.passed(time);
    for (const [id, since] of this.#entered) if (since <= time) this.#entered.delete(id);
  }

  /** What has been said up to the next listing is of no interest. */
  forget(): void {
    this.#watermark = undefined;
    this.#entered.clear();
    this.#catchup.passed(Number.POSITIVE_INFINITY);
    this.conversations.newFrom(Number.POSITIVE_INFINITY);
  }

  close(): void {
    this.#catchup.close();
  }

  /**
   * List, subscribe, and fetch what was missed.
   * @throws LinktorError when the server cannot be asked; the next listing then starts from the old mark
   */
  async sync(look: Look): Promise<void> {
    await this.finish([await this.list(look)]);
  }

  /**
   * List and subscribe. What was missed is being fetched when this has been done: {@link finish}.
   * @throws LinktorError when the server cannot be asked
   */
  async list({ all, gap, connection, round }: Look): Promise<Listing> {
    const since = this.#watermark;
    const filter: ConversationFilter = { limit: page, sortBy: 'lastMessageAt', sortOrder: 'desc' };
    if (all) filter.status = 'open';
    let newest = since ?? 0;
    let subscribed = false;
    const news = new Set<string>();
    const latest: { id: string; active: number }[] = [];
    const fresh = [...this.#fresh];
    const watch = this.conversations.watch();
    const open = all && since !== undefined ? new Set(this.conversations.ids('open')) : new Set<string>();
    const truncated = await each(this.#settings.rest.conversations.each(filter), (conversation) => {
      const { id, lastMessage } = conversation;
      const active = activityOf(conversation);
      if (!all && since !== undefined && active < since) return false;
      newest = Math.max(newest, active);
      if (this.#settings.wants?.(id) === false) return true;
      open.delete(id);
      this.#learn(conversation, watch.touched, since !== undefined);
      if (lastMessage && since === undefined) this.#settings.onKnown(lastMessage);
      else if (lastMessage && gap) this.#settings.onStatus?.(lastMessage);
      if (since !== undefined && active >= since && (gap || this.#isUnheard(conversation))) {
        if (!this.#has(conversation)) news.add(id);
      }
      if (!news.has(id)) {
        subscribed ||= !this.#settings.hears(id);
        this.#settings.subscribe(id);
      }
      if (since === undefined) latest.push({ id, active });
      return true;
    }).finally(watch.end);
    if (truncated && gap) this.#settings.onTruncated?.(since);
    const fetches = this.#catchUpAll(news, round);
    if (!truncated) fetches.push(...[...open].slice(0, page).map((id) => this.#look(id)));
    for (const { id, active } of latest) if (active === newest) await this.#skip(id, newest);
    const fetched = succeeded(fetches).then(() => {
      for (const id of fresh) this.#fresh.delete(id);
    });
    // Nobody may be waiting for it yet.
    fetched.catch(() => {});
    return { all, gap, connection, newest, subscribed, fetched };
  }

  /** Wait for what these listings have shown to be missed, and start from there the next time. */
  async finish(listings: readonly Listing[]): Promise<void> {
    await Promise.all(listings.map(({ fetched }) => fetched));
    for (const { gap, connection, newest } of listings) {
      const since = this.#watermark;
      if (since === undefined) this.markFrom(newest);
      else if (gap) this.#move(Math.max(since, newest));
      // Here we rely on the socket, and a frame may still be on its way, or lost with its connection: what was listed
      // the last time has been heard by now if the connection has lasted.
      else if (this.#listed?.connection === connection) this.#move(Math.max(since, this.#listed.newest));
      this.#listed = { connection, newest };
    }
  }

  /** What the server has told since the listing was asked for is younger than the listing. */
  #learn(listed: Conversation, touched: ReadonlySet<string>, tell: boolean): void {
    const before = this.conversations.peek(listed.id);
    if (before && touched.has(listed.id)) return;
    this.conversations.know(listed);
    if (before && tell) this.#settings.onListed?.(before, listed);
  }

  /** It was open, and is not among the open ones any more. */
  async #look(id: string): Promise<void> {
    const before = this.conversations.peek(id);
    if (!before || !this.#settings.hears(id)) return;
    const watch = this.conversations.watch();
    const now = await this.conversations.fetch(id).finally(watch.end);
    if (now && !watch.touched.has(id)) this.#settings.onListed?.(before, now);
  }

  /** Nobody hears it, or a connection that looks alive has kept its newest message from us. */
  #isUnheard({ id, lastMessage }: Conversation): boolean {
    if (this.#fresh.has(id) || !this.#settings.hears(id)) return true;
    return lastMessage !== undefined && !this.#settings.heard(lastMessage.id);
  }

  /** All that was said in it has been fetched already. */
  #has(conversation: Conversation): boolean {
    const { id, lastMessage } = conversation;
    const reached = this.#catchup.reached(id);
    const active = activityOf(conversation);
    return (
      active < reached || (active === reached && lastMessage !== undefined && this.#settings.heard(lastMessage.id))
    );
  }

  /**
   * One conversation that cannot be asked must not keep us from the others.
   * @returns when each has been fetched; rejects with what may pass with time
   */
  #catchUpAll(ids: ReadonlySet<string>, round = 0): Promise<void>[] {
    if (round !== this.#round.number) this.#round = { number: round, ids: new Set() };
    const { ids: asked } = this.#round;
    return [...ids].flatMap((id) => {
      if (round > 0 && asked.has(id)) return [];
      asked.add(id);
      const fetched = this.#settings.hears(id) ? this.catchUp(id) : this.discover(id);
      this.#settings.subscribe(id);
      return fetched.catch((error: unknown) => {
        asked.delete(id);
        if (!isLasting(error)) throw error;
        this.#settings.onProblem(error);
      });
    });
  }

  /** What was said at the mark itself was said before it. */
  async #skip(id: string, mark: number): Promise<void> {
    for await (const message of this.#settings.rest.conversations.eachMessage(id, { limit: page })) {
      const time = timeOf(message.createdAt);
      if (time < mark) return;
      if (time === mark) this.#settings.onKnown(message);
    }
  }

  /** Only note where we stand, for a later {@link catchUp}. */
  async begin(): Promise<void> {
    let mark = 0;
    const listing = this.#settings.rest.conversations.each({ limit: 20, sortBy: 'lastMessageAt', sortOrder: 'desc' });
    for await (const conversation of listing) {
      const active = activityOf(conversation);
      if (active < mark) break;
      mark = active;
      if (conversation.lastMessage) this.#settings.onKnown(conversation.lastMessage);
      await this.#skip(conversation.id, mark);
    }
    this.markFrom(mark);
  }

  /** Somebody wants to hear of these from now on: what was said in them since the mark is no gap. */
  async enter(ids: readonly string[]): Promise<void> {
    const listing = this.#settings.rest.conversations.each({ limit: 1, sortBy: 'lastMessageAt', sortOrder: 'desc' });
    for await (const newest of listing) {
      for (const id of ids) this.#entered.set(id, activityOf(newest) + 1);
      return;
    }
  }

  /** Subscribe a conversation and fetch what was said in it before the subscription stood. */
  async discover(id: string): Promise<void> {
    const caughtUp = this.catchUp(id);
    this.#fresh.add(id);
    this.#settings.subscribe(id);
    await caughtUp;
  }

  /** Fetch what was said in one conversation since the last listing; its live events wait for that. */
  async catchUp(id: string): Promise<void> {
    if (this.#watermark === undefined) return;
    const since = Math.max(this.#watermark, this.#entered.get(id) ?? 0);
    await this.#catchup.fetch(id, since, this.#fresh.has(id) || !this.#settings.hears(id));
  }
}

/** @returns when all have ended; rejects when one of them did */
async function succeeded(all: readonly Promise<void>[]): Promise<void> {
  const failed = (await Promise.allSettled(all)).find((one) => one.status === 'rejected');
  if (failed) throw (failed as PromiseRejectedResult).reason;
}
