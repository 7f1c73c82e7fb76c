/** Everything that is to happen later, so that nothing outlives a reset or the sandbox itself. */
export class Timers {
  readonly #pending = new Map<NodeJS.Timeout | NodeJS.Immediate, () => void>();
  #ended = false;

  /** Runs `task` after `ms` milliseconds unless cleared first. Returns a function that calls it off. */
  after(ms: number, task: () => void): () => void {
    const timer = setTimeout(() => {
      this.#pending.delete(timer);
      task();
    }, ms);
    return this.#keep(timer, () => clearTimeout(timer));
  }

  /** Runs `task` once the work in hand is done. */
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

  /** Calls everything off, also what is asked for from now on. */
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
