import type { Sent, SentLog } from '../account/sent-log';

export type { Sent } from '../account/sent-log';

interface Held<T> {
  items: T[];
  until: number;
}

const mostHeld = 10_000;

/**
 * A status may overtake the answer to the very call that sent the message. What is said of a message that nobody knows
 * is kept for a moment, in its order, for somebody may be about to know it.
 */
export class Match<T> {
  readonly #journal: SentLog;
  readonly #patience: number;
  readonly #tell: (item: T, sent: Sent | undefined) => void;
  readonly #held = new Map<string, Held<T>>();
  readonly #off: () => void;
  #timer: NodeJS.Timeout | undefined;

  /** @param patience milliseconds */
  constructor(journal: SentLog, patience: number, tell: (item: T, sent: Sent | undefined) => void) {
    this.#journal = journal;
    this.#patience = patience;
    this.#tell = tell;
    this.#off = journal.onSent(({ messageId }) => this.#release(messageId));
  }

  add(messageId: string, item: T): void {
    const held = this.#held.get(messageId);
    if (held) {
      held.items.push(item);
      return;
    }
    const sent = this.#journal.find(messageId);
    if (sent) return this.#tell(item, sent);
    this.#held.set(messageId, { items: [item], until: Date.now() + this.#patience });
    const [oldest] = this.#held.keys();
    if (this.#held.size > mostHeld && oldest !== undefined) this.#release(oldest);
    this.#timer ??= setTimeout(() => this.#look(), this.#patience);
  }

  /** Nothing more is waited for. */
  close(): void {
    this.#off();
    clearTimeout(this.#timer);
    for (const messageId of this.#held.keys()) this.#release(messageId);
  }

  #look(): void {
    this.#timer = undefined;
    const now = Date.now();
    for (const [messageId, { until }] of this.#held) {
      if (until > now) {
        this.#timer = setTimeout(() => this.#look(), until - now);
        return;
      }
      this.#release(messageId);
    }
  }

  #release(messageId: string): void {
    const held = this.#held.get(messageId);
    if (!held) return;
    this.#held.delete(messageId);
    const sent = this.#journal.find(messageId);
    for (const item of held.items) this.#tell(item, sent);
  }
}
