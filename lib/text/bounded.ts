import vm from 'node:vm';

/** A busy machine may leave a run without its processor: so often it is begun again. */
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
    // Only a script can be ended from outside, with all that it has called.
    this.#context ??= vm.createContext({}, { name: 'bounded' }) as { work?: () => void };
    this.#context.work = work;
    try {
      for (let runs = 1; ; runs += 1) {
        const before = process.cpuUsage();
        if (this.#runOnce(this.#context)) return true;
        const { user, system } = process.cpuUsage(before);
        // The limit is wall-clock time. A run that used little processor time was not slow, it was waiting for its turn.
        if (runs === MAX_RUNS || user + system > (this.#limitMs * 1000) / 2) return false;
      }
    } finally {
      // The closure may hold the text of a customer.
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

/** Regular expressions of JavaScript with a limit of time: some texts take them longer than the universe lasts. */
export class BoundedExpressions {
  readonly #expressions: readonly RegExp[];
  readonly #runner: BoundedRunner;

  /** @param sources valid patterns */
  constructor(sources: readonly string[], flags: string, limitMs: number) {
    this.#runner = new BoundedRunner(limitMs);
    this.#expressions = sources.map((source) => new RegExp(source, flags));
  }

  /** @returns which of them match; undefined where the time was over before it was known */
  test(text: string): (boolean | undefined)[] {
    let results: boolean[] = [];
    this.#runner.run(() => {
      results = [];
      for (const expression of this.#expressions) results.push(expression.test(text));
    });
    return this.#expressions.map((_, index) => results[index]);
  }

  /** @returns the match of one, null when there is none, undefined when the time was over before */
  exec(index: number, text: string): RegExpExecArray | null | undefined {
    let result: RegExpExecArray | null | undefined;
    this.#runner.run(() => {
      result = this.#expressions[index]?.exec(text);
    });
    return result;
  }
}
