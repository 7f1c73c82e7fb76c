import type { Conversation } from '../model';
import { timeOf } from './time';

const mostKnown = 20_000;

/** The conversations that we know, as they were told or listed the last time. */
export class ConversationCache {
  readonly #fetch: (id: string) => Promise<Conversation>;
  readonly #known = new Map<string, Conversation>();
  readonly #fetching = new Map<string, Promise<Conversation | undefined>>();
  /** what the server tells of those meanwhile: the answer may be older than that */
  readonly #meanwhile = new Map<string, Partial<Conversation>>();
  /** what the server tells of while somebody watches for it */
  readonly #watches = new Set<Set<string>>();
  /** come into being while we were there, and not told yet */
  readonly #fresh = new Set<string>();
  /** from when on a conversation counts as new, milliseconds of the server's clock */
  #newFrom = Number.POSITIVE_INFINITY;

  constructor(fetch: (id: string) => Promise<Conversation>) {
    this.#fetch = fetch;
  }

  /** The conversation, from memory or by one request; events of a conversation that nobody can get go without. */
  get(id: string): Conversation | undefined | Promise<Conversation | undefined> {
    return this.#known.get(id) ?? this.fetch(id);
  }

  peek(id: string): Conversation | undefined {
    return this.#known.get(id);
  }

  /** By a request, whatever is known; one for all who ask at the same time. */
  fetch(id: string): Promise<Conversation | undefined> {
    let fetching = this.#fetching.get(id);
    if (!fetching) {
      fetching = this.#fetch(id)
        .then((answer) => {
          const changes = this.#meanwhile.get(id);
          const conversation = changes ? { ...answer, ...changes } : answer;
          this.know(conversation);
          return conversation;
        })
        .catch(() => undefined)
        .finally(() => {
          this.#fetching.delete(id);
          this.#meanwhile.delete(id);
        });
      this.#fetching.set(id, fetching);
    }
    return fetching;
  }

  /** Those that were in use last; the others can be asked for again. */
  know(conversation: Conversation): void {
    const { id } = conversation;
    if (!this.#known.delete(id) && timeOf(conversation.createdAt) >= this.#newFrom) this.#fresh.add(id);
    this.#known.set(id, conversation);
    if (this.#known.size > mostKnown) this.#known.delete(this.#known.keys().next().value as string);
  }

  /** The server said what changed: so much need not be asked for. @returns what it was before, where that is known */
  update(id: string, changes: Partial<Conversation>): Conversation | undefined {
    const known = this.#known.get(id);
    for (const touched of this.#watches) touched.add(id);
    if (this.#fetching.has(id)) this.#meanwhile.set(id, { ...this.#meanwhile.get(id), ...changes });
    if (known) this.#known.set(id, { ...known, ...changes });
    return known;
  }

  /**
   * Note what the server tells of meanwhile: the answer to a question asked now may be older than that.
   * @returns what the server has told of so far, and the function that ends it
   */
  watch(): { touched: ReadonlySet<string>; end(): void } {
    const touched = new Set<string>();
    this.#watches.add(touched);
    return { touched, end: () => this.#watches.delete(touched) };
  }

  /** What is created from then on (milliseconds of the server's clock), and not known, is new. */
  newFrom(time: number): void {
    this.#newFrom = time;
  }

  /** @returns true once for every new conversation */
  isFresh(id: string): boolean {
    return this.#fresh.size > 0 && this.#fresh.delete(id);
  }

  ids(status: string): string[] {
    return [...this.#known.values()].filter((one) => one.status === status).map(({ id }) => id);
  }
}
