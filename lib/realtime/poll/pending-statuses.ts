import { MAX_PENDING_CONVERSATIONS } from '../bounds';

/** Conversations that are due at the same time: so many are looked at in one round. */
const MAX_DUE_CONVERSATIONS = 5;
const LONGEST_LOOK_INTERVAL_MS = 900_000;
const MAX_AGE_MS = 24 * 3600 * 1000;

/**
 * Conversations with messages of ours that have no final status yet. A listing does not show statuses, so these
 * conversations are looked at by themselves: soon at first, then ever more seldom, a few at a time.
 */
export class PendingStatuses {
  readonly #shortestMs: number;
  /** the one that was looked at last stands last; times in milliseconds of the local clock */
  readonly #pending = new Map<string, { since: number; dueAt: number }>();

  /** @param shortestMs milliseconds before the first look */
  constructor(shortestMs: number) {
    this.#shortestMs = shortestMs;
  }

  /**
   * A message of ours waits there for its final status.
   * @param isNew it has just been sent: the looks start anew
   * @param now milliseconds of the local clock
   */
  wait(id: string, isNew: boolean, now: number): void {
    const since = isNew ? now : (this.#pending.get(id)?.since ?? now);
    this.#pending.delete(id);
    if (now - since > MAX_AGE_MS) return;
    const intervalMs = Math.min(LONGEST_LOOK_INTERVAL_MS, Math.max(this.#shortestMs, (now - since) / 4));
    this.#pending.set(id, { since, dueAt: now + intervalMs });
    if (this.#pending.size > MAX_PENDING_CONVERSATIONS)
      this.#pending.delete(this.#pending.keys().next().value as string);
  }

  /** No status is to be expected there any more. */
  forget(id: string): void {
    this.#pending.delete(id);
  }

  /** @returns the conversations to look at now */
  due(now: number): string[] {
    const found: string[] = [];
    for (const [id, { dueAt }] of this.#pending) {
      if (dueAt <= now) found.push(id);
      if (found.length === MAX_DUE_CONVERSATIONS) break;
    }
    return found;
  }

  /** When the next look is due, milliseconds of the local clock; Infinity when nothing waits. */
  get nextDueAt(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const { dueAt } of this.#pending.values()) next = Math.min(next, dueAt);
    return next;
  }
}
