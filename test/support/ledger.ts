import type { Event } from '../../lib/model';

const ranks: Record<string, number> = { sent: 1, delivered: 2, read: 3, failed: 3 };
const mostFaults = 20;
/** maximum number of outbound messages whose statuses are tracked */
const mostFollowed = 20_000;

/**
 * Checks delivered events against the written messages: message n of a conversation has the text n. It stores one
 * number per conversation and no events, so that the memory of a long run is that of the client alone.
 */
export class Ledger {
  told = 0;
  readonly #last = new Map<string, number>();
  /** the newest delivered status of each outbound message */
  readonly #statuses = new Map<string, number>();
  readonly #faults: string[] = [];
  #missing = 0;
  #changed = Date.now();

  note({ name, conversationId = '', messageId = '', message, status }: Event): void {
    if (message) this.#message(conversationId, message.id, Number(message.text), message.direction);
    else if (status !== undefined && name.startsWith('message.')) this.#status(messageId, status);
  }

  /**
   * Wait until every message was delivered, or no event has arrived for `timeoutMs` milliseconds.
   * @param isDown while it returns true, time does not count
   */
  async complete(written: ReadonlyMap<string, number>, timeoutMs: number, isDown: () => boolean): Promise<void> {
    const isComplete = () => [...written].every(([id, count]) => (this.#last.get(id) ?? 0) >= count);
    this.#changed = Date.now();
    while (!isComplete() && Date.now() - this.#changed < timeoutMs) {
      await new Promise((resolve) => setTimeout(resolve, 20));
      if (isDown()) this.#changed = Date.now();
    }
  }

  /** @returns descriptions of the faults; beyond twenty, only their number */
  faults(written: ReadonlyMap<string, number>): string[] {
    const lost = [...written].flatMap(([id, count]) => {
      const last = this.#last.get(id) ?? 0;
      return last < count ? [`${id}: the last ${count - last} of ${count} are lost`] : [];
    });
    const all = [...this.#faults, ...lost];
    const more = this.#missing - this.#faults.length;
    return more > 0 ? [...all, `and ${more} more`] : all;
  }

  #message(conversationId: string, id: string, number: number, direction: string): void {
    this.told++;
    this.#changed = Date.now();
    const last = this.#last.get(conversationId) ?? 0;
    if (number <= last) this.#blame(`${conversationId}: ${number} after ${last}, twice or too late`);
    else if (number > last + 1) this.#blame(`${conversationId}: ${number} after ${last}, lost or too early`);
    this.#last.set(conversationId, Math.max(last, number));
    if (direction === 'inbound') return;
    this.#statuses.set(id, 0);
    if (this.#statuses.size > mostFollowed) this.#statuses.delete(this.#statuses.keys().next().value as string);
  }

  #status(id: string, status: string): void {
    const before = this.#statuses.get(id);
    const rank = ranks[status] ?? 0;
    if (before === undefined) this.#blame(`${id}: ${status} before the message`);
    else if (rank <= before) this.#blame(`${id}: ${status} twice or after a later one`);
    else this.#statuses.set(id, rank);
  }

  #blame(fault: string): void {
    this.#missing++;
    if (this.#faults.length < mostFaults) this.#faults.push(fault);
  }
}
