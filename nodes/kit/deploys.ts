import type { EventEmitter } from 'node:events';

/** A successor that has not come by then has been deleted. */
const HELD_FOR_MS = 60_000;

/** What a predecessor leaves to its successor. */
export interface Left<T> {
  value: T;
  /** only changed nodes were replaced: the flow behind them has gone on, and what was held is due now */
  isDue: boolean;
}

/** What nodes still held when a deploy replaced them, for their successors. */
export class HeldMessages {
  readonly #events: EventEmitter;
  readonly #left = new Map<string, { left: Left<unknown>; timer: NodeJS.Timeout }>();
  #watchers = 0;
  #isPartial = false;

  constructor(events: EventEmitter) {
    this.#events = events;
  }

  /** Keep an eye on what kind of deploy comes. @returns the function that ends it */
  watch(): () => void {
    if (this.#watchers++ === 0) this.#events.on('flows:stopping', this.#onStopping);
    return () => {
      if (--this.#watchers === 0) this.#events.off('flows:stopping', this.#onStopping);
    };
  }

  /** the deploy at work replaces changed nodes only */
  get isPartial(): boolean {
    return this.#isPartial;
  }

  readonly #onStopping = ({ type }: { type?: unknown } = {}): void => {
    this.#isPartial = type === 'nodes';
  };

  /** @param value nothing is kept for undefined */
  leave(nodeId: string, value: unknown): void {
    if (value === undefined) return;
    this.take(nodeId);
    const timer = setTimeout(() => this.#left.delete(nodeId), HELD_FOR_MS).unref();
    this.#left.set(nodeId, { left: { value, isDue: this.#isPartial }, timer });
  }

  /** @returns what the predecessor left, once */
  take(nodeId: string): Left<unknown> | undefined {
    const { left, timer } = this.#left.get(nodeId) ?? {};
    this.#left.delete(nodeId);
    clearTimeout(timer);
    return left;
  }
}

/** A start that takes longer is taken to be over: better a message too early than none. */
const START_TIMEOUT_MS = 5000;

/** Tells nodes that are being made when all others of the deploy are there: what they send earlier may reach nobody. */
export class FlowStart {
  readonly #events: EventEmitter;
  readonly #waiting = new Set<() => void>();
  #timer: NodeJS.Timeout | undefined;

  constructor(events: EventEmitter) {
    this.#events = events;
  }

  /** @param act called once, never at once; must not throw. @returns the function that takes it back */
  whenStarted(act: () => void): () => void {
    if (this.#waiting.size === 0) {
      this.#events.on('flows:started', this.#started);
      this.#timer = setTimeout(this.#started, START_TIMEOUT_MS).unref();
    }
    this.#waiting.add(act);
    return () => {
      if (this.#waiting.delete(act) && this.#waiting.size === 0) this.#stop();
    };
  }

  readonly #started = (): void => {
    this.#stop();
    const waiting = [...this.#waiting];
    this.#waiting.clear();
    for (const act of waiting) act();
  };

  #stop(): void {
    clearTimeout(this.#timer);
    this.#events.off('flows:started', this.#started);
  }
}
