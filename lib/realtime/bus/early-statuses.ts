import { fence } from '../../async/fence';
import { MAX_EARLY_STATUSES } from '../bounds';
import type { Delivery } from './delivery';

/** Holds statuses that arrived before their message, for a while: the message may be older than everything known. */
export class EarlyStatuses {
  readonly #waitMs: number;
  readonly #deliver: (delivery: Delivery) => void;
  readonly #waiting = new Map<string, { since: number; deliveries: Delivery[] }>();
  /** fields, since they are read for every event */
  readonly isEnabled: boolean;
  size = 0;
  #timer: NodeJS.Timeout | undefined;

  /**
   * @param waitMs milliseconds; 0: no status waits
   * @param deliver receives statuses whose wait is over; must not add them again
   */
  constructor(waitMs: number, deliver: (delivery: Delivery) => void) {
    this.#waitMs = waitMs;
    this.#deliver = deliver;
    this.isEnabled = waitMs > 0;
  }

  /** @returns false when too many statuses are waiting */
  keep(delivery: Delivery): boolean {
    const id = delivery.event.messageId as string;
    const waiting = this.#waiting.get(id);
    if (this.size >= MAX_EARLY_STATUSES) return false;
    this.size++;
    if (waiting) waiting.deliveries.push(delivery);
    else {
      this.#waiting.set(id, { since: Date.now(), deliveries: [delivery] });
      this.#timer ??= setTimeout(
        fence(() => this.#expire()),
        this.#waitMs,
      );
    }
    return true;
  }

  /** Deliver the statuses of a message that has been delivered. */
  release(messageId: string): void {
    const waiting = this.#waiting.get(messageId);
    if (!waiting) return;
    this.#waiting.delete(messageId);
    this.size -= waiting.deliveries.length;
    for (const delivery of waiting.deliveries) this.#deliver(delivery);
  }

  clear(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#waiting.clear();
    this.size = 0;
  }

  #expire(): void {
    this.#timer = undefined;
    // In order of arrival: the first one that has not waited long enough ends the loop.
    for (const [id, { since, deliveries }] of this.#waiting) {
      const waitedMs = Date.now() - since;
      // A clock that was set back does not prolong the wait.
      if (waitedMs >= 0 && waitedMs < this.#waitMs) {
        this.#timer = setTimeout(
          fence(() => this.#expire()),
          this.#waitMs - waitedMs,
        );
        return;
      }
      this.#waiting.delete(id);
      this.size -= deliveries.length;
      for (const delivery of deliveries) this.#deliver(delivery);
    }
  }
}
