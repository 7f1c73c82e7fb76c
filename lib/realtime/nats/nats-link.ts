import { backoff } from '../../async/backoff';
import { detach, fence } from '../../async/fence';
import { toLinktorError } from '../../errors';
import type { RealtimeFacts } from '../facts';
import type { NatsSettings } from './address';
import { NatsSession, type SessionReader } from './session';

export interface NatsLinkSettings {
  nats: NatsSettings;
  reader: SessionReader;
  /** the connection is lost, or could not be opened */
  onLost(): void;
  onState(): void;
  onProblem(text: string): void;
}

const RECONNECT_INTERVAL_MS = 1000;
/** Log one of this many attempts. */
const LOG_EVERY = 10;

/** State of NATS. Times are milliseconds of the local clock. */
export interface NatsState {
  name: NonNullable<RealtimeFacts['nats']>['state'];
  since: number;
}

/** The connection to NATS: opened while it is used, and replaced with all its dependents when it is lost. */
export class NatsLink {
  readonly #settings: NatsLinkSettings;
  #session: NatsSession | undefined;
  /** the present use; callbacks of an earlier one are ignored */
  #use: symbol | undefined;
  /** resolves when the previous session has ended: until then NATS counts it as another reader */
  #ending = Promise.resolve();
  #state: NatsState = { name: 'idle', since: Date.now() };
  #lastError: string | undefined;
  #attempt = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(settings: NatsLinkSettings) {
    this.#settings = settings;
  }

  /** The same state is the same object. */
  get state(): NatsState {
    return this.#state;
  }

  /** Safe to show. */
  get lastError(): string | undefined {
    return this.#lastError;
  }

  get isUsed(): boolean {
    return this.#use !== undefined;
  }

  start(): void {
    this.#use = Symbol('use');
    this.#attempt = 0;
    this.#connect();
  }

  stop(): void {
    this.#use = undefined;
    clearTimeout(this.#timer);
    this.#state = { name: 'idle', since: Date.now() };
    detach(this.#endSession());
  }

  /** Connect anew now, whatever the state. */
  renew(): void {
    if (!this.isUsed) return;
    clearTimeout(this.#timer);
    this.#attempt = 0;
    detach(this.#endSession());
    this.#connect();
  }

  /** @returns a promise that resolves once the connection is closed */
  async close(): Promise<void> {
    this.#use = undefined;
    clearTimeout(this.#timer);
    await this.#endSession();
  }

  #endSession(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    if (session) this.#ending = session.close();
    return this.#ending;
  }

  #connect(): void {
    const use = this.#use;
    const { nats, reader } = this.#settings;
    if (this.#attempt === 0) this.#become('connecting');
    this.#ending
      .then(() => NatsSession.open(nats, reader))
      .then((session) => {
        if (use !== this.#use) return session.close();
        this.#session = session;
        this.#become('open');
        return session.ended.then((reason) => {
          if (this.#session === session) this.#lost(reason);
        });
      })
      .catch((error: unknown) => {
        if (use === this.#use) this.#lost(toLinktorError(error).message);
      });
  }

  #lost(reason: string): void {
    const { onProblem, onLost } = this.#settings;
    detach(this.#endSession());
    this.#lastError = reason;
    if (this.#attempt % LOG_EVERY === 0) onProblem(`no events from NATS, polling instead: ${reason}`);
    this.#attempt++;
    onLost();
    const again = fence(
      () => this.#connect(),
      (error) => onProblem(toLinktorError(error).message),
    );
    this.#timer = setTimeout(again, backoff(this.#attempt, RECONNECT_INTERVAL_MS));
    this.#become('waiting');
  }

  #become(name: NatsState['name']): void {
    this.#state = { name, since: Date.now() };
    if (name === 'open') this.#attempt = 0;
    this.#settings.onState();
  }
}
