import type { Offered } from '../../../lib/sending/index';
import { copyOf } from '../copy';
import { Offers } from './offers';

/** A message sent by one of our nodes. */
export interface Sent {
  messageId: string;
  conversationId: string;
  /** milliseconds of the clock */
  at: number;
  /** data returned to the flow when the message is delivered or read */
  context?: unknown;
  /** options offered to the reader */
  offered?: readonly Offered[];
}

const MAX_SENT_MESSAGES = 10_000;
/** Messages beyond the limit that are removed at once: the oldest entry of a large Map is slow to find. */
const SURPLUS = 100;
const SENT_TTL_MS = 24 * 60 * 60 * 1000;

/** Messages sent by the nodes of one account: the last 10,000 of the last 24 hours. */
export class SentLog {
  readonly #sent = new Map<string, Sent>();
  readonly #listeners = new Set<(sent: Sent) => void>();
  /** time of the oldest message that is kept */
  #oldestAt = Number.POSITIVE_INFINITY;
  readonly offers = new Offers();
  /** number of messages sent so far, including before a deploy */
  total = 0;

  add({ offered = [], ...sent }: Sent): void {
    this.total++;
    this.offers.add(sent.conversationId, offered);
    this.#oldestAt = Math.min(this.#oldestAt, sent.at);
    // Later changes by the flow must not affect the log.
    this.#sent.set(sent.messageId, sent.context === undefined ? sent : { ...sent, context: copyOf(sent.context) });
    if (this.#sent.size >= MAX_SENT_MESSAGES + SURPLUS || sent.at - this.#oldestAt >= SENT_TTL_MS) this.#sweep(sent.at);
    for (const listener of this.#listeners) listener(sent);
  }

  #sweep(now: number): void {
    this.#oldestAt = now;
    for (const [id, { at }] of this.#sent) {
      if (this.#sent.size <= MAX_SENT_MESSAGES && now - at < SENT_TTL_MS) {
        this.#oldestAt = at;
        return;
      }
      this.#sent.delete(id);
    }
  }

  find(messageId: string): Sent | undefined {
    return this.#sent.get(messageId);
  }

  /** Add a listener for every sent message. @returns the function that removes it */
  onSent(listener: (sent: Sent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
