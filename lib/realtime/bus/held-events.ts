import { MAX_HELD_CHARS, MAX_HELD_EVENTS } from '../bounds';
import type { Delivery } from './delivery';

/** Why events are held back: while a gap is being filled (sync), while a deploy replaces listeners (handover). */
export type HoldReason = 'sync' | 'handover';

interface Held {
  delivery: Delivery;
  /** length of the frame that it was decoded from */
  chars: number;
}

/** Events that are held back, in their order, as long as there is a reason. */
export class HeldEvents {
  readonly #reasons = new Set<HoldReason>();
  #held: Held[] = [];
  #chars = 0;
  /** read with every event */
  isHolding = false;

  get size(): number {
    return this.#held.length;
  }

  hold(reason: HoldReason): void {
    this.#reasons.add(reason);
    this.isHolding = true;
  }

  /** @returns true when nothing is a reason any more: what is held is due */
  release(reason: HoldReason): boolean {
    return this.#reasons.delete(reason) && this.#reasons.size === 0;
  }

  /** @returns false when these are as many as can be held */
  keep(delivery: Delivery, chars: number): boolean {
    this.#held.push({ delivery, chars });
    this.#chars += chars;
    return this.#held.length < MAX_HELD_EVENTS && this.#chars < MAX_HELD_CHARS;
  }

  hasMessage(id: string): boolean {
    return this.#held.some(({ delivery: { event } }) => event.message?.id === id);
  }

  /** @returns what was held; nothing is held any more, whatever the reasons were */
  take(): Held[] {
    const held = this.#held;
    this.#held = [];
    this.#chars = 0;
    this.#reasons.clear();
    this.isHolding = false;
    return held;
  }
}
