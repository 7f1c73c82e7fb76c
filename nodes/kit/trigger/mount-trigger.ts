import { invalid, type LinktorError, toLinktorError } from '../../../lib/errors';
import type { Account } from '../account/account';
import { accountOf, configOf } from '../account/config-node';
import { figuresOf } from '../account/figures';
import type { LiveSide } from '../account/led-realtime';
import { prometheusText } from '../account/prometheus';
import type { OnInput, Trigger, TriggerContext } from '../define';
import type { Left, Starting } from '../deploys';
import { describeEnd, isSilentEnd, logEnd } from '../ended';
import { evaluateOnce, type Planned } from '../evaluate';
import { fenced, runFenced } from '../fence';
import { messageNames, onMessage, toPort } from '../message';
import { versionOf } from '../migrations';
import type { Msg, RED, RunningNode, Stored } from '../red';
import type { Shared } from '../shared';
import { Status, type StatusName } from '../status';
import { ToMsg } from '../to-msg';
import { hookOf } from './hook';
import { showConnection } from './show-connection';

/** Make a node start a flow on the events of its trigger. */
export function mountTrigger(
  red: RED,
  node: RunningNode,
  definition: Planned<Trigger>,
  stored: Stored,
  shared: Shared,
): void {
  new TriggerNode(red, node, definition, stored, shared);
}

/** The context of one trigger for its definition. Rarely used members are created on access. */
class TriggerNode implements TriggerContext<never> {
  values = undefined as never;
  readonly nodeId: string;
  readonly configId: string;
  readonly #red: RED;
  readonly #node: RunningNode;
  readonly #definition: Planned<Trigger>;
  readonly #stored: Stored;
  readonly #shared: Shared;
  readonly #status: Status;
  #isClosed = false;
  /** its fields are still being evaluated */
  #isWaiting = false;
  /** created on first access to the signal */
  #closing: AbortController | undefined;
  readonly #releases: (() => void)[] = [];
  /** the individually subscribed conversations; created with the first */
  #subscriptions: Set<() => void> | undefined;
  #nextName: (() => string) | undefined;
  #toMsg: ToMsg | undefined;
  /** the start of the flows that this node belongs to */
  readonly #starting: Starting;
  /** messages emitted before all nodes of the flow exist */
  #early: [msg: Msg, port: number][] | undefined;
  #account: Account | undefined;
  /** action nodes with several accounts choose by it */
  readonly #accountName: string | undefined;
  /** the nodes that report the errors of the account */
  #users: Record<string, RunningNode> | undefined;
  #onInput: OnInput | undefined;
  /** the status shows the connection */
  #isLive = false;
  #problemStatus: StatusName | undefined;
  /** status shown instead of a good connection */
  #caution: StatusName | undefined;
  /** what collects pending data for the successor, by its part; created with the first */
  #collectors: Map<string, () => unknown> | undefined;

