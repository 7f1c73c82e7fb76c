import type { ErrorCode } from '../../../lib/errors';

/** A failed call. It omits the server's response, which may hold texts of people. */
export interface CallFailure {
  /** milliseconds of the clock */
  at: number;
  code: ErrorCode;
  /** type of the node that made the call */
  nodeType: string;
  conversationId?: string;
}

type Listener = (failed: CallFailure) => void;

/** Counts the failed calls of an account and notifies listeners. */
export class FailureLog {
  readonly #listeners = new Set<Listener>();
  readonly #counts = new Map<string, number>();

  /** number of failures since the deploy, by node type and error code */
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

  /** @returns the function that removes the listener */
  onFailure(listener: Listener): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }
}
