import type { Event } from '../../lib/model';

const ranks: Record<string, number> = { sent: 1, delivered: 2, read: 3, failed: 3 };
const mostFaults = 20;
/** maximum number of outbound messages whose statuses are tracked */
const mostFollowed = 20_000;

/**
 * Checks delivered events against the written messages: message n of a conversation has the text n. It stores a few
 * numbers per conversation and no events, so that the memory of a long run is that of the client alone. Behind a
 * `sync.gap` messages may come late, once.
 */
export class Ledger {
  told = 0;
  readonly #last = new Map<string, number>();
  /** the newest delivered status of each outbound message */
  readonly #statuses = new Map<string, number>();
  /** numbers that a told gap has left out, by conversation */
  readonly #late = new Map<string, Set<number>>();
  /** number of gaps told so far; at the last one of a conversation, and at its last message */
  #gaps = 0;
  readonly #gapsOf = new Map<string, number>();
  readonly #gapsAt = new Map<string, number>();
  /** the last gap that concerns all conversations */
  #commonGap = 0;
  readonly #faults: string[] = [];
  #missing = 0;
  #changed = Date.now();

  note({ name, conversationId = '', messageId = '', message, status }: Event): void {
    if (name === 'sync.gap') this.#gap(conversationId);
    else if (message) this.#message(conversationId, message.id, Number(message.text), message.direction);
    else if (status !== undefined && name.startsWith('message.')) this.#status(conversationId, messageId, status);
  }

  /**
   * Wait until every message was delivered, or no event has arrived for `timeoutMs` milliseconds.
   * @param isDown while it returns true, time does not count
   */
  async complete(written: ReadonlyMap<string, number>, timeoutMs: number, isDown: () => boolean): Promise<void> {
    const isComplete = () =>
      [...written].every(([id, count]) => (this.#last.get(id) ?? 0) >= count && !this.#late.has(id));
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
      const left = this.#late.get(id)?.size ?? 0;
      return [
        ...(last < count ? [`${id}: the last ${count - last} of ${count} are lost`] : []),
        ...(left > 0 ? [`${id}: ${left} behind a gap are lost`] : []),
      ];
    });
    const all = [...this.#faults, ...lost];
    const more = this.#missing - this.#faults.length;
    return more > 0 ? [...all, `and ${more} more`] : all;
  }

  #message(conversationId: string, id: string, number: number, direction: string): void {
    this.told++;
    this.#changed = Date.now();
    const last = this.#last.get(conversationId) ?? 0;
    if (number <= last) {
      if (!this.#cameLate(conversationId, number))
        this.#blame(`${conversationId}: ${number} after ${last}, twice or too late`);
    } else if (number > last + 1) {
      if (this.#isBehindGap(conversationId)) this.#leaveOut(conversationId, last + 1, number);
      else this.#blame(`${conversationId}: ${number} after ${last}, lost or too early`);
    }
    if (number > last) this.#gapsAt.set(conversationId, this.#gaps);
    this.#last.set(conversationId, Math.max(last, number));
    if (direction === 'inbound') return;
    this.#statuses.set(id, 0);
    if (this.#statuses.size > mostFollowed) this.#statuses.delete(this.#statuses.keys().next().value as string);
  }

  /** @param conversationId empty for a gap of all conversations */
  #gap(conversationId: string): void {
    this.#gaps++;
    if (conversationId === '') this.#commonGap = this.#gaps;
    else this.#gapsOf.set(conversationId, this.#gaps);
  }

  #isBehindGap(conversationId: string): boolean {
    const told = Math.max(this.#commonGap, this.#gapsOf.get(conversationId) ?? 0);
    return told > (this.#gapsAt.get(conversationId) ?? 0);
  }

  #leaveOut(conversationId: string, from: number, to: number): void {
    const late = this.#late.get(conversationId) ?? new Set();
    for (let number = from; number < to; number++) late.add(number);
    this.#late.set(conversationId, late);
  }

  #cameLate(conversationId: string, number: number): boolean {
    const late = this.#late.get(conversationId);
    if (!late?.delete(number)) return false;
    if (late.size === 0) this.#late.delete(conversationId);
    return true;
  }

  #status(conversationId: string, id: string, status: string): void {
    const before = this.#statuses.get(id);
    const rank = ranks[status] ?? 0;
    // Its message may be one that a gap has left out.
    if (before === undefined && (this.#late.has(conversationId) || this.#isBehindGap(conversationId))) return;
    if (before === undefined) this.#blame(`${id}: ${status} before the message`);
    else if (rank <= before) this.#blame(`${id}: ${status} twice or after a later one`);
    else this.#statuses.set(id, rank);
  }

  #blame(fault: string): void {
    this.#missing++;
    if (this.#faults.length < mostFaults) this.#faults.push(fault);
  }
}
