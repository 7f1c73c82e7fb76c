import type { Event } from '../../model';

/** Rounds at the busy interval without anything new, after which the account counts as idle. */
const CALM_ROUNDS = 20;
/** While the socket announces messages, a round is only a check: so many idle intervals apart, unless it is said. */
const CHECK_FACTOR = 4;

/** How often to ask: by how much happens, and whether the socket announces it. */
export class PollPace {
  readonly #busyMs: number;
  readonly #idleMs: number;
  readonly #checkMs: number;
  /** when there was something new, milliseconds of the local clock */
  #newsAt = 0;
  #isAnnounced = false;

  /**
   * @param busyMs milliseconds between two rounds while something happens
   * @param idleMs milliseconds between two rounds while nothing does
   * @param checkMs milliseconds between two rounds while messages are announced
   */
  constructor(busyMs: number, idleMs: number, checkMs = idleMs * CHECK_FACTOR) {
    this.#busyMs = busyMs;
    this.#idleMs = idleMs;
    this.#checkMs = checkMs;
  }

  /** The socket has turned out to announce messages. */
  get isAnnounced(): boolean {
    return this.#isAnnounced;
  }

  /** The socket has brought an event. */
  announced(event: Event): void {
    if (event.message) this.#isAnnounced = true;
    this.#newsAt = Date.now();
  }

  /** A message of ours has left: something is going on. */
  sent(): void {
    this.#newsAt = Date.now();
  }

  /** A round has found an event. */
  found(event: Event): void {
    this.#newsAt = Date.now();
    // A message that the socket has kept from us shows that it does not announce them. Not every server announces ours.
    if (event.message?.direction === 'inbound') this.#isAnnounced = false;
  }

  /** The socket is gone. @returns true when messages were announced until now */
  unannounced(): boolean {
    const was = this.#isAnnounced;
    this.#isAnnounced = false;
    return was;
  }

  /** Milliseconds between two rounds just now. */
  get intervalMs(): number {
    if (this.#isAnnounced) return this.#checkMs;
    const isBusy = Date.now() - this.#newsAt < this.#busyMs * CALM_ROUNDS;
    return isBusy ? Math.min(this.#busyMs, this.#idleMs) : this.#idleMs;
  }

  /** Milliseconds until the next round. @param dueAt when something else is due, milliseconds of the local clock */
  pauseMs(dueAt: number): number {
    return Math.min(this.intervalMs, Math.max(this.#busyMs, dueAt - Date.now()));
  }
}
