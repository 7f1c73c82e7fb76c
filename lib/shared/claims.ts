import { performance } from 'node:perf_hooks';
import { fence } from '../async/fence';
import { sleep } from '../async/sleep';
import type { Setting, StoreConnection } from './connection';

/** Lifetime of an unconfirmed claim, in milliseconds; afterwards another instance may claim the item. */
const WORKING_MS = 30_000;
/** Lifetime of a confirmed claim, in milliseconds. */
const REMEMBERED_MS = 24 * 3_600_000;
/** A claim is used only within this share of its lifetime, as what follows takes time as well. */
const USABLE_SHARE = 0.5;
/** Milliseconds for which confirmations are collected: a request costs more than the commands in it. */
const CONFIRM_MS = 10;
/** Milliseconds until an item that another instance works on is looked at again: its confirmation may be on its way. */
const LOOK_AGAIN_MS = 50;
const WORKING = 'working';
const DONE = 'done';

/** free: now claimed by this instance; working: claimed by another instance; done: already processed */
export type ClaimState = 'free' | 'working' | 'done';

/** Confirmations that leave together. */
interface Batch {
  keys: string[];
  sent: Promise<void>;
  send(): Promise<void>;
}

/** Exactly one of many instances claims an item; if it crashes, another instance may claim the item later. */
export class Claims {
  readonly #connection: StoreConnection;
  readonly #workingMs: number;
  #batch: Batch | undefined;

  constructor(connection: StoreConnection, workingMs = WORKING_MS) {
    this.#connection = connection;
    this.#workingMs = workingMs;
  }

  /** @throws LinktorError `storage` */
  async claim(key: string): Promise<ClaimState> {
    const began = performance.now();
    const claim: Setting = { key: placeOf(key), value: WORKING, lifeMs: this.#workingMs, isNew: true };
    const [isOurs] = await this.#connection.set([claim]);
    if (!isOurs) {
      if ((await this.#connection.get(claim.key)) === DONE) return DONE;
      await sleep(LOOK_AGAIN_MS);
      return (await this.#connection.get(claim.key)) === DONE ? DONE : WORKING;
    }
    // A process that stood still meanwhile may have lost the claim.
    return performance.now() - began < this.#workingMs * USABLE_SHARE ? 'free' : WORKING;
  }

  /** Confirm that an item has been passed on, soon. @throws LinktorError `storage` */
  done(key: string): Promise<void> {
    this.#batch ??= this.#newBatch();
    this.#batch.keys.push(key);
    return this.#batch.sent;
  }

  async close(): Promise<void> {
    await this.#batch?.send().catch(() => undefined);
  }

  #newBatch(): Batch {
    const keys: string[] = [];
    let settle = (_sending: Promise<unknown>) => {};
    const sent = new Promise<void>((resolve) => {
      settle = (sending) => resolve(sending.then(() => undefined));
    });
    const send = () => {
      clearTimeout(timer);
      this.#batch = undefined;
      settle(this.#connection.set(keys.map((key) => ({ key: placeOf(key), value: DONE, lifeMs: REMEMBERED_MS }))));
      return sent;
    };
    // Whoever waits for the batch is told of a failure.
    const timer = setTimeout(fence(send), CONFIRM_MS);
    return { keys, sent, send };
  }
}

function placeOf(key: string): string {
  return `claim:${key}`;
}
