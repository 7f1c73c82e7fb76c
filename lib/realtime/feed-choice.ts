import type { Contract } from '../contract/index';
import type { Feed, ReadConversation } from './feed';

/** Selects the feed of an account: live, until the contract proves to announce no messages. */
export class FeedChoice {
  readonly #contract: Pick<Contract, 'announces'>;
  readonly #live: Feed;
  /** the poll, alone or combined with NATS */
  readonly #poll: Feed;
  /** changed by {@link choose} only; read for every frame */
  current: Feed;

  constructor(contract: Pick<Contract, 'announces'>, live: Feed, poll: Feed) {
    this.#contract = contract;
    this.#live = live;
    this.#poll = poll;
    this.current = live;
  }

  /** Choose the feed. Called when the URL of the socket has been requested, which determines the contract. */
  choose(): void {
    const chosen = this.#contract.announces ? this.#live : this.#poll;
    if (chosen === this.current) return;
    this.current.update(false);
    this.current = chosen;
  }

  /** As {@link Feed.forget}, also for the feed that may be chosen later. */
  forget(): void {
    this.#live.forget();
    this.#poll.forget();
  }

  /** As {@link Feed.continueFrom}, also for the feed that may be chosen later. */
  continueFrom(watermark: number, read: readonly ReadConversation[]): void {
    this.#live.continueFrom(watermark, read);
    this.#poll.continueFrom(watermark, read);
  }

  async close(): Promise<void> {
    await Promise.all([this.#live.close(), this.#poll.close()]);
  }
}
