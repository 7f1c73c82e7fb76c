import { messageOf } from '../errors';
import type { Event } from '../model';
import type { Bus } from './bus/bus';
import type { FeedChoice } from './feed-choice';
import type { SocketState } from './socket/state';

const CONNECTION_EVENTS: Partial<Record<SocketState['name'], Event['name']>> = {
  open: 'connection.open',
  waiting: 'connection.waiting',
  refused: 'connection.refused',
  idle: 'connection.closed',
  paused: 'connection.closed',
  closed: 'connection.closed',
};

/** Reports every change of the connection to listeners and triggers. */
export class ConnectionStatus {
  readonly #feeds: FeedChoice;
  readonly #bus: Pick<Bus, 'announce'>;
  readonly #onProblem: (text: string) => void;
  readonly #listeners = new Set<(state: SocketState) => void>();
  /** the state last reported */
  #shown: SocketState | undefined;
  /** the state has changed its name, and not only its caution */
  #hasNewName = true;

  constructor(feeds: FeedChoice, bus: Pick<Bus, 'announce'>, onProblem: (text: string) => void) {
    this.#feeds = feeds;
    this.#bus = bus;
    this.#onProblem = onProblem;
  }

  /** @returns the function that removes the listener */
  listen(listener: (state: SocketState) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** @returns the new state; undefined without a relevant change */
  next(): SocketState | undefined {
    const { state, polls } = this.#feeds.current;
    // Without messages by the socket, its reconnects are not a relevant change.
    const mayBeSame = polls ? state.name !== 'waiting' : state.name === 'open';
    const isSame = mayBeSame && state.name === this.#shown?.name && cautionOf(state) === cautionOf(this.#shown);
    if (state === this.#shown || isSame) return undefined;
    this.#hasNewName = state.name !== this.#shown?.name || state.name === 'waiting';
    this.#shown = state;
    return state;
  }

  announce(state: SocketState): void {
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
    this.#bus.announce({ name, connection, at: new Date(state.since).toISOString(), original: connection }, 'ws');
  }
}

function cautionOf(state: SocketState): string | undefined {
  return state.name === 'open' ? state.caution : undefined;
}
