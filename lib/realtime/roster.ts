import type { ConversationFilter, MessageFilter } from '../contract';
import { LinktorError } from '../errors';
import type { Conversation, Message } from '../model';

/** What the roster asks by REST. */
export interface Rest {
  conversations: {
    each(filter: ConversationFilter): AsyncGenerator<Conversation>;
    get(id: string): Promise<Conversation>;
    eachMessage(id: string, filter: MessageFilter): AsyncGenerator<Message>;
  };
}

export interface RosterSettings {
  rest: Rest;
  /** ask for the live events of a conversation */
  subscribe(conversationId: string): void;
  /** when the server knows of the subscriptions made so far */
  settled(): Promise<void>;
  /** this message has been told, or is about to be */
  heard(messageId: string): boolean;
  /** its live events are being heard already */
  hears(conversationId: string): boolean;
  /** messages that the socket did not bring, oldest first, as soon as they have been fetched */
  onMissed(conversationId: string, messages: Promise<Message[]>): void;
  /** a message that is older than our interest */
  onKnown(messageId: string): void;
  /** a conversation that will not be asked again about what was missed in it */
  onProblem(error: unknown): void;
}

const page = 100;
const mostKnown = 20_000;

/**
 * Which conversations there are. The socket announces no new ones (contract 2.1), so they are listed: all open ones at
 * connect, then those with news. What was said in them since the last listing is fetched.
 */
export class Roster {
  readonly #settings: RosterSettings;
  readonly #known = new Map<string, Conversation>();
  readonly #fetching = new Map<string, Promise<Conversation | undefined>>();
  /** newest activity seen in a listing, in milliseconds of the SERVER's clock, so that no clock skew matters */
  #watermark: number | undefined;
  /** how far the last listing went, and which connection there was */
  #listed: { connection: number; newest: number } | undefined;
  /** subscribed since the last listing; something may have been said before the server knew of it */
  readonly #fresh = new Set<string>();

  constructor(settings: RosterSettings) {
    this.#settings = settings;
  }

