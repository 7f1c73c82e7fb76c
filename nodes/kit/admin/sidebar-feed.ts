import type { Line } from '../../sidebar/types';
import type { ConfigNode } from '../account/config-node';
import { fenced } from '../fence';
import { type RED, runningNode } from '../red';
import { isSandbox } from './customer';
import { EventLog } from './event-log';

/** minimum time between two notifications, milliseconds */
const NUDGE_INTERVAL_MS = 250;
/** lifetime of the result of a sandbox check, milliseconds */
const SANDBOX_CHECK_TTL_MS = 10_000;

const TOPIC = 'linktor/activity';

interface RecordedAccount {
  activity: EventLog;
  /** time until which the account counts as viewed, milliseconds of the clock */
  lookedAtUntil: number;
  /** result of the sandbox check, and its expiry */
  sandbox?: { until: number; is: Promise<boolean> };
}

/**
 * Recent events of each account, recorded even while no sidebar is open, so that a user who opens it sees the history.
 * Open editors are only notified of news and fetch the data with permission: the editor's socket reaches every user who
 * may see the status of nodes.
 */
export class SidebarFeed {
  readonly #red: RED;
  readonly #idleMs: number;
  readonly #recorded = new Map<string, RecordedAccount>();
  /** starts above the numbers of earlier runs, so that open editors do not miss new lines */
  #lastNumber = Date.now();
  #pause: NodeJS.Timeout | undefined;
  #hasNews = false;

  /** @param idleMs milliseconds without a request after which notifications stop */
  constructor(red: RED, idleMs = 30_000) {
    this.#red = red;
    this.#idleMs = idleMs;
    // A deploy creates new connections, which are recorded from the start.
    red.events.on(
      'flows:started',
      fenced(() => this.#followAll()),
    );
  }

  /** @returns the running config node */
  node(id: string): ConfigNode | undefined {
    const node = runningNode<ConfigNode>(this.#red, id);
    return node?.account ? node : undefined;
  }

  /** Mark this account as viewed. @returns its lines above this number */
  linesAfter(id: string, after: number): Line[] {
    const recorded = this.#of(id);
    recorded.lookedAtUntil = Date.now() + this.#idleMs;
    recorded.activity.follow(this.node(id)?.account);
    return recorded.activity.after(after);
  }

  /** @returns whether the server of a viewed account is a sandbox on this machine */
  sandbox(id: string): Promise<boolean> {
    const recorded = this.#of(id);
    if (!recorded.sandbox || recorded.sandbox.until < Date.now()) {
      recorded.sandbox = { until: Date.now() + SANDBOX_CHECK_TTL_MS, is: isSandbox(this.node(id)?.deployedUrl) };
    }
    return recorded.sandbox.is;
  }

  #of(id: string): RecordedAccount {
    const known = this.#recorded.get(id);
    if (known) return known;
    const activity = new EventLog(
      () => ++this.#lastNumber,
      () => this.#nudge(recorded),
    );
    const recorded: RecordedAccount = { activity, lookedAtUntil: 0 };
    this.#recorded.set(id, recorded);
    return recorded;
  }

  #followAll(): void {
    const deployed = new Set<string>();
    this.#red.nodes.eachNode(({ id, type }) => {
      if (type === 'linktor-config' && this.node(id)) deployed.add(id);
    });
    for (const id of deployed) this.#of(id).activity.follow(this.node(id)?.account);
    for (const [id, recorded] of this.#recorded) {
      recorded.sandbox = undefined;
      this.#nudge(recorded);
      if (deployed.has(id)) continue;
      recorded.activity.end();
      this.#recorded.delete(id);
    }
  }

  #nudge({ lookedAtUntil }: RecordedAccount): void {
    // Most accounts are never viewed, and the clock is read for every event of the others only.
    if (lookedAtUntil === 0 || lookedAtUntil < Date.now()) return;
    this.#hasNews = true;
    if (this.#pause === undefined) this.#flush();
  }

  readonly #publish = fenced(() => this.#red.comms.publish(TOPIC, { news: true }, false));

  #flush(): void {
    this.#pause = undefined;
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#publish();
    this.#pause = setTimeout(
      fenced(() => this.#flush()),
      NUDGE_INTERVAL_MS,
    ).unref();
  }
}
