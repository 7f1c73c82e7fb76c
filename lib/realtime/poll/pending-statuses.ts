import { MAX_PENDING_CONVERSATIONS } from '../bounds';

/** Maximum number of due conversations checked in one round. */
const MAX_DUE_CONVERSATIONS = 5;
const LONGEST_LOOK_INTERVAL_MS = 900_000;
const MAX_AGE_MS = 24 * 3600 * 1000;

/**
 * Conversations with an outbound message that has no final status yet. A listing does not show statuses, so they are
 * checked individually: soon at first, then less and less often, a few at a time.
 */
export class PendingStatuses {
  readonly #shortestMs: number;
  /** ordered by their last check; times in milliseconds of the local clock */
  readonly #pending = new Map<string, { since: number; dueAt: number }>();

  /** @param shortestMs milliseconds before the first check */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
  }

  /**
   * Watch a conversation whose outbound message has no final status yet.
   * @param isNew it was just sent: restart the checks
   * @param now milliseconds of the local clock
   */
  wait(id: string, isNew: boolean, now: number): void {
    this.#watch(id, isNew ? now : (this.#pending.get(id)?.since ?? now), now);
  }

  /** @returns since when a conversation has been watched, in milliseconds of the local clock; undefined for no other */
  since(id: string): number | undefined {
    return this.#pending.get(id)?.since;
  }

  /** Go on watching a conversation of a predecessor. */
  resume(id: string, since: number, now: number): void {
    if (!this.#pending.has(id) && since <= now) this.#watch(id, since, now);
  }

  #watch(id: string, since: number, now: number): void {
    this.#pending.delete(id);
    if (now - since > MAX_AGE_MS) return;
    const intervalMs = Math.min(LONGEST_LOOK_INTERVAL_MS, Math.max(this.#shortestMs, (now - since) / 4));
    this.#pending.set(id, { since, dueAt: now + intervalMs });
    if (this.#pending.size > MAX_PENDING_CONVERSATIONS)
      this.#pending.delete(this.#pending.keys().next().value as string);
  }

  /** Stop watching a conversation. */
  forget(id: string): void {
    this.#pending.delete(id);
  }

  /** @returns the conversations to check now */
  due(now: number): string[] {
    const found: string[] = [];
    for (const [id, { dueAt }] of this.#pending) {
      if (dueAt <= now) found.push(id);
      if (found.length === MAX_DUE_CONVERSATIONS) break;
    }
    return found;
  }

  /** Time of the next check, in milliseconds of the local clock; Infinity when there is none. */
  get nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#pending.values()) next = Math.min(next, dueAt);
    return next;
  }
}
