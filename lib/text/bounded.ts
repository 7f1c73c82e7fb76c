import vm from 'node:vm';

/** milliseconds that native expressions may take for one text: a customer waits, and so does everybody else */
export const MAX_NATIVE_MS = 20;

interface World {
  expressions: RegExp[];
  results: unknown[];
  text: string;
}

/**
 * Regular expressions of JavaScript with a limit of time: some texts take them longer than the universe lasts. They run
 * in a context of their own, for only there a running expression can be ended.
 */
export class BoundedExpressions {
  readonly #sources: readonly string[];
  #world: World | undefined;

  /** @param sources valid patterns, read with the flags `iu` */
  constructor(sources: readonly string[]) {
    this.#sources = sources;
  }

  /** @returns which of them match; undefined where the time was over before it was known */
  test(text: string): (boolean | undefined)[] {
    const { results } = this.#run(text, testing);
    return this.#sources.map((_, index) => results[index] as boolean | undefined);
  }

  /** @returns the match of one, null when there is none, undefined when the time was over before */
  exec(index: number, text: string): RegExpExecArray | null | undefined {
    const { results } = this.#run(text, new vm.Script(`results.push(expressions[${index}].exec(text))`));
    return results[0] as RegExpExecArray | null | undefined;
  }

  #run(text: string, script: vm.Script): World {
    this.#world ??= worldOf(this.#sources);
    const world = Object.assign(this.#world, { text, results: [] });
    try {
      script.runInContext(world, { timeout: MAX_NATIVE_MS });
    } catch (error) {
      if ((error as { code?: unknown }).code !== 'ERR_SCRIPT_EXECUTION_TIMEOUT') throw error;
    }
    // A customer's text is not for keeping.
    world.text = '';
    return world;
  }
}

const testing = new vm.Script('for (const expression of expressions) results.push(expression.test(text))');

function worldOf(sources: readonly string[]): World {
  const world = vm.createContext({ sources, expressions: [], results: [], text: '' }, { name: 'patterns' });
  vm.runInContext("expressions = sources.map((source) => new RegExp(source, 'iu'))", world);
  return world as unknown as World;
}
