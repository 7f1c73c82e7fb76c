import type { AnswerFacts } from '../../../lib/client/index';
import { invalid, type LinktorError, messageOf } from '../../../lib/errors';
import { contextAnswer } from '../../../lib/ledger/index';
import { describe } from '../../../lib/text/index';
import type { Outcome } from '../define';
import { ABSENT_SOURCE } from '../fields';
import type { Msg, RED, RunningNode, Stored } from '../red';

/**
 * Write the outcome of a run into the message (or a context), and leave everything else in it unchanged.
 * @throws LinktorError `validation` with the result in its details
 */
export async function applyOutcome(
  target: ResultTarget | undefined,
  msg: Msg,
  outcome: Outcome,
  facts: AnswerFacts = {},
): Promise<void> {
  const { properties = {} } = outcome;
  for (const name of Object.keys(properties)) {
    const value = properties[name];
    // Delete instead of setting undefined: some core nodes only test whether a property exists.
    if (value !== undefined) msg[name] = value;
    else if (name in msg) delete msg[name];
  }
  if (facts.requestId !== undefined || facts.rate) {
    const before = typeof msg.linktor === 'object' && msg.linktor !== null ? msg.linktor : {};
    msg.linktor = { ...before, ...facts };
  }
  if (!outcome.keepPayload) await target?.write(msg, outcome.result);
}

/** Target of a node's result: a property of the message, or a context. */
export class ResultTarget {
  readonly #red: RED;
  readonly #node: RunningNode;
  readonly #type: string;
  readonly #path: string;
  /** a property of the message itself can always be set */
  readonly #isPlain: boolean;

  /** @param property default message property */
  constructor(red: RED, node: RunningNode, stored: Stored, property: string) {
    this.#red = red;
    this.#node = node;
    this.#type = String(stored.resultType ?? ABSENT_SOURCE);
    this.#path = String(stored.result || property);
    this.#isPlain = !this.#isContext && /^(?!__proto__$)[a-z_$][\w$]*$/i.test(this.#path);
  }

  get #isContext(): boolean {
    return this.#type === 'flow' || this.#type === 'global';
  }

  /**
   * Check the target before a call is made: a paid result must not be lost.
   * @throws LinktorError `validation`, synchronously or as a rejection
   */
  check(msg: Msg): undefined | Promise<void> {
    if (this.#isPlain) return undefined;
    if (this.#isContext) return this.#checkContext();
    const [last, ...parents] = this.#partsOf(this.#path).reverse();
    if (last === undefined) throw this.#unusable('it names nothing');
    this.#checkParents(msg, parents.reverse());
    return undefined;
  }

  /** @throws LinktorError `validation` with the result in its details */
  async write(msg: Msg, result: unknown): Promise<void> {
    try {
      if (this.#isContext) await this.#writeContext(result);
      else if (!this.#red.util.setMessageProperty(msg, this.#path, result, true))
        throw this.#unusable('it is no object');
    } catch (thrown) {
      throw this.#unusable(messageOf(thrown), { result });
    }
  }

  async #checkContext(): Promise<void> {
    const { key, store } = this.#keyOf();
    const [root, ...parents] = this.#partsOf(key).slice(0, -1);
    if (root === undefined) return;
    const value = await contextAnswer<unknown>((done) => this.#context.get(String(root), store, done)).catch(
      (error: unknown) => {
        throw this.#unusable(messageOf(error));
      },
    );
    if (value !== undefined) this.#checkParents({ [root]: value }, [root, ...parents]);
  }

  #checkParents(holder: object, parents: readonly (string | number)[]): void {
    let inner: unknown = holder;
    for (const part of parents) {
      inner = (inner as Record<string | number, unknown>)[part];
      if (inner === undefined) return;
      if (typeof inner !== 'object' || inner === null) throw this.#unusable(`"${part}" is ${describe(inner)}`);
    }
  }

  async #writeContext(value: unknown): Promise<void> {
    const { key, store } = this.#keyOf();
    await contextAnswer((done) => this.#context.set(key, value, store, done));
  }

  get #context() {
    return this.#node.context()[this.#type as 'flow' | 'global'];
  }

  #keyOf(): { key: string; store?: string } {
    return this.#red.util.parseContextStore(this.#path);
  }

  #partsOf(path: string): (string | number)[] {
    let parts: (string | number)[];
    try {
      parts = this.#red.util.normalisePropertyExpression(path) as (string | number)[];
    } catch (error) {
      throw this.#unusable(messageOf(error));
    }
    // It is no property: what is set there is gone, or is in every object.
    if (parts.includes('__proto__')) throw this.#unusable('nothing can be called "__proto__"');
    return parts;
  }

  #unusable(why: string, details?: object): LinktorError {
    return invalid(
      `There is no place for the result: ${this.#type}.${this.#path} cannot be set, ${why}.`,
      details
        ? 'The call has been made: its result is in cause.details. Choose another place in the field "result".'
        : 'Choose another place in the field "result".',
      details,
    );
  }
}
