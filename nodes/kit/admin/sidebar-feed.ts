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

interface RecordedAccount {
  activity: EventLog;
  /** until when somebody looks, as far as is known */
  lookedAtUntil: number;
  /** whether there is a sandbox, and until when that holds */
  sandbox?: { until: number; is: Promise<boolean> };
}

/**
 * What happened in each account lately, recorded whether somebody looks or not: whoever opens the sidebar sees what has
 * led there. Open editors are nudged when there is something new; what it is they have to ask for, with permission: the
 * editor's socket goes to everybody who may see the status of nodes.
 */
export class SidebarFeed {
  readonly #red: RED;
  readonly #idleMs: number;
  readonly #recorded = new Map<string, RecordedAccount>();
  /** above all numbers of earlier runs as well, so that no editor waits for what it has had */
  #lastNumber = Date.now();
  #pause: NodeJS.Timeout | undefined;
  #hasNews = false;

  /** @param idleMs milliseconds after the last question until nobody is nudged any more */
  constructor(red: RED, idleMs = 30_000) {
    this.#red = red;
    this.#idleMs = idleMs;
    // A deploy makes new connections; what happens in them from the first moment on is to be seen.
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

  /** Somebody looks at this account. @returns its lines above this number */
  linesAfter(id: string, after: number): Line[] {
    const recorded = this.#of(id);
    recorded.lookedAtUntil = Date.now() + this.#idleMs;
    recorded.activity.follow(this.node(id)?.account);
    return recorded.activity.after(after);
  }

  /** @returns whether the server of an account that somebody looks at is a sandbox on this machine */
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
    if (lookedAtUntil < Date.now()) return;
    this.#hasNews = true;
    if (this.#pause === undefined) this.#flush();
  }

  readonly #publish = fenced(() => this.#red.comms.publish(TOPIC, { news: true }, false));

  #flush(): void {
    this.#pause = undefined;
    if (!this.#hasNews) return;
    this.#hasNews = false;
    this.#publish();
    this.#pause = setTimeout(() => this.#flush(), NUDGE_INTERVAL_MS).unref();
  }
}
