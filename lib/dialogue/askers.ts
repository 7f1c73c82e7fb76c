import { fence } from '../async/fence';
import type { Asker } from './dialogue';

/** longest wait for a node during a deploy, in milliseconds */
const MAX_ABSENCE_MS = 60_000;

/** The deployed nodes that ask questions, by id. */
export class Askers {
  readonly #askers = new Map<string, Asker>();
  readonly #awaited = new Map<string, Set<() => void>>();
  /** no node will register any more */
  isStopped = false;

  add(nodeId: string, asker: Asker): () => void {
    this.#askers.set(nodeId, asker);
    for (const look of this.#awaited.get(nodeId) ?? []) look();
    return () => {
      if (this.#askers.get(nodeId) === asker) this.#askers.delete(nodeId);
    };
  }

  has(nodeId: string): boolean {
    return this.#askers.has(nodeId);
  }

  get(nodeId: string): Asker | undefined {
    return this.#askers.get(nodeId);
  }

  /** @returns the node once it is deployed; undefined when it does not return in time */
  arrival(nodeId: string): Promise<Asker | undefined> {
    const present = this.#askers.get(nodeId);
    if (present || this.isStopped) return Promise.resolve(present);
    return new Promise((resolve) => {
      const waiting = this.#awaited.get(nodeId) ?? new Set();
      this.#awaited.set(nodeId, waiting);
      const look = () => {
        clearTimeout(timer);
        waiting.delete(look);
        if (waiting.size === 0) this.#awaited.delete(nodeId);
        resolve(this.#askers.get(nodeId));
      };
      const timer = setTimeout(fence(look), MAX_ABSENCE_MS);
      timer.unref();
      waiting.add(look);
    });
  }

  /** Release all waiters: no node will register any more. */
  stop(): void {
    this.isStopped = true;
    for (const waiting of [...this.#awaited.values()]) for (const look of [...waiting]) look();
  }
}
