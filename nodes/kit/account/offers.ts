import { type Choice, untagged } from '../../../lib/messages/incoming';
import type { Offered } from '../../../lib/sending/index';
import { choose } from '../../../lib/text/index';

const MAX_CONVERSATIONS = 10_000;
const OFFER_TTL_MS = 24 * 60 * 60 * 1000;

interface Offer {
  options: readonly Offered[];
  /** milliseconds of the clock */
  at: number;
}

/**
 * The last options that our nodes offered in each conversation, so that a typed answer counts like a pressed button.
 */
export class Offers {
  readonly #offers = new Map<string, Offer>();

  add(conversationId: string, options: readonly Offered[]): void {
    if (options.length === 0) return;
    this.#offers.delete(conversationId);
    this.#offers.set(conversationId, { options, at: Date.now() });
    for (const oldest of this.#offers.keys()) {
      if (this.#offers.size <= MAX_CONVERSATIONS) break;
      this.#offers.delete(oldest);
    }
  }

  /** @returns the choice for a text: by number, title or start of the title; undefined when none matches */
  choiceFor(conversationId: string, words: string): Choice | undefined {
    const offer = this.#offers.get(conversationId);
    if (!offer || Date.now() - offer.at > OFFER_TTL_MS) return undefined;
    const found = choose(words, offer.options);
    if (found.kind !== 'one') return undefined;
    const { id, title } = found.option;
    return { kind: found.how === 'number' ? 'number' : 'word', id: untagged(id).id, title };
  }
}
