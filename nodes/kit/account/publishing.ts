import { LinktorError } from '../../../lib/errors';
import type { Ledger } from '../../../lib/ledger/index';
import type { Event } from '../../../lib/model';
import { type Delivery, keysOf } from '../../../lib/realtime/index';
import { type Lanes, laneOf } from '../../../lib/shared/index';
import { fenced, runFenced } from '../fence';

/** milliseconds until events that could not be put into their lane are fetched again */
const AGAIN_MS = 1000;

/** A delivery on its way to another instance. */
export type Packed = Pick<Delivery, 'event' | 'conversation' | 'source' | 'receivedAt' | 'recovered'>;

/** Puts what the connection of the leader delivers into the lanes, in order. After a failure it puts nothing any more. */
export class Publishing {
  readonly #lanes: Lanes;
  readonly #restart: () => void;
  readonly #pending = new Set<Promise<void>>();
  /** lanes whose overflow has been told */
  readonly #full = new Set<number>();
  #draining: Promise<void> | undefined;
  #isDrainedAgain = false;
  #hasFailed = false;
  #end = () => {};
  readonly #ended = new Promise<void>((resolve) => {
    this.#end = resolve;
  });
  #isEnded = false;
  onFull = () => {};
  accept: (event: Event) => Promise<void> = async () => {};

  /** @param restart called once what could not be put is to be fetched again */
  constructor(lanes: Lanes, restart: () => void) {
    this.#lanes = lanes;
    this.#restart = restart;
  }

  put(delivery: Delivery): 'put' | 'refused' {
    if (this.#hasFailed || this.#isEnded) return 'put';
    const { event } = delivery;
    const place = event.conversationId ?? '';
    let text: string;
    try {
      text = pack(delivery);
    } catch {
      return 'refused';
    }
    const work = this.#lanes.publish(place, keysOf(event), text, event.gap !== undefined).then(
      (published) => {
        const lane = laneOf(place);
        if (published === 'new') this.#full.delete(lane);
        if (published !== 'full' || this.#full.has(lane)) return;
        this.#full.add(lane);
        this.onFull();
      },
      () => this.#fail(),
    );
    this.#pending.add(work);
    runFenced(() => work.then(() => this.#pending.delete(work)), undefined);
    return 'put';
  }

  /** Take what other instances have handed in. */
  drain(): void {
    if (this.#draining !== undefined) {
      this.#isDrainedAgain = true;
      return;
    }
    this.#draining = this.#drain()
      .catch(() => undefined)
      .then(() => {
        this.#draining = undefined;
        const again = this.#isDrainedAgain;
        this.#isDrainedAgain = false;
        if (again && !this.#isEnded) this.drain();
      });
  }

  end(): void {
    this.#isEnded = true;
    this.#end();
  }

  /** @returns a ledger whose position is behind no event that is in no lane */
  guarding(ledger: Ledger): Ledger {
    const settled = async () => {
      await Promise.all(this.#pending);
      if (this.#hasFailed) throw new LinktorError('storage', 'Events wait for the store.', { retryable: true });
    };
    return {
      ...ledger,
      put: async (namespace, key, value, options) => {
        // The lanes know the keys of their events.
        if (namespace === 'seen') return;
        if (namespace === 'cursor') await settled();
        await ledger.put(namespace, key, value, options);
      },
    };
  }

  async #drain(): Promise<void> {
    while (!this.#isEnded && !this.#hasFailed) {
      const entries = await this.#lanes.handedIn();
      if (entries.length === 0) return;
      const handed = Promise.all(entries.map(({ text }) => this.accept(JSON.parse(text) as Event)));
      await Promise.race([handed, this.#ended]);
      await Promise.all(this.#pending);
      if (this.#isEnded || this.#hasFailed) return;
      await Promise.all(entries.map(({ number }) => this.#lanes.accepted(number)));
    }
  }

  #fail(): void {
    if (this.#hasFailed || this.#isEnded) return;
    this.#hasFailed = true;
    setTimeout(
      fenced(() => !this.#isEnded && this.#restart()),
      AGAIN_MS,
    ).unref();
  }
}

/** @returns an event as JSON, for the other instances */
export function pack({ event, conversation, source, receivedAt, recovered }: Packed): string {
  return JSON.stringify({ event, conversation, source, receivedAt, recovered });
}
