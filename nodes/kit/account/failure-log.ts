import type { ErrorCode } from '../../../lib/errors';

/** A call that came to nothing. What a server said about it is not here: it may hold what people wrote. */
export interface CallFailure {
  /** milliseconds of the clock */
  at: number;
  code: ErrorCode;
  /** the type of the node whose call it was */
  nodeType: string;
  conversationId?: string;
}

type Listener = (failed: CallFailure) => void;

/** Tells whoever looks at an account of the calls that failed. */
export class FailureLog {
  readonly #listeners = new Set<Listener>();
  readonly #counts = new Map<string, number>();

  /** how often which kind of node has failed, and why, since the deploy */
  get counts(): { nodeType: string; code: string; count: number }[] {
    return [...this.#counts].map(([key, count]) => {
      const [nodeType = '', code = ''] = key.split(' ');
      return { nodeType, code, count };
    });
  }

  add(failed: CallFailure): void {
    const key = `${failed.nodeType} ${failed.code}`;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + 1);
    for (const listener of this.#listeners) listener(failed);
  }

  /** @returns a function that ends it */
  onFailure(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
