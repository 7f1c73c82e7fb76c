const few = 5;
const most = 1000;
/** milliseconds between two looks at most, and in all */
const [longest, patience] = [900_000, 24 * 3600 * 1000];

/**
 * Conversations in which something may still become of what we have said. A listing does not show that, so they are
 * looked at by themselves: soon at first, then ever more seldom, a few at a time.
 */
export class PendingStatuses {
  readonly #least: number;
  /** the one that was looked at last stands last; times in milliseconds of the clock */
  readonly #open = new Map<string, { since: number; next: number }>();

  /** @param least milliseconds before the first look */
  constructor(least: number) {
    this.#least = least;
  }

  /** Something new of ours waits there, or still does. @param isNew looks start anew */
  wait(id: string, isNew: boolean, now: number): void {
    const since = isNew ? now : (this.#open.get(id)?.since ?? now);
    this.#open.delete(id);
    if (now - since > patience) return;
    const pause = Math.min(longest, Math.max(this.#least, (now - since) / 4));
    this.#open.set(id, { since, next: now + pause });
    if (this.#open.size > most) this.#open.delete(this.#open.keys().next().value as string);
  }

  /** Nothing more will become of it. */
  forget(id: string): void {
    this.#open.delete(id);
  }

  /** Those to look at now. */
  due(now: number): string[] {
    const found: string[] = [];
    for (const [id, { next }] of this.#open) {
      if (next <= now) found.push(id);
      if (found.length === few) break;
    }
    return found;
  }

  /** When the next one is due, milliseconds of the clock; Infinity when nothing waits. */
  get next(): number {
    let next = Number.POSITIVE_INFINITY;
    for (const one of this.#open.values()) next = Math.min(next, one.next);
    return next;
  }
}
