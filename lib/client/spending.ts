import { LinktorError } from '../errors';
import { isObject, type Usage } from '../model';

/** What models have been asked for since the client was created, as far as the server tells. */
export interface AiFigures {
  /** answers with figures, in pieces or not, those that broke off included */
  answers: number;
  promptTokens: number;
  completionTokens: number;
  totalTokens: number;
  /** in the server's own unit */
  cost: number;
}

/** First parts of the paths of calls that ask a model. */
const ASKING = new Set(['ai', 'agents']);

/** Adds up what the calls of one client cost. */
export class Spending {
  readonly #sum: AiFigures = { answers: 0, promptTokens: 0, completionTokens: 0, totalTokens: 0, cost: 0 };

  get figures(): AiFigures {
    return { ...this.#sum };
  }

  /** @param answer of a call, or its error: what has come before it has been billed */
  note([first = '']: readonly string[], answer: unknown): void {
    if (!ASKING.has(first)) return;
    const told = answer instanceof LinktorError ? answer.cause.details : answer;
    if (!isObject(told) || !isObject(told.usage)) return;
    const { promptTokens = 0, completionTokens = 0, totalTokens, cost = 0 }: Usage = told.usage;
    const sum = this.#sum;
    sum.answers++;
    sum.promptTokens += promptTokens;
    sum.completionTokens += completionTokens;
    sum.totalTokens += totalTokens ?? promptTokens + completionTokens;
    sum.cost += cost;
  }
}
