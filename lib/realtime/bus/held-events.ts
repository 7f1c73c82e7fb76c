import { MAX_HELD_CHARS, MAX_HELD_EVENTS } from '../bounds';
import type { Delivery } from './delivery';

/** Reason for holding events: a gap is being filled (sync), or a deploy replaces listeners (handover). */
export type HoldReason = 'sync' | 'handover';

interface Held {
  delivery: Delivery;
  /** length of its frame */
  chars: number;
}

/** Events held in order while at least one reason exists, and afterwards until the last of them is taken. */
export class HeldEvents {
  readonly #reasons = new Set<HoldReason>();
  #held: Held[] = [];
  #chars = 0;
  readonly #waiters: (() => void)[] = [];
  /** later events have to wait behind the held ones; a field, since it is read for every event */
  isHolding = false;

  get size(): number {
    return this.#held.length;
  }

  get hasReason(): boolean {
    return this.#reasons.size > 0;
  }

  hold(reason: HoldReason): void {
    this.#reasons.add(reason);
    this.isHolding = true;
  }

  /** @returns true when no reason is left, so that the held events are due */
  release(reason: HoldReason): boolean {
    return this.#reasons.delete(reason) && this.#reasons.size === 0;
  }

  /** @returns a promise that resolves when no event is held */
  emptied(): Promise<void> {
    return this.size === 0 ? Promise.resolve() : new Promise((resolve) => this.#waiters.push(resolve));
  }

  /** @returns false when the limit is reached */
  keep(delivery: Delivery, chars: number): boolean {
    this.#held.push({ delivery, chars });
    this.#chars += chars;
    return this.#held.length < MAX_HELD_EVENTS && this.#chars < MAX_HELD_CHARS;
  }

  hasMessage(id: string): boolean {
    return this.#held.some(({ delivery: { event } }) => event.message?.id === id);
  }

  /** Take the oldest events, unless there is a reason to hold them. */
  takeDue(most: number): Held[] {
    if (this.hasReason) return [];
    const due = this.#held.splice(0, most);
    for (const { chars } of due) this.#chars -= chars;
    if (this.size === 0) this.#end();
    return due;
  }

  /** Take the held events and clear all reasons. @returns the held events */
  take(): Held[] {
    const held = this.#held;
    this.#held = [];
    this.#chars = 0;
    this.#reasons.clear();
    this.#end();
    return held;
  }

  #end(): void {
    this.isHolding = false;
    for (const resolve of this.#waiters.splice(0)) resolve();
  }
}
