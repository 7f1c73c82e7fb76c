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

  add(failed: CallFailure): void {
    for (const listener of this.#listeners) listener(failed);
  }

  /** @returns a function that ends it */
  onFailure(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
