import type { EventEmitter } from 'node:events';
import { fenced } from './fence';

/** After this time a missing successor counts as deleted. */
const HELD_FOR_MS = 60_000;

/** Data that a node leaves for its successor. */
export interface Left<T> {
  value: T;
  /** only changed nodes were replaced: the next flow nodes kept running, and held messages are due now */
  isDue: boolean;
}

/** Pending data of nodes that a deploy replaced, for their successors. */
export class HeldMessages {
  readonly #events: EventEmitter;
  readonly #left = new Map<string, { left: Left<unknown>; timer: NodeJS.Timeout }>();
  #watchers = 0;
  #isPartial = false;

  constructor(events: EventEmitter) {
    this.#events = events;
  }

  /** Watch the type of the next deploy. @returns the function that ends it */
  watch(): () => void {
    if (this.#watchers++ === 0) this.#events.on('flows:stopping', this.#onStopping);
    return () => {
      if (--this.#watchers === 0) this.#events.off('flows:stopping', this.#onStopping);
    };
  }

  /** the current deploy replaces changed nodes only */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  readonly #onStopping = fenced(({ type }: { type?: unknown } = {}) => {
    this.#isPartial = type === 'nodes';
  });

  /** @param key of a node and what it holds @param value undefined is not stored */
  leave(key: string, value: unknown): void {
    if (value === undefined) return;
    this.take(key);
    const timer = setTimeout(() => this.#left.delete(key), HELD_FOR_MS).unref();
    this.#left.set(key, { left: { value, isDue: this.#isPartial }, timer });
  }

  /** @returns the data of the predecessor; once only */
  take(key: string): Left<unknown> | undefined {
    const { left, timer } = this.#left.get(key) ?? {};
    this.#left.delete(key);
    clearTimeout(timer);
    return left;
  }
}

/** After this time the start counts as complete: an early message is better than a lost one. */
const START_TIMEOUT_MS = 5000;

/** A start of the flows, shared by all nodes that are created meanwhile. */
export interface Starting {
  /** all nodes exist */
  readonly isOver: boolean;
}

/** Notifies new nodes when all nodes of the deploy exist: messages sent earlier may be lost. */
export class FlowStart {
  readonly #events: EventEmitter;
  #current: { isOver: boolean; waiting: Set<() => void>; timer: NodeJS.Timeout } | undefined;

  constructor(events: EventEmitter) {
    this.#events = events;
  }

  /** Note that a node is created. @returns the start that it belongs to */
  begin(): Starting {
    return this.#begin();
  }

  /** @param act called once, never synchronously. @returns the function that cancels it */
  whenStarted(act: () => void): () => void {
    const { waiting } = this.#begin();
    waiting.add(act);
    return () => waiting.delete(act);
  }

  #begin() {
    if (this.#current) {
      this.#current.timer.refresh();
      return this.#current;
    }
    this.#events.on('flows:started', this.#started);
    const timer = setTimeout(this.#started, START_TIMEOUT_MS).unref();
    this.#current = { isOver: false, waiting: new Set(), timer };
    return this.#current;
  }

  readonly #started = fenced(() => {
    const current = this.#current;
    if (!current) return;
    this.#current = undefined;
    clearTimeout(current.timer);
    this.#events.off('flows:started', this.#started);
    current.isOver = true;
    for (const act of [...current.waiting]) fenced(act)();
  });
}
