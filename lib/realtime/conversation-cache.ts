import type { Conversation } from '../model';
import { MAX_CACHED_CONVERSATIONS } from './bounds';
import type { LookUps } from './look-ups';
import type { SyncRest } from './rest';
import { timeOf } from './time';

/** The conversations of an account, as they were announced, listed or fetched the last time. */
export class ConversationCache {
  readonly #rest: Pick<SyncRest['conversations'], 'get'>;
  readonly #lookUps: Pick<LookUps, 'run'>;
  readonly #known = new Map<string, Conversation>();
  readonly #fetching = new Map<string, Promise<Conversation | undefined>>();
  /** changes announced while a conversation is being fetched: the answer may be older than they are */
  readonly #changedDuringFetch = new Map<string, Partial<Conversation>>();
  /** cached, and not as it is now */
  readonly #doubted = new Set<string>();
  /** ids of conversations that change while a listing is being made, one set for each listing */
  readonly #watches = new Set<Set<string>>();
  /** created while we were connected, and not announced yet */
  readonly #unannounced = new Set<string>();
  /** a conversation created at or after this time is new, milliseconds of the server's clock */
  #newFrom = Number.POSITIVE_INFINITY;

  constructor(rest: Pick<SyncRest['conversations'], 'get'>, lookUps: Pick<LookUps, 'run'>) {
    this.#rest = rest;
    this.#lookUps = lookUps;
  }

  /** @returns the conversation if it is cached, else by one request; undefined when it cannot be had, or not now */
  get(id: string): Conversation | undefined | Promise<Conversation | undefined> {
    if (this.#doubted.size > 0 && this.#doubted.delete(id)) {
      const asked = this.fetch(id);
      // Rather as it was known than not at all.
      if (asked !== undefined) return asked.then((found) => found ?? this.#known.get(id));
    }
    return this.#known.get(id) ?? this.fetch(id);
  }

  /** Something has changed in it, and nobody has said what: whoever wants it next has it fetched. */
  doubt(id: string): void {
    this.#doubted.add(id);
    dropOldest(this.#doubted);
  }

  /** @returns the conversation, if it is cached */
  peek(id: string): Conversation | undefined {
    return this.#known.get(id);
  }

  /** Fetch a conversation, cached or not. Callers at the same time share one request. @returns undefined when not now */
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

  /** Keep a conversation as the server has shown it; the one that was put longest ago makes way. */
  put(conversation: Conversation): void {
    const { id } = conversation;
    if (!this.#known.delete(id) && timeOf(conversation.createdAt) >= this.#newFrom) {
      this.#unannounced.add(id);
      dropOldest(this.#unannounced);
    }
    this.#known.set(id, conversation);
    dropOldest(this.#known);
  }

  /** Apply announced changes. @returns the conversation before them, if it is cached */
  update(id: string, changes: Partial<Conversation>): Conversation | undefined {
    const known = this.#known.get(id);
    if (known) for (const changed of this.#watches) changed.add(id);
    if (this.#fetching.has(id)) this.#changedDuringFetch.set(id, { ...this.#changedDuringFetch.get(id), ...changes });
    if (known) this.#known.set(id, { ...known, ...changes });
    return known;
  }

  /**
   * Note which conversations change from now on: an answer that is asked for now may be older than these changes.
   * @returns the ids changed so far, and the function that ends it
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

  /** @returns the ids of the cached conversations in this status */
  ids(status: string): string[] {
    return [...this.#known.values()].filter((one) => one.status === status).map(({ id }) => id);
  }
}

function dropOldest(kept: Set<string> | Map<string, unknown>): void {
  if (kept.size > MAX_CACHED_CONVERSATIONS) kept.delete(kept.keys().next().value as string);
}
