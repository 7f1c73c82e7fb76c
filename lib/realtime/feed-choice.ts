import type { Contract } from '../contract/index';
import type { Feed, ReadConversation } from './feed';

/** The feed of an account: live until the contract turns out to announce no messages. */
export class FeedChoice {
  readonly #contract: Pick<Contract, 'announces'>;
  readonly #live: Feed;
  /** the poll, alone or beside NATS */
  readonly #poll: Feed;
  /** changed by {@link choose} only; every frame asks */
  current: Feed;

  constructor(contract: Pick<Contract, 'announces'>, live: Feed, poll: Feed) {
    this.#contract = contract;
    this.#live = live;
    this.#poll = poll;
    this.current = live;
  }

  /** The address of the socket has been asked for: now the contract is known. */
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
