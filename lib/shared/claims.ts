import { performance } from 'node:perf_hooks';
import type { StoreConnection } from './connection';

/** Lifetime of an unconfirmed claim, in milliseconds; afterwards another instance may claim the item. */
const WORKING_MS = 30_000;
/** Lifetime of a confirmed claim, in milliseconds. */
const REMEMBERED_MS = 24 * 3_600_000;
/** A claim is used only within this share of its lifetime, as what follows takes time as well. */
const USABLE_SHARE = 0.5;
const WORKING = 'working';
const DONE = 'done';

/** free: now claimed by this instance; working: claimed by another instance; done: already processed */
export type ClaimState = 'free' | 'working' | 'done';

/** Exactly one of many instances claims an item; if it crashes, another instance may claim the item later. */
export class Claims {
  readonly #connection: StoreConnection;
  readonly #workingMs: number;

  constructor(connection: StoreConnection, workingMs = WORKING_MS) {
    this.#connection = connection;
    this.#workingMs = workingMs;
  }

  /** @throws LinktorError `storage` */
  async claim(key: string): Promise<ClaimState> {
    const began = performance.now();
    const place = `claim:${key}`;
    if (!(await this.#connection.setIfAbsent(place, WORKING, this.#workingMs)))
      return (await this.#connection.get(place)) === DONE ? DONE : WORKING;
    // A process that stood still meanwhile may have lost the claim.
    return performance.now() - began < this.#workingMs * USABLE_SHARE ? 'free' : WORKING;
  }

  /** Confirm that the claimed item has been passed on. @throws LinktorError `storage` */
  async done(key: string): Promise<void> {
    await this.#connection.set(`claim:${key}`, DONE, REMEMBERED_MS);
  }
}
