import { codes, type ErrorCode, toLinktorError } from '../../lib/errors';
import { fenced } from './fence';
import type { RunningNode } from './red';

type Appearance = { fill: 'green' | 'blue' | 'yellow' | 'red' | 'grey'; shape: 'dot' | 'ring' };

const appearances = {
  connected: { fill: 'green', shape: 'dot' },
  leading: { fill: 'green', shape: 'dot' },
  standby: { fill: 'grey', shape: 'ring' },
  sharing: { fill: 'green', shape: 'dot' },
  alone: { fill: 'red', shape: 'dot' },
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
  progress: { fill: 'blue', shape: 'dot' },
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
  webhooks_only: { fill: 'grey', shape: 'ring' },
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

type Facts = Record<string, number | string>;

/** A status in Node-RED's form, with facts for Status nodes. */
type Shown = Readonly<Facts>;

const NOTHING: Shown = {};

const looks = Object.fromEntries(
  statusNames.map((word) => {
    const look: Appearance =
      word in appearances ? appearances[word as keyof typeof appearances] : { fill: 'red', shape: 'ring' };
    return [word, { ...look, text: `linktor.status.${word}` }];
  }),
) as Record<StatusName, Appearance & { text: string }>;

const MIN_UPDATE_INTERVAL_MS = 250;

/**
 * The status of one node: a catalogue key or a number. Repeats are dropped, updates limited to four a second. The last
 * status is always shown.
 */
export class Status {
  readonly #node: Pick<RunningNode, 'status' | 'warn'>;
  #wanted = NOTHING;
  #shown = NOTHING;
  /** milliseconds of the process clock */
  #shownAt = Number.NEGATIVE_INFINITY;
  #timer: NodeJS.Timeout | undefined;
  /** shows the next status once it is due */
  #showDue: (() => void) | undefined;

  #isFailureLogged = false;

  /** @param node owner of the status; an exception of a status listener is logged once */
  constructor(node: Pick<RunningNode, 'status' | 'warn'>) {
    this.#node = node;
  }

  /**
   * @param facts values for Status nodes
   * @param said names of the facts in the status text; the editor inserts them
   */
  show(word: StatusName, facts = NOTHING, said: readonly string[] = []): void {
    const look = looks[word];
    if (facts === NOTHING) return this.#want(look);
    const figures = said.map((name) => `${name}=${encodeURIComponent(facts[name] ?? '')}`);
    const text = figures.length === 0 ? look.text : `${look.text}?${figures.join('&')}`;
    this.#want({ ...facts, ...look, text });
  }

  /** Let `show` show a status: now, or once the next update is due, if nothing else has been shown by then. */
  whenDue(show: () => void): void {
    if (this.#timer === undefined) show();
    else this.#showDue = show;
  }

  /** Show the number of messages in flight. */
  count(count: number): void {
    this.#want({ fill: 'blue', shape: 'dot', text: String(count), count });
  }

  clear(): void {
    this.#want(NOTHING);
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#showDue = undefined;
  }

  #want(status: Shown): void {
    this.#wanted = status;
    this.#showDue = undefined;
    if (this.#timer !== undefined) return;
    const waitMs = this.#shownAt + MIN_UPDATE_INTERVAL_MS - performance.now();
    if (waitMs <= 0) this.#flush();
    else
      this.#timer = setTimeout(
        fenced(() => this.#flush()),
        waitMs,
      );
  }

  #flush(): void {
    this.#timer = undefined;
    this.#showDue?.();
    const wanted = this.#wanted;
    if (isSame(wanted, this.#shown)) return;
    this.#shown = wanted;
    this.#shownAt = performance.now();
    try {
      this.#node.status({ ...wanted });
    } catch (thrown) {
      this.#logFailure(thrown);
    }
  }

  #logFailure(thrown: unknown): void {
    if (this.#isFailureLogged) return;
    this.#isFailureLogged = true;
    fenced(() => this.#node.warn(`the status cannot be shown: ${toLinktorError(thrown).message}`))();
  }
}

function isSame(one: Shown, other: Shown): boolean {
  if (one === other) return true;
  const names = Object.keys(one);
  return names.length === Object.keys(other).length && names.every((name) => one[name] === other[name]);
}
