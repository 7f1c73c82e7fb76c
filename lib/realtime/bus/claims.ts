import { fence } from '../../async/fence';
import { once } from '../../async/once';
import { LinktorError } from '../../errors';
import type { Delivery } from './delivery';

/** Time limit for all claimants of one message, in milliseconds; its conversation waits meanwhile. */
export const MAX_CLAIM_MS = 5000;

/** A claimant's decision on a message. */
export interface Claim {
  /** id of the node waiting for an answer in this conversation */
  by: string;
  /** false: it could have been the answer, but is left to the other listeners */
  isTaken: boolean;
}

export type Claimant = (delivery: Delivery) => Claim | undefined | Promise<Claim | undefined>;

/** The claimants of messages, called in order before the listeners. */
export class Claims {
  readonly #onError: (error: unknown) => void;
  #claimants: readonly { order: number; claimant: Claimant }[] = [];

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  /** @param order lower numbers are called first @returns the function that removes the claimant */
  add(order: number, claimant: Claimant): () => void {
    const entry = { order, claimant };
    this.#claimants = [...this.#claimants, entry].sort((one, other) => one.order - other.order);
    return once(() => {
      this.#claimants = this.#claimants.filter((one) => one !== entry);
    });
  }

  get isEmpty(): boolean {
    return this.#claimants.length === 0;
  }

  /** Record the claim in the delivery. @returns a promise when a claimant is asynchronous */
  decide(delivery: Delivery): void | Promise<void> {
    // Every message comes here: an index costs less than an iterator with one.
    for (let index = 0; index < this.#claimants.length; index++) {
      try {
        const claim = this.#claimants[index]?.claimant(delivery);
        if (claim instanceof Promise) return this.#decideLater(delivery, claim, this.#claimants.slice(index + 1));
        if (note(delivery, claim)) return;
      } catch (error) {
        this.#onError(error);
      }
    }
  }

  async #decideLater(
    delivery: Delivery,
    first: Promise<Claim | undefined>,
    others: readonly { claimant: Claimant }[],
  ): Promise<void> {
    let timer: NodeJS.Timeout | undefined;
    const late = new Promise<undefined>((resolve) => {
      timer = setTimeout(
        fence(() => {
          resolve(undefined);
          this.#onError(
            new LinktorError('timeout', 'It took too long to find out whether a message answers a question.'),
          );
        }),
        MAX_CLAIM_MS,
      );
    });
    await Promise.race([late, this.#ask(delivery, first, others)]);
    clearTimeout(timer);
  }

  async #ask(
    delivery: Delivery,
    first: Promise<Claim | undefined>,
    others: readonly { claimant: Claimant }[],
  ): Promise<void> {
    const claims = [
      () => first,
      ...others.map(
        ({ claimant }) =>
          () =>
            claimant(delivery),
      ),
    ];
    for (const claim of claims) {
      try {
        if (note(delivery, await claim())) return;
      } catch (error) {
        this.#onError(error);
      }
    }
  }
}

/** @returns true when the message was taken */
function note(delivery: Delivery, claim: Claim | undefined): boolean {
  if (!claim) return false;
  if (claim.isTaken) delivery.claimedBy = claim.by;
  else delivery.askedBy ??= claim.by;
  return claim.isTaken;
}
