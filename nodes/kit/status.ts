import { codes, type ErrorCode } from '../../lib/errors';
import { fenced } from './fence';
import type { RunningNode } from './red';

type Appearance = { fill: 'green' | 'blue' | 'yellow' | 'red' | 'grey'; shape: 'dot' | 'ring' };

const appearances = {
  connected: { fill: 'green', shape: 'dot' },
  leading: { fill: 'green', shape: 'dot' },
  standby: { fill: 'grey', shape: 'ring' },
  store_down: { fill: 'red', shape: 'ring' },
  sending: { fill: 'blue', shape: 'dot' },
  asking: { fill: 'blue', shape: 'dot' },
  typing: { fill: 'blue', shape: 'dot' },
  waiting: { fill: 'blue', shape: 'ring' },
  not_lasting: { fill: 'yellow', shape: 'ring' },
  ledger_in_use: { fill: 'red', shape: 'ring' },
  ledger_unwritable: { fill: 'red', shape: 'ring' },
  pending: { fill: 'blue', shape: 'ring' },
  sent: { fill: 'green', shape: 'ring' },
  sent_at: { fill: 'green', shape: 'dot' },
  partly_sent: { fill: 'yellow', shape: 'ring' },
  partly_done: { fill: 'yellow', shape: 'ring' },
  window_closed: { fill: 'red', shape: 'ring' },
  delivered: { fill: 'green', shape: 'dot' },
  read: { fill: 'green', shape: 'dot' },
  failed: { fill: 'red', shape: 'ring' },
  skipped: { fill: 'grey', shape: 'ring' },
  queued: { fill: 'yellow', shape: 'ring' },
  in_outbox: { fill: 'blue', shape: 'ring' },
  truncated: { fill: 'yellow', shape: 'ring' },
  catching_up: { fill: 'yellow', shape: 'ring' },
  polling_only: { fill: 'yellow', shape: 'ring' },
  agents_only: { fill: 'yellow', shape: 'ring' },
  slow_pattern: { fill: 'yellow', shape: 'ring' },
  paused: { fill: 'grey', shape: 'ring' },
  no_realtime: { fill: 'grey', shape: 'ring' },
  no_typing: { fill: 'grey', shape: 'ring' },
  connecting: { fill: 'yellow', shape: 'ring' },
  reconnecting: { fill: 'yellow', shape: 'ring' },
  not_supported: { fill: 'yellow', shape: 'ring' },
  listening: { fill: 'green', shape: 'ring' },
  verified: { fill: 'green', shape: 'dot' },
  rejected: { fill: 'red', shape: 'ring' },
  path_taken: { fill: 'red', shape: 'ring' },
  bad_signature: { fill: 'red', shape: 'ring' },
  no_config: { fill: 'grey', shape: 'ring' },
} as const satisfies Record<string, Appearance>;

/** Status names of nodes; the browser translates them. */
export type StatusName = keyof typeof appearances | ErrorCode;

/** All status names, for the catalogue. */
export const statusNames: readonly StatusName[] = [
  ...new Set<StatusName>([...(Object.keys(appearances) as (keyof typeof appearances)[]), ...codes]),
];

interface Shown extends Appearance {
  text: string;
}

type Facts = Record<string, number | string>;

const MIN_UPDATE_INTERVAL_MS = 250;

/**
 * The status of one node: a catalogue key or a number. Repeats are dropped, updates limited to four a second. The last
 * status is always shown.
 */
export class Status {
  readonly #show: (status: Shown | Record<string, never>) => void;
  #wanted: object = {};
  #shown = '{}';
  /** milliseconds of the process clock */
  #shownAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;

  /** @param node owner of the status; an exception of a status listener is logged once */
  constructor(node: Pick<RunningNode, 'status' | 'warn'>) {
    let isLogged = false;
    this.#show = fenced(
      (status) => node.status(status),
      ({ message }) => {
        if (!isLogged) node.warn(`the status cannot be shown: ${message}`);
        isLogged = true;
      },
    );
  }

  /**
   * @param facts values for Status nodes
   * @param said names of the facts in the status text; the editor inserts them
   */
  show(word: StatusName, facts: Facts = {}, said: readonly string[] = []): void {
    const look: Appearance =
      word in appearances ? appearances[word as keyof typeof appearances] : { fill: 'red', shape: 'ring' };
    const figures = said.map((name) => `${name}=${encodeURIComponent(facts[name] ?? '')}`);
    const text = [`linktor.status.${word}`, figures.join('&')].filter((part) => part !== '').join('?');
    this.#want({ ...facts, ...look, text });
  }

  /** Show the number of messages in flight. */
  count(count: number): void {
    this.#want({ fill: 'blue', shape: 'dot', text: String(count), count });
  }

  clear(): void {
    this.#want({});
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
  }

  #want(status: object): void {
    this.#wanted = status;
    if (this.#timer !== undefined) return;
    const waitMs = this.#shownAt + MIN_UPDATE_INTERVAL_MS - performance.now();
    if (waitMs <= 0) this.#flush();
    else this.#timer = setTimeout(() => this.#flush(), waitMs);
  }

  #flush(): void {
    this.#timer = undefined;
    const text = JSON.stringify(this.#wanted);
    if (text === this.#shown) return;
    this.#shown = text;
    this.#shownAt = performance.now();
    this.#show(this.#wanted as Shown);
  }
}
