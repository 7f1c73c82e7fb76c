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
/** Removed ids that stay in the list of all ids: its beginning is cut off in pieces. */
const MAX_REMOVED_IDS = 1000;
const SENT_TTL_MS = 24 * 60 * 60 * 1000;

/** Messages sent by the nodes of one account: the last 10,000 of the last 24 hours. */
export class SentLog {
  readonly #sent = new Map<string, Sent>();
  readonly #listeners = new Set<(sent: Sent) => void>();
  /** their ids, oldest first after the removed ones: the oldest entry of a large Map is slow to find */
  #ids: string[] = [];
  #removed = 0;
  readonly offers = new Offers();
  /** number of messages sent so far, including before a deploy */
  total = 0;

  add({ offered = [], ...sent }: Sent): void {
    this.total++;
    this.offers.add(sent.conversationId, offered);
    // Later changes by the flow must not affect the log.
    this.#sent.set(sent.messageId, sent.context === undefined ? sent : { ...sent, context: copyOf(sent.context) });
    this.#ids.push(sent.messageId);
    this.#sweep(sent.at);
    for (const listener of this.#listeners) listener(sent);
  }

  #sweep(now: number): void {
    for (let oldest = this.#ids[this.#removed]; oldest !== undefined; oldest = this.#ids[this.#removed]) {
      const kept = this.#sent.get(oldest);
      if (kept && this.#sent.size <= MAX_SENT_MESSAGES && now - kept.at < SENT_TTL_MS) break;
      this.#sent.delete(oldest);
      this.#removed++;
    }
    if (this.#removed <= MAX_REMOVED_IDS) return;
    this.#ids = this.#ids.slice(this.#removed);
    this.#removed = 0;
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
