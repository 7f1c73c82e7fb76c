/** All pending timers, so that none outlives a reset or the sandbox. */
export class Timers {
  readonly #pending = new Map<NodeJS.Timeout | NodeJS.Immediate, () => void>();
  #ended = false;

  /** Runs `task` after `ms` milliseconds. Returns a function that cancels it. */
  after(ms: number, task: () => void): () => void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      task();
    }, ms);
    return this.#keep(timer, () => clearTimeout(timer));
  }

  /** Runs `task` in the next turn of the event loop. */
  soon(task: () => void): void {
    const timer = setImmediate(() => {
      this.#pending.delete(timer);
      task();
    });
    this.#keep(timer, () => clearImmediate(timer));
  }

  /** Waits `ms` milliseconds; clearing ends the wait early. */
  sleep(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.#pending.delete(timer);
        resolve();
      }, ms);
      this.#keep(timer, () => {
        clearTimeout(timer);
        resolve();
      });
    });
  }

  /** Cancels all timers, also those requested later. */
  end(): void {
    this.#ended = true;
    this.clear();
  }

  clear(): void {
    for (const cancel of [...this.#pending.values()]) cancel();
    this.#pending.clear();
  }

  #keep(timer: NodeJS.Timeout | NodeJS.Immediate, cancel: () => void): () => void {
    if (this.#ended) cancel();
    else this.#pending.set(timer, cancel);
    return () => {
      this.#pending.delete(timer);
      cancel();
    };
  }
}
