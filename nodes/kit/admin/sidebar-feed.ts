import type { Line } from '../../sidebar/types';
import type { ConfigNode } from '../account/config-node';
import { fenced } from '../fence';
import { type RED, runningNode } from '../red';
import { isSandbox } from './customer';
import { EventLog } from './event-log';

/** milliseconds between two nudges at least */
const NUDGE_INTERVAL_MS = 250;
/** milliseconds that the answer of a sandbox holds */
const SANDBOX_CHECK_TTL_MS = 10_000;

const TOPIC = 'linktor/activity';

interface WatchedAccount {
  activity: EventLog;
  /** ends it when nobody has asked for a while */
  timer: NodeJS.Timeout;
  /** whether there is a sandbox, and until when that holds */
  sandbox?: { until: number; is: Promise<boolean> };
}

/**
 * The accounts that somebody has in view. Open editors are nudged when there is something new; what it is they have to
 * ask for, with permission: the editor's socket goes to everybody who may see the status of nodes.
 */
export class SidebarFeed {
  readonly #red: RED;
  readonly #idleMs: number;
  readonly #watched = new Map<string, WatchedAccount>();
  /** above all numbers of earlier runs as well, so that no editor waits for what it has had */
  #lastNumber = Date.now();
  #pause: NodeJS.Timeout | undefined;
  #hasNews = false;

  /** @param patience milliseconds after the last question until nothing is done any more */
  constructor(red: RED, patience = 30_000) {
    this.#red = red;
    this.#idleMs = patience;
  }

  /** @returns the running config node */
  node(id: string): ConfigNode | undefined {
    const node = runningNode<ConfigNode>(this.#red, id);
    return node?.account ? node : undefined;
  }

  /** Somebody looks at this account. @returns its lines above this number */
  linesAfter(id: string, after: number): Line[] {
    const { activity } = this.#of(id);
    activity.follow(this.node(id)?.account?.realtimeIfOpen());
    return activity.after(after);
  }

  /** @returns whether the server of an account that somebody looks at is a sandbox on this machine */
  sandbox(id: string): Promise<boolean> {
    const watched = this.#of(id);
    if (!watched.sandbox || watched.sandbox.until < Date.now()) {
      watched.sandbox = { until: Date.now() + SANDBOX_CHECK_TTL_MS, is: isSandbox(this.node(id)?.deployedUrl) };
    }
    return watched.sandbox.is;
  }

  #of(id: string): WatchedAccount {
    const known = this.#watched.get(id);
    known?.timer.refresh();
    return known ?? this.#begin(id);
  }

  #begin(id: string): WatchedAccount {
    // A deploy makes new connections; what happens in them from the first moment on is to be seen.
    if (this.#watched.size === 0) this.#red.events.on('flows:started', this.#followAll);
    const activity = new EventLog(
      () => ++this.#lastNumber,
      () => this.#nudge(),
    );
    const timer = setTimeout(() => this.#end(id), this.#idleMs).unref();
    const watched = { activity, timer };
    this.#watched.set(id, watched);
    return watched;
  }

  #end(id: string): void {
    this.#watched.get(id)?.activity.end();
    this.#watched.delete(id);
    if (this.#watched.size > 0) return;
    this.#red.events.off('flows:started', this.#followAll);
    clearTimeout(this.#pause);
    this.#pause = undefined;
  }

  readonly #followAll = fenced(() => this.#followEach());

  #followEach(): void {
    for (const [id, watched] of this.#watched) {
      watched.activity.follow(this.node(id)?.account?.realtimeIfOpen());
      watched.sandbox = undefined;
    }
    this.#nudge();
  }

  /** Somebody else's listener must not end Node-RED. */
  readonly #publish = fenced(() => this.#red.comms.publish(TOPIC, { news: true }, false));

  #nudge(): void {
    this.#hasNews = true;
    if (this.#pause === undefined) this.#flush();
  }

  #flush(): void {
    this.#pause = undefined;
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#publish();
    this.#pause = setTimeout(() => this.#flush(), NUDGE_INTERVAL_MS).unref();
  }
}
