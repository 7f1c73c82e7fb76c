import vm from 'node:vm';

/** Runs what may take for ever, and ends it when its time is over. */
export class BoundedRunner {
  readonly #limitMs: number;
  #context: { work?: () => void } | undefined;

  constructor(limitMs: number) {
    this.#limitMs = limitMs;
  }

  /**
   * @param work must leave nothing half done behind, for it may be ended anywhere
   * @returns false when the time was over before it was done
   * @throws whatever `work` throws
   */
  run(work: () => void): boolean {
    // Only a script can be ended from outside, with all that it has called.
    this.#context ??= vm.createContext({}, { name: 'bounded' }) as { work?: () => void };
    this.#context.work = work;
    try {
      script.runInContext(this.#context, { timeout: this.#limitMs });
      return true;
    } catch (error) {
      if ((error as { code?: unknown } | null)?.code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
      return false;
    } finally {
      // What it holds may be the text of a customer.
      this.#context.work = undefined;
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
    const results: boolean[] = [];
    this.#runner.run(() => {
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
