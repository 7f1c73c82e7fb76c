import vm from 'node:vm';

/** Maximum number of runs: on a busy machine a run may get too little CPU time. */
const MAX_RUNS = 3;

/** Runs work that may never end, and terminates it after a time limit. */
export class BoundedRunner {
  readonly #limitMs: number;
  #context: { work?: () => void } | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * @param work must be safe to abort anywhere and to restart
   * @returns false when the time ran out before it was done
   * @throws any error of `work`
   */
  run(work: () => void): boolean {
    // Only a script can be terminated from outside, including all functions that it has called.
    this.#context ??= vm.createContext({}, { name: 'bounded' }) as { work?: () => void };
    this.#context.work = work;
    try {
      for (let runs = 1; ; runs += 1) {
        const before = process.cpuUsage();
        if (this.#runOnce(this.#context)) return true;
        const { user, system } = process.cpuUsage(before);
        // The limit is wall-clock time. A run with little CPU time was not slow, but waiting for the CPU.
        if (runs === MAX_RUNS || user + system > (this.#limitMs * 1000) / 2) return false;
      }
    } finally {
      // The closure may contain the text of a customer.
      this.#context.work = undefined;
    }
  }

  #runOnce(context: vm.Context): boolean {
    try {
      script.runInContext(context, { timeout: this.#limitMs });
      return true;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return false;
    }
  }
}

const script = new vm.Script('work()');

/** Regular expressions of JavaScript with a time limit, since some texts take exponential time. */
export class BoundedExpressions {
  readonly #expressions: readonly RegExp[];
  readonly #runner: BoundedRunner;

  /** @param sources valid patterns */
  constructor(sources: readonly string[], flags: string, limitMs: number) {
    this.#runner = new BoundedRunner(limitMs);
    this.#expressions = sources.map((source) => new RegExp(source, flags));
  }

  /** @returns a result for each; undefined when the time ran out before */
  test(text: string): (boolean | undefined)[] {
    let results: boolean[] = [];
    this.#runner.run(() => {
      results = [];
      for (const expression of this.#expressions) results.push(expression.test(text));
    });
    return this.#expressions.map((_, index) => results[index]);
  }

  /** @returns the match of one, null when there is none, undefined when the time ran out before */
  exec(index: number, text: string): RegExpExecArray | null | undefined {
    let result: RegExpExecArray | null | undefined;
    this.#runner.run(() => {
      result = this.#expressions[index]?.exec(text);
    });
    return result;
  }
}
