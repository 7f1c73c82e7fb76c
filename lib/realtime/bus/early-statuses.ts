import type { Delivery } from './bus';

const mostKept = 1000;

/** Statuses that came before their message wait here for it; but a message may be older than all that we know. */
export class EarlyStatuses {
  readonly #patience: number;
  readonly #release: (delivery: Delivery) => void;
  readonly #kept = new Map<string, { since: number; deliveries: Delivery[] }>();
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param patience milliseconds; 0 means that nothing waits
   * @param release tells what has waited, without asking here again
   */
  constructor(patience: number, release: (delivery: Delivery) => void) {
    this.#patience = patience;
    this.#release = release;
  }

  get waits(): boolean {
    return this.#patience > 0;
  }

  /** @returns false when too many wait already */
  keep(delivery: Delivery): boolean {
    const id = delivery.event.messageId as string;
    const kept = this.#kept.get(id);
    if (kept) kept.deliveries.push(delivery);
    else {
      if (this.#kept.size >= mostKept) return false;
      this.#kept.set(id, { since: Date.now(), deliveries: [delivery] });
      this.#timer ??= setTimeout(() => this.#expire(), this.#patience);
    }
    return true;
  }

  /** The message has been told. */
  release(messageId: string): void {
    const kept = this.#kept.size > 0 ? this.#kept.get(messageId) : undefined;
    if (!kept) return;
    this.#kept.delete(messageId);
    for (const delivery of kept.deliveries) this.#release(delivery);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#kept.clear();
  }

  /** They are in the order in which they came. */
  #expire(): void {
    this.#timer = undefined;
    for (const [id, { since, deliveries }] of this.#kept) {
      const waited = Date.now() - since;
      // A clock that was set back is no reason to wait for longer.
      if (waited >= 0 && waited < this.#patience) {
        this.#timer = setTimeout(() => this.#expire(), this.#patience - waited);
        return;
      }
      this.#kept.delete(id);
      for (const delivery of deliveries) this.#release(delivery);
    }
  }
}
