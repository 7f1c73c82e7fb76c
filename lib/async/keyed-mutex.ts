const DONE = Promise.resolve();

/** Runs tasks of the same key one after the other, in the order of the calls. */
export class KeyedMutex {
  readonly #last = new Map<string, Promise<void>>();

  /** @returns true while a task of this key runs or waits */
  isBusy(key: string): boolean {
    return this.#last.has(key);
  }

  /** No task runs or waits. */
  get isIdle(): boolean {
    return this.#last.size === 0;
  }

  /** Resolves when all tasks that now run or wait have ended. */
  async settled(): Promise<void> {
    await Promise.all(this.#last.values());
  }

  /**
   * Run a task under one or several locks. A task may take the lock of another key.
   * @param keys all taken at once, so that two callers cannot block each other
   * @returns the result of the task
   * @throws the error of the task
   */
  run<T>(keys: string | readonly string[], task: () => Promise<T>): Promise<T> {
    if (typeof keys === 'string') return this.#runOne(keys, task);
    const [only] = keys;
    return keys.length === 1 && only !== undefined ? this.#runOne(only, task) : this.#runAll(keys, task);
  }

  async #runAll<T>(keys: readonly string[], task: () => Promise<T>): Promise<T> {
    const lines = [...new Set(keys)];
    const before = lines.map((key) => this.#last.get(key));
    let end = () => {};
    const turn = new Promise<void>((resolve) => {
      end = resolve;
    });
    for (const key of lines) this.#last.set(key, turn);
    try {
      await Promise.all(before);
      return await task();
    } finally {
      end();
      for (const key of lines) if (this.#last.get(key) === turn) this.#last.delete(key);
    }
  }

  /** As {@link run}, for one lock, which nearly every task needs. The task begins after the caller has gone on. */
  #runOne<T>(key: string, task: () => Promise<T>): Promise<T> {
    const running = (this.#last.get(key) ?? DONE).then(task);
    const end = () => {
      if (this.#last.get(key) === ended) this.#last.delete(key);
    };
    const ended: Promise<void> = running.then(end, end);
    this.#last.set(key, ended);
    return running;
  }
}
