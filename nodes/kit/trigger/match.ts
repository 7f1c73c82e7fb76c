import type { Sent, SentLog } from '../account/sent-log';
import { fenced } from '../fence';

export type { Sent } from '../account/sent-log';

interface Held<T> {
  items: T[];
  until: number;
}

const MAX_HELD_MESSAGES = 10_000;

/**
 * Matches statuses with sent messages. A status may arrive before the response to the call that sent the message, so
 * the statuses of an unknown message are held for a moment, in order.
 */
export class SentMatcher<T> {
  readonly #sentLog: SentLog;
  readonly #waitMs: number;
  readonly #deliver: (item: T, sent: Sent | undefined) => void;
  readonly #held = new Map<string, Held<T>>();
  readonly #off: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param patience milliseconds */
  constructor(journal: SentLog, patience: number, tell: (item: T, sent: Sent | undefined) => void) {
    this.#sentLog = journal;
    this.#waitMs = patience;
    this.#deliver = tell;
    this.#off = journal.onSent(({ messageId }) => this.#release(messageId));
  }

  add(messageId: string, item: T): void {
    const held = this.#held.get(messageId);
    if (held) {
      held.items.push(item);
      return;
    }
    const sent = this.#sentLog.find(messageId);
    if (sent) return this.#deliver(item, sent);
    this.#held.set(messageId, { items: [item], until: Date.now() + this.#waitMs });
    const [oldest] = this.#held.keys();
    if (this.#held.size > MAX_HELD_MESSAGES && oldest !== undefined) this.#release(oldest);
    this.#timer ??= setTimeout(
      fenced(() => this.#releaseExpired()),
      this.#waitMs,
    );
  }

  /** @returns the held items in order; they are removed */
  drain(): [messageId: string, item: T][] {
    const held = [...this.#held].flatMap(([messageId, { items }]) =>
      items.map((item): [string, T] => [messageId, item]),
    );
    this.#held.clear();
    return held;
  }

  /** Deliver all held items now. */
  close(): void {
    this.#off();
    clearTimeout(this.#timer);
    for (const messageId of this.#held.keys()) this.#release(messageId);
  }

  #releaseExpired(): void {
    this.#timer = undefined;
    const now = Date.now();
    for (const [messageId, { until }] of this.#held) {
      if (until > now) {
        this.#timer = setTimeout(
          fenced(() => this.#releaseExpired()),
          until - now,
        );
        return;
      }
      this.#release(messageId);
    }
  }

  #release(messageId: string): void {
    const held = this.#held.get(messageId);
    if (!held) return;
    this.#held.delete(messageId);
    const sent = this.#sentLog.find(messageId);
    for (const item of held.items) this.#deliver(item, sent);
  }
}
