import type { Offered } from '../../../lib/sending/index';
import { copyOf } from '../copy';
import { Offers } from './offers';

/** A message that one of our nodes has sent. */
export interface Sent {
  messageId: string;
  conversationId: string;
  /** milliseconds of the clock */
  at: number;
  /** what the flow wants to have back when the message is delivered or read */
  context?: unknown;
  /** what its reader can choose */
  offered?: readonly Offered[];
}

const MAX_SENT_MESSAGES = 10_000;
const SENT_TTL_MS = 24 * 60 * 60 * 1000;

/** What the nodes of one account have sent: the last 10,000 messages of the last 24 hours. */
export class SentLog {
  readonly #sent = new Map<string, Sent>();
  readonly #listeners = new Set<(sent: Sent) => void>();
  readonly offers = new Offers();
  /** how many have been sent so far, also before a deploy */
  total = 0;

  add({ offered = [], ...sent }: Sent): void {
    this.total++;
    this.offers.add(sent.conversationId, offered);
    // What the flow does with it afterwards does not change what was noted.
    this.#sent.set(sent.messageId, sent.context === undefined ? sent : { ...sent, context: copyOf(sent.context) });
    for (const [id, { at }] of this.#sent) {
      if (this.#sent.size <= MAX_SENT_MESSAGES && sent.at - at < SENT_TTL_MS) break;
      this.#sent.delete(id);
    }
    for (const listener of this.#listeners) listener(sent);
  }

  find(messageId: string): Sent | undefined {
    return this.#sent.get(messageId);
  }

  /** Hear of everything that is sent from now on. @returns the function that ends it */
  onSent(listener: (sent: Sent) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
