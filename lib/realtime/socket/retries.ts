import { asAsked, backoff } from '../../async/backoff';
import type { SocketSettings } from './settings';
import type { Loss } from './transport';

const RECONNECT_INTERVAL_MS = 5000;
/** Attempts added to the backoff for a server that discourages connections. */
const DISCOURAGED_ATTEMPTS = 3;

/** Counts the attempts since the connection was last healthy, and decides about the next one. */
export class Retries {
  readonly #settings: Pick<SocketSettings, 'autoReconnect' | 'reconnectInterval' | 'maxReconnectAttempts'>;
  readonly #longestMs: number;
  attempt = 0;

  /** @param longestMs longest wait between two attempts, give or take half */
  constructor(
    settings: Pick<SocketSettings, 'autoReconnect' | 'reconnectInterval' | 'maxReconnectAttempts'>,
    longestMs: number,
  ) {
    this.#settings = settings;
    this.#longestMs = longestMs;
  }

  /** An attempt has failed, or the connection was lost. @returns milliseconds until the next attempt, or why there is none */
  next(reason: string, { askedSeconds, isDiscouraged = false }: Loss): { waitMs: number } | { refusal: string } {
    const {
      autoReconnect = true,
      maxReconnectAttempts = 0,
      reconnectInterval = RECONNECT_INTERVAL_MS,
    } = this.#settings;
    if (!autoReconnect) return { refusal: reason };
    this.attempt++;
    if (maxReconnectAttempts > 0 && this.attempt > maxReconnectAttempts) {
      return { refusal: `gave up after ${maxReconnectAttempts} attempts` };
    }
    const attempts = this.attempt + (isDiscouraged ? DISCOURAGED_ATTEMPTS : 0);
    return { waitMs: asAsked(backoff(attempts, reconnectInterval, Math.random, this.#longestMs), askedSeconds) };
  }
}
