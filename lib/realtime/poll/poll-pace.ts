import type { Event } from '../../model';

/** Busy rounds without new events after which the account counts as idle. */
const CALM_ROUNDS = 20;
/** Default interval of rounds while the socket announces messages, in idle intervals: a round is only a check. */
const CHECK_FACTOR = 4;

/** Determines the poll interval, by activity and by announcements of the socket. */
export class PollPace {
  readonly #busyMs: number;
  readonly #idleMs: number;
  readonly #checkMs: number;
  /** time of the last new event, in milliseconds of the local clock */
  #newsAt = 0;
  #isAnnounced = false;

  /**
   * @param busyMs milliseconds between two rounds during activity
   * @param idleMs milliseconds between two rounds without activity
   * @param checkMs milliseconds between two rounds while messages are announced
   */
  constructor(busyMs: number, idleMs: number, checkMs = idleMs * CHECK_FACTOR) {
    this.#busyMs = busyMs;
    this.#idleMs = idleMs;
    this.#checkMs = checkMs;
  }

  /** The socket has proved to announce messages. */
  get isAnnounced(): boolean {
    return this.#isAnnounced;
  }

  /** The socket has brought an event. */
  announced(event: Event): void {
    if (event.message) this.#isAnnounced = true;
    this.#newsAt = Date.now();
  }

  /** A message was sent, which counts as activity. */
  sent(): void {
    this.#newsAt = Date.now();
  }

  /** A round has found an event. */
  found(event: Event): void {
    this.#newsAt = Date.now();
    // An inbound message omitted by the socket proves that it announces none; outbound ones prove nothing.
    if (event.message?.direction === 'inbound') this.#isAnnounced = false;
  }

  /** The socket is closed. @returns true when messages were announced until now */
  unannounced(): boolean {
    const was = this.#isAnnounced;
    this.#isAnnounced = false;
    return was;
  }

  /** Present interval between two rounds, in milliseconds. */
  get intervalMs(): number {
    if (this.#isAnnounced) return this.#checkMs;
    const isBusy = Date.now() - this.#newsAt < this.#busyMs * CALM_ROUNDS;
    return isBusy ? Math.min(this.#busyMs, this.#idleMs) : this.#idleMs;
  }

  /** Milliseconds until the next round. @param dueAt time of another due check, in milliseconds of the local clock */
  pauseMs(dueAt: number): number {
    return Math.min(this.intervalMs, Math.max(this.#busyMs, dueAt - Date.now()));
  }
}