  /** The conversation, from memory or by one request; events of a conversation that nobody can get go without. */
  get(id: string): Conversation | undefined | Promise<Conversation | undefined> {
    const known = this.#known.get(id);
    if (known) return known;
    let fetching = this.#fetching.get(id);
    if (!fetching) {
      fetching = this.#settings.rest.conversations
        .get(id)
        .then((conversation) => {
          this.#know(conversation);
          return conversation;
        })
        .catch(() => undefined)
        .finally(() => this.#fetching.delete(id));
      this.#fetching.set(id, fetching);
    }
    return fetching;
  }

  /** There is a mark from which a gap could be filled. */
  get marked(): boolean {
    return this.#watermark !== undefined;
  }

  /** What has been said up to the next listing is of no interest. */
  forget(): void {
    this.#watermark = undefined;
  }

  /** Those that were in use last; the others can be asked for again. */
  #know(conversation: Conversation): void {
    this.#known.delete(conversation.id);
    this.#known.set(conversation.id, conversation);
    if (this.#known.size > mostKnown) this.#known.delete(this.#known.keys().next().value as string);
  }

  /** The server said what changed: so much need not be asked for. */
  update(id: string, changes: Partial<Conversation>): void {
    const known = this.#known.get(id);
    if (known) this.#known.set(id, { ...known, ...changes });
  }

  /**
   * List, subscribe, and fetch what was missed.
   * @param all list every open conversation, not only those with news
   * @param gap the live events of the conversations that we hear may have holes as well
   * @param connection which connection brings the live events just now
   * @throws LinktorError when the server cannot be asked; the next listing then starts from the old mark
   */
  async sync({ all, gap, connection }: { all: boolean; gap: boolean; connection: number }): Promise<void> {
    const since = this.#watermark;
    const filter: ConversationFilter = { limit: page, sortBy: 'lastMessageAt', sortOrder: 'desc' };
    if (all) filter.status = 'open';
    let newest = since ?? 0;
    const news: string[] = [];
    const latest: { id: string; active: number }[] = [];
    const fresh = [...this.#fresh];
    for await (const conversation of this.#settings.rest.conversations.each(filter)) {
      const active = activityOf(conversation);
      if (!all && since !== undefined && active < since) break;
      newest = Math.max(newest, active);
      this.#know(conversation);
      if (since === undefined && conversation.lastMessage) this.#settings.onKnown(conversation.lastMessage.id);
      const unheard = gap || this.#isUnheard(conversation);
      if (since !== undefined && active >= since && unheard) news.push(conversation.id);
      else this.#settings.subscribe(conversation.id);
      if (since === undefined) latest.push({ id: conversation.id, active });
    }
    await this.#catchUpAll(news);
    for (const { id, active } of latest) if (active === newest) await this.#skip(id, newest);
    for (const id of fresh) this.#fresh.delete(id);
    if (gap || since === undefined) this.#watermark = newest;
    // Here we rely on the socket, and a frame may still be on its way, or lost with its connection: what was listed
    // the last time has been heard by now if the connection has lasted.
    else if (this.#listed?.connection === connection) this.#watermark = Math.max(since, this.#listed.newest);
    this.#listed = { connection, newest };
  }

  /** Nobody hears it, or a connection that looks alive has kept its newest message from us. */
  #isUnheard({ id, lastMessage }: Conversation): boolean {
    if (this.#fresh.has(id) || !this.#settings.hears(id)) return true;
    return lastMessage !== undefined && !this.#settings.heard(lastMessage.id);
  }

  /** One conversation that cannot be asked must not keep us from the others. @throws what may pass with time */
  async #catchUpAll(ids: readonly string[]): Promise<void> {
    let passing: unknown;
    for (const id of ids) {
      try {
        await (this.#settings.hears(id) ? this.catchUp(id) : this.discover(id));
      } catch (error) {
        if (error instanceof LinktorError && !error.cause.retryable) this.#settings.onProblem(error);
        else passing = error;
      }
    }
    if (passing !== undefined) throw passing;
  }

  /** What was said at the mark itself was said before it. */
  async #skip(id: string, mark: number): Promise<void> {
    for await (const message of this.#settings.rest.conversations.eachMessage(id, { limit: page })) {
      const time = timeOf(message.createdAt);
      if (time < mark) return;
      if (time === mark) this.#settings.onKnown(message.id);
    }
  }

  /** Only note where we stand, for a later {@link catchUp}. */
  async mark(): Promise<void> {
    for await (const newest of this.#settings.rest.conversations.each({
      limit: 1,
      sortBy: 'lastMessageAt',
      sortOrder: 'desc',
    })) {
      const active = activityOf(newest);
      if (newest.lastMessage) this.#settings.onKnown(newest.lastMessage.id);
      await this.#skip(newest.id, active);
      this.#watermark = active;
      return;
    }
    this.#watermark = 0;
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
    const since = this.#watermark;
    if (since === undefined) return;
    // The fetch begins when the subscription stands, so that no message falls between the two.
    const missed = Promise.resolve()
      .then(() => this.#settings.settled())
      .then(() => this.#missed(id, since));
    this.#settings.onMissed(id, missed);
    await missed;
  }

  async #missed(id: string, since: number): Promise<Message[]> {
    const missed: Message[] = [];
    for await (const message of this.#settings.rest.conversations.eachMessage(id, { limit: page })) {
      if (timeOf(message.createdAt) < since) break;
      missed.push(message);
    }
    return missed.reverse();
  }
}

function activityOf(conversation: Conversation): number {
  return timeOf(conversation.lastMessageAt ?? conversation.createdAt);
}

function timeOf(iso: string | undefined): number {
  const time = iso === undefined ? Number.NaN : Date.parse(iso);
  return Number.isFinite(time) ? time : 0;
}