  constructor(red: RED, node: RunningNode, definition: Planned<Trigger>, stored: Stored, shared: Shared) {
    this.nodeId = node.id;
    this.configId = String(stored.config);
    this.#red = red;
    this.#node = node;
    this.#definition = definition;
    this.#stored = stored;
    this.#shared = shared;
    this.#status = new Status(node);
    this.#accountName = configOf(red, stored)?.name?.trim() || undefined;
    this.#starting = shared.flowStart.begin();
    this.#start();
    onMessage(node, async (msg, _send, done) => {
      let problem: LinktorError | undefined;
      try {
        if (!this.#onInput) throw invalid('This node is not connected, or takes no input.');
        await this.#onInput(msg);
      } catch (thrown) {
        problem = toLinktorError(thrown);
      }
      done(problem);
    });
    // Only a node with pending messages asks whether it is removed: the answer costs Node-RED a promise for each node.
    if (this.#isWaiting || this.#collectors) {
      node.on('close', (removed, done) => {
        this.#close(removed);
        done();
      });
    } else node.on('close', () => this.#close(false));
  }

  /** Mostly synchronous: a deploy may create thousands of triggers. */
  #start(): void {
    try {
      const { realtime } = this;
      this.#users = configOf(this.#red, this.#stored)?.users;
      if (this.#users) this.#users[this.nodeId] = this.#node;
      const values = evaluateOnce(this.#red, this.#node, this.#definition.plan, this.#stored);
      if (values instanceof Promise) {
        this.#isWaiting = true;
        values.then((arrived) => this.#listen(realtime, arrived)).catch((thrown: unknown) => this.#notStarted(thrown));
      } else this.#listen(realtime, values);
    } catch (thrown) {
      // Status nodes receive nothing before the flow has been created.
      Promise.reject(thrown).catch((problem: unknown) => this.#notStarted(problem));
    }
  }

  #listen(realtime: LiveSide, values: object): void {
    if (this.#isClosed) return;
    this.values = values as never;
    const { needsSocket } = this.#definition;
    const showState = () =>
      this.#isLive &&
      !this.#definition.ownStatus &&
      showConnection(this.#status, realtime.state, { caution: this.#caution, needsSocket });
    this.#onClose(realtime.onState(this.#fenced(showState)));
    this.#onInput = this.#definition.listen(this);
    showState();
  }

  #notStarted(thrown: unknown): void {
    const problem = toLinktorError(thrown);
    this.#status.show(this.#stored.config ? (this.#problemStatus ?? problem.code) : 'no_config');
    // Catch nodes receive nothing before the whole flow has been created.
    const told = setImmediate(this.#fenced(() => this.#node.error(problem, {})));
    this.#onClose(() => clearImmediate(told));
  }

  #close(removed: boolean): void {
    this.#isClosed = true;
    this.#closing?.abort();
    this.#status.close();
    for (const [part, collect] of removed ? [] : (this.#collectors ?? [])) {
      runFenced(() => this.#shared.heldMessages.leave(`${this.nodeId} ${part}`, collect()), this.#report);
    }
    for (const release of this.#releases) runFenced(release, undefined);
    for (const end of this.#subscriptions ?? []) runFenced(end, undefined);
    delete this.#users?.[this.nodeId];
    this.#sendEarly();
  }

  #sendEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [msg, port] of early) this.#send(msg, port);
  }

  #send(msg: Msg, port: number): void {
    this.#nextName ??= messageNames();
    msg._msgid ??= this.#nextName();
    if (this.#accountName !== undefined) msg.account ??= this.#accountName;
    // Node-RED has a faster path for the first output.
    this.#node.send(port === 0 ? msg : toPort(port, msg));
  }

  get #usable(): Account {
    this.#account ??= accountOf(this.#red, this.#stored);
    return this.#account;
  }

  get realtime() {
    return this.#usable.realtime();
  }

  get connection() {
    return this.realtime;
  }

  get signal() {
    if (!this.#closing) {
      this.#closing = new AbortController();
      if (this.#isClosed) this.#closing.abort();
    }
    return this.#closing.signal;
  }

  get toMsg() {
    this.#toMsg ??= new ToMsg(this.configId, Boolean(this.#red.settings.runtimeSyncDelivery));
    return this.#toMsg;
  }

  get client() {
    const account = this.#usable;
    return account.client().with({ signal: this.signal, onAnswer: () => account.onSuccess() });
  }

  get charge() {
    return this.#usable.charge();
  }

  get variables() {
    return this.#usable.variables();
  }

  get sentLog() {
    return this.#usable.sentLog;
  }

  get fold() {
    return this.#usable.fold;
  }

  get webhookSecrets() {
    return this.#usable.webhookSecrets;
  }

  get isClosed() {
    return () => this.#isClosed;
  }

  get onClose() {
    return (release: () => void) => this.#onClose(release);
  }

  #onClose(release: () => void): void {
    if (this.#isClosed) release();
    else this.#releases.push(release);
  }

  get fenced(): TriggerContext<never>['fenced'] {
    return (act) => this.#fenced(act);
  }

  #fenced<A extends unknown[]>(act: (...args: A) => unknown): (...args: A) => void {
    return fenced(act, this.#report);
  }

  readonly #report = (problem: LinktorError): void => {
    if (!this.#isClosed) this.#node.error(problem, {});
  };

  get background() {
    return fenced(
      (work: Promise<unknown>) => work,
      (problem) => {
        if (!this.#isClosed) this.#report(problem);
        else if (!isSilentEnd(problem)) logEnd(this.#node, describeEnd(problem));
      },
    );
  }

  get emit() {
    return (msg: Msg, port = 0) => {
      if (!this.#early && (this.#starting.isOver || this.#isClosed)) return this.#send(msg, port);
      if (!this.#early) {
        this.#early = [];
        this.#onClose(this.#shared.flowStart.whenStarted(this.#fenced(() => this.#sendEarly())));
      }
      this.#early.push([msg, port]);
    };
  }

  get status() {
    return (word: StatusName, facts?: Record<string, number | string>) => this.#status.show(word, facts);
  }

  get caution() {
    return (word: StatusName) => {
      this.#caution = word;
    };
  }

  get storedVersion() {
    return versionOf(this.#stored);
  }

  get serve(): TriggerContext<never>['serve'] {
    return (served) => {
      const owner = `the node ${this.#node.name ? `"${this.#node.name}"` : this.nodeId}`;
      try {
        const hook = hookOf(served, owner, { realtime: this.realtime, isClosed: () => this.#isClosed }, this.#report);
        this.#onClose(this.#shared.hooks.serve(hook));
      } catch (thrown) {
        if (toLinktorError(thrown).code === 'conflict') this.#problemStatus = 'path_taken';
        throw thrown;
      }
    };
  }

  get figures() {
    return () => figuresOf(this.#usable);
  }

  get prometheus() {
    return () => prometheusText(configOf(this.#red, this.#stored)?.name || this.configId, this.figures());
  }

  get isFirst() {
    const { realtime } = this;
    return (eventId: string) => realtime.isFirst(this.nodeId, eventId);
  }

  get once(): TriggerContext<never>['once'] {
    const { instances } = this.#usable;
    if (!instances) return undefined;
    return async (eventId) => {
      const key = `${this.nodeId} ${eventId}`;
      return { state: await instances.claim(key), done: () => instances.done(key) };
    };
  }

  get feed(): TriggerContext<never>['feed'] {
    const { realtime } = this;
    return (event) => realtime.feed(event, 'webhook');
  }

  get changes() {
    return () => this.#onClose(this.realtime.watchChanges());
  }

  get everything() {
    return () => this.#onClose(this.realtime.subscribeAll());
  }

  get subscribe() {
    return (conversationId: string) => {
      const end = this.realtime.subscribe(conversationId);
      if (this.#isClosed) end();
      this.#subscriptions ??= new Set();
      this.#subscriptions.add(end);
      // Release once only: other subscribers keep the conversation.
      return () => {
        if (this.#subscriptions?.delete(end)) end();
      };
    };
  }

  get onEvent(): TriggerContext<never>['onEvent'] {
    return (listener) => {
      this.#isLive = true;
      this.#shareEvents();
      this.#onClose(this.realtime.listen(this.#fenced(listener)));
    };
  }

  /** Events go to instances that have this node. */
  #shareEvents(): void {
    const { instances } = this.#usable;
    if (instances) this.#onClose(instances.addTrigger(this.#node._alias ?? this.nodeId));
  }

  get observe(): TriggerContext<never>['observe'] {
    return (listener) => {
      this.#shareEvents();
      this.#onClose(this.realtime.observe(this.#fenced(listener)));
    };
  }

  get takeOver() {
    return <T>(part = '') => this.#shared.heldMessages.take(`${this.nodeId} ${part}`) as Left<T> | undefined;
  }

  get handOver() {
    return (collect: () => unknown, part = '') => {
      if (!this.#collectors) this.#onClose(this.#shared.heldMessages.watch());
      this.#collectors ??= new Map();
      this.#collectors.set(part, collect);
    };
  }
}
