import type { Ledger } from '../../../lib/ledger/index';
import { type Choice, untagged } from '../../../lib/messages/incoming';
import type { Offered } from '../../../lib/sending/index';
import { choose } from '../../../lib/text/index';

const MAX_CONVERSATIONS = 10_000;
const OFFER_TTL_MS = 24 * 60 * 60 * 1000;
/** of their records in the ledger */
const PREFIX = 'offer:';

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
  /** offers on their way to other instances */
  readonly #writing = new Map<string, Promise<void>>();
  #keep = (_conversationId: string, _offer: Offer | undefined) => {};

  /**
   * Keep the options beyond the process, and restore those of an earlier one.
   * @param onProblem the ledger has refused a record
   * @returns a promise that resolves when the earlier ones are known @throws LinktorError `storage`
   */
  async keepIn(ledger: Ledger, onProblem: (error: unknown) => void): Promise<void> {
    this.#keep = (conversationId, offer) => {
      const key = PREFIX + conversationId;
      const kept = offer
        ? ledger.put('sent', key, offer, { tags: [`c:${conversationId}`] })
        : ledger.delete('sent', key);
      kept.catch(onProblem);
    };
    for (const { key, value } of await ledger.list<Offer>('sent')) {
      if (!key.startsWith(PREFIX)) continue;
      const conversationId = key.slice(PREFIX.length);
      if (this.#offers.has(conversationId)) continue;
      if (isExpired(value)) this.#keep(conversationId, undefined);
      else this.#offers.set(conversationId, value);
    }
  }

  /**
   * Keep the options where other instances find them.
   * @param ledger of all instances
   * @param onProblem the ledger has refused a record
   */
  shareIn(ledger: () => Ledger, onProblem: (error: unknown) => void): void {
    this.#keep = (conversationId, offer) => {
      if (!offer) return;
      const writing = ledger()
        .put('sent', PREFIX + conversationId, offer, { tags: [`c:${conversationId}`] })
        .catch(onProblem)
        .then(() => {
          if (this.#writing.get(conversationId) === writing) this.#writing.delete(conversationId);
        });
      this.#writing.set(conversationId, writing);
    };
  }

  /** Learn what any instance offered last, before a message that may be the choice. @throws LinktorError `storage` */
  async learn(ledger: Ledger, conversationId: string): Promise<void> {
    await this.#writing.get(conversationId);
    const known = await ledger.get<Offer>('sent', PREFIX + conversationId);
    // Own offers that could not be written count nevertheless.
    if (known) this.#note(conversationId, known.value);
  }

  add(conversationId: string, options: readonly Offered[]): void {
    if (options.length === 0) return;
    const offer = { options, at: Date.now() };
    this.#note(conversationId, offer);
    this.#keep(conversationId, offer);
  }

  #note(conversationId: string, offer: Offer): void {
    this.#offers.delete(conversationId);
    this.#offers.set(conversationId, offer);
    for (const oldest of this.#offers.keys()) {
      if (this.#offers.size <= MAX_CONVERSATIONS) break;
      this.#offers.delete(oldest);
    }
  }

  /** Forget what was offered in a conversation; its record is deleted elsewhere. */
  forget(conversationId: string): void {
    this.#offers.delete(conversationId);
  }

  /** @returns the choice for a text: by number, title or start of the title; undefined when none matches */
  choiceFor(conversationId: string, words: string): Choice | undefined {
    const offer = this.#offers.get(conversationId);
    if (!offer || isExpired(offer)) return undefined;
    const found = choose(words, offer.options);
    if (found.kind !== 'one') return undefined;
    const { id, title } = found.option;
    return { kind: found.how === 'number' ? 'number' : 'word', id: untagged(id).id, title };
  }
}

function isExpired({ at }: Offer): boolean {
  return Date.now() - at > OFFER_TTL_MS;
}
