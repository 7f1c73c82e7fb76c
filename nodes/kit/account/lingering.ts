import { fenced } from '../fence';

/** Milliseconds that a subscription outlives its last use. */
const LINGER_MS = 30_000;
/** unused subscriptions kept at the same time */
const MAX_LINGERING = 1000;

interface Held {
  /** end the subscription at the server */
  release(): void;
  users: number;
  /** time of the last use, milliseconds of the clock */
  usedAt: number;
}

/**
 * Subscriptions that stay for a while after their last use. Questions often follow one another in a conversation; each
 * would else cost two frames, and a look at what was written between them.
 */
export class LingeringSubscriptions {
  readonly #subscribe: (conversationId: string) => () => void;
  readonly #held = new Map<string, Held>();
  /** those without users, by conversation; unused for the longest time first */
  readonly #unused = new Map<string, Held>();
  #timer: NodeJS.Timeout | undefined;

  constructor(subscribe: (conversationId: string) => () => void) {
    this.#subscribe = subscribe;
  }

  /** @returns the function that ends this use */
  use(conversationId: string): () => void {
    const held = this.#held.get(conversationId) ?? {
      release: this.#subscribe(conversationId),
      users: 0,
      usedAt: 0,
    };
    this.#held.set(conversationId, held);
    this.#unused.delete(conversationId);
    held.users++;
    let isOver = false;
    return () => {
      if (isOver) return;
      isOver = true;
      held.users--;
      if (held.users === 0) this.#linger(conversationId, held);
    };
  }

  /** End all subscriptions. */
  close(): void {
    clearTimeout(this.#timer);
    for (const { release } of this.#held.values()) release();
    this.#held.clear();
    this.#unused.clear();
  }

  #linger(conversationId: string, held: Held): void {
    if (this.#held.get(conversationId) !== held) return;
    held.usedAt = Date.now();
    this.#unused.set(conversationId, held);
    if (this.#unused.size > MAX_LINGERING) this.#endOldest();
    this.#timer ??= setTimeout(this.#sweep, LINGER_MS).unref();
  }

  readonly #sweep = fenced(() => {
    this.#timer = undefined;
    const now = Date.now();
    for (const { usedAt } of this.#unused.values()) {
      const leftMs = usedAt + LINGER_MS - now;
      if (leftMs > 0) {
        // The clock may have been set back.
        this.#timer = setTimeout(this.#sweep, Math.min(leftMs, LINGER_MS)).unref();
        return;
      }
      this.#endOldest();
    }
  });

  #endOldest(): void {
    const [oldest] = this.#unused;
    if (!oldest) return;
    const [conversationId, { release }] = oldest;
    this.#unused.delete(conversationId);
    this.#held.delete(conversationId);
    release();
  }
}
