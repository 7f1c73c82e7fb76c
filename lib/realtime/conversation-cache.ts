import type { Conversation } from '../model';
import { MAX_CACHED_CONVERSATIONS } from './bounds';
import type { LookUps } from './look-ups';
import type { SyncRest } from './rest';
import { timeOf } from './time';

/** The conversations of an account, as last announced, listed or fetched. */
export class ConversationCache {
  readonly #rest: Pick<SyncRest['conversations'], 'get'>;
  readonly #lookUps: Pick<LookUps, 'run'>;
  readonly #known = new Map<string, Conversation>();
  readonly #fetching = new Map<string, Promise<Conversation | undefined>>();
  /** changes announced during a fetch, whose response may be older */
  readonly #changedDuringFetch = new Map<string, Partial<Conversation>>();
  /** cached but outdated */
  readonly #doubted = new Set<string>();
  /** ids of conversations changed during a listing, one set per listing */
  readonly #watches = new Set<Set<string>>();
  /** created while connected, and not announced yet */
  readonly #unannounced = new Set<string>();
  /** conversations created at or after this time are new, in milliseconds of the server's clock */
  #newFrom = Number.POSITIVE_INFINITY;

  constructor(rest: Pick<SyncRest['conversations'], 'get'>, lookUps: Pick<LookUps, 'run'>) {
    this.#rest = rest;
    this.#lookUps = lookUps;
  }

  /**
   * @returns the cached conversation, or a request for it; undefined when it is unavailable, or too many requests are
   * waiting
   */
  get(id: string): Conversation | undefined | Promise<Conversation | undefined> {
    if (this.#doubted.size > 0 && this.#doubted.delete(id)) {
      const asked = this.fetch(id);
      // An outdated conversation is better than none.
      if (asked !== undefined) return asked.then((found) => found ?? this.#known.get(id));
    }
    return this.#known.get(id) ?? this.fetch(id);
  }

  /** Mark a conversation with unknown changes as outdated: the next access fetches it. */
  doubt(id: string): void {
    this.#doubted.add(id);
    dropOldest(this.#doubted);
  }

  /** @returns the conversation, if it is cached */
  peek(id: string): Conversation | undefined {
    return this.#known.get(id);
  }

  /**
   * Fetch a conversation, cached or not. Concurrent callers share one request. @returns undefined when too many wait
   */
  fetch(id: string): Promise<Conversation | undefined> | undefined {
    const known = this.#fetching.get(id);
    if (known !== undefined) return known;
    const asked = this.#lookUps.run(async () => this.#rest.get(id));
    if (asked === undefined) return undefined;
    const fetching = asked
      .then((answer) => {
        const changes = this.#changedDuringFetch.get(id);
        const conversation = changes ? { ...answer, ...changes } : answer;
        this.put(conversation);
        return conversation;
      })
      .catch(() => undefined)
      .finally(() => {
        this.#fetching.delete(id);
        this.#changedDuringFetch.delete(id);
      });
    this.#fetching.set(id, fetching);
    return fetching;
  }

  /** Store a conversation as returned by the server; the one stored longest ago is evicted. */
  put(conversation: Conversation): void {
    const { id } = conversation;
    if (!this.#known.delete(id) && timeOf(conversation.createdAt) >= this.#newFrom) {
      this.#unannounced.add(id);
      dropOldest(this.#unannounced);
    }
    this.#known.set(id, conversation);
    dropOldest(this.#known);
  }

  /** Apply announced changes. @returns the conversation before them, if cached */
  update(id: string, changes: Partial<Conversation>): Conversation | undefined {
    const known = this.#known.get(id);
    if (known) for (const changed of this.#watches) changed.add(id);
    if (this.#fetching.has(id)) this.#changedDuringFetch.set(id, { ...this.#changedDuringFetch.get(id), ...changes });
    if (known) this.#known.set(id, { ...known, ...changes });
    return known;
  }

  /**
   * Track conversations that change from now on: a response to a later request may be older than these changes.
   * @returns the ids changed so far, and the function that stops tracking
   */
  watch(): { changed: ReadonlySet<string>; end(): void } {
    const changed = new Set<string>();
    this.#watches.add(changed);
    return { changed, end: () => this.#watches.delete(changed) };
  }

  /** An uncached conversation created at or after this time is new. @param time milliseconds of the server's clock */
  newFrom(time: number): void {
    this.#newFrom = time;
  }

  /** @returns true once for every new conversation */
  takeNew(id: string): boolean {
    return this.#unannounced.size > 0 && this.#unannounced.delete(id);
  }

  /** @returns the ids of the cached conversations with this status */
  ids(status: string): string[] {
    return [...this.#known.values()].filter((one) => one.status === status).map(({ id }) => id);
  }
}

function dropOldest(kept: Set<string> | Map<string, unknown>): void {
  if (kept.size > MAX_CACHED_CONVERSATIONS) kept.delete(kept.keys().next().value as string);
}
