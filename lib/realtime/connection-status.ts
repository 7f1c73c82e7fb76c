import { messageOf } from '../errors';
import type { Event } from '../model';
import type { Bus } from './bus/bus';
import type { FeedChoice } from './feed-choice';
import type { Handover } from './handover';
import type { SocketState } from './socket/state';

const CONNECTION_EVENTS: Partial<Record<SocketState['name'], Event['name']>> = {
  open: 'connection.open',
  waiting: 'connection.waiting',
  refused: 'connection.refused',
  idle: 'connection.closed',
  paused: 'connection.closed',
  closed: 'connection.closed',
};

export interface ConnectionStatusParts {
  feeds: FeedChoice;
  bus: Pick<Bus, 'announce'>;
  handover: Pick<Handover, 'isUsed' | 'end'>;
}

/** Passes every change of the connection to the feed, and reports it to listeners and triggers. */
export class ConnectionStatus {
  readonly #parts: ConnectionStatusParts;
  readonly #onProblem: (text: string) => void;
  readonly #listeners = new Set<(state: SocketState) => void>();
  /** the state last reported */
  #shown: SocketState | undefined;
  /** the state has changed its name, and not only its caution */
  #hasNewName = true;

  constructor(parts: ConnectionStatusParts, onProblem: (text: string) => void) {
    this.#parts = parts;
    this.#onProblem = onProblem;
  }

  /** @returns the function that removes the listener */
  listen(listener: (state: SocketState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** The connection or its users have changed. */
  update(): void {
    const { feeds, handover } = this.#parts;
    feeds.current.update(handover.isUsed);
    this.show();
  }

  /** The state of the feed may have changed. */
  show(): void {
    const state = this.#next();
    if (!state) return;
    if (state.name === 'idle') this.#parts.handover.end();
    this.#announce(state);
  }

  /** @returns the new state; undefined without a relevant change */
  #next(): SocketState | undefined {
    const { state, polls } = this.#parts.feeds.current;
    // Without messages by the socket, its reconnects are not a relevant change.
    const mayBeSame = polls ? state.name !== 'waiting' : state.name === 'open';
    const isSame = mayBeSame && state.name === this.#shown?.name && cautionOf(state) === cautionOf(this.#shown);
    if (state === this.#shown || isSame) return undefined;
    this.#hasNewName = state.name !== this.#shown?.name || state.name === 'waiting';
    this.#shown = state;
    return state;
  }

  #announce(state: SocketState): void {
    for (const listener of this.#listeners) {
      try {
        listener(state);
      } catch (error) {
        this.#onProblem(messageOf(error));
      }
    }
    const name = CONNECTION_EVENTS[state.name];
    if (name === undefined || !this.#hasNewName) return;
    const connection = { ...state };
    this.#parts.bus.announce({ name, connection, at: new Date(state.since).toISOString(), original: connection }, 'ws');
  }
}

function cautionOf(state: SocketState): string | undefined {
  return state.name === 'open' ? state.caution : undefined;
}
