import { invalid, type LinktorError, toLinktorError } from '../../../lib/errors';
import type { SocketState } from '../../../lib/realtime/index';
import type { Account } from '../account/account';
import { accountOf, configOf } from '../account/config-node';
import { figuresOf } from '../account/figures';
import { prometheusText } from '../account/prometheus';
import type { OnInput, Trigger, TriggerContext } from '../define';
import type { Left } from '../deploys';
import { evaluateOnce } from '../evaluate';
import { fenced } from '../fence';
import { messageNames, onMessage, toPort } from '../message';
import { versionOf } from '../migrations';
import type { Msg, RED, RunningNode, Stored } from '../red';
import type { Shared } from '../shared';
import { Status, type StatusName } from '../status';
import { ToMsg } from '../to-msg';

/** Make a node start a flow on the events of its trigger. */
export function mountTrigger(red: RED, node: RunningNode, definition: Trigger, stored: Stored, shared: Shared): void {
  new TriggerNode(red, node, definition, stored, shared);
}

/** The context of one trigger for its definition. Rarely used members are created on access. */
class TriggerNode implements TriggerContext<never> {
  values = undefined as never;
  readonly nodeId: string;
  readonly configId: string;
  readonly #red: RED;
  readonly #node: RunningNode;
  readonly #definition: Trigger;
  readonly #stored: Stored;
  readonly #shared: Shared;
  readonly #status: Status;
  #isClosed = false;
  /** created on first access to the signal */
  #closing: AbortController | undefined;
  readonly #releases = new Set<() => void>();
  readonly #nextName = messageNames();
  /** messages emitted before all nodes of the flow exist, undefined afterwards */
  #early: [msg: Msg, port: number][] | undefined = [];
  #account: Account | undefined;
  #onInput: OnInput | undefined;
  /** the status shows the connection */
  #isLive = false;
  #problemStatus: StatusName | undefined;
  /** status shown instead of a good connection */
  #caution: StatusName | undefined;
  #collect: (() => unknown) | undefined;

  constructor(red: RED, node: RunningNode, definition: Trigger, stored: Stored, shared: Shared) {
    this.nodeId = node.id;
    this.configId = String(stored.config);
    this.#red = red;
    this.#node = node;
    this.#definition = definition;
    this.#stored = stored;
    this.#shared = shared;
    this.#status = new Status(node);
    this.onClose(shared.flowStart.whenStarted(this.fenced(() => this.#sendEarly())));
    this.#start().catch((thrown: unknown) => this.#notStarted(toLinktorError(thrown)));
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
    node.on('close', (removed, done) => {
      this.#close(removed);
      done();
    });
  }

  async #start(): Promise<void> {
    const { realtime } = this;
    const users = configOf(this.#red, this.#stored)?.users ?? {};
    users[this.nodeId] = this.#node;
    this.onClose(() => delete users[this.nodeId]);
    const values = evaluateOnce(this.#red, this.#node, this.#definition.fields, this.#stored);
    this.values = (values instanceof Promise ? await values : values) as never;
    if (this.#isClosed) return;
    const showState = () =>
      this.#isLive && !this.#definition.ownStatus && showConnection(this.#status, realtime.state, this.#caution);
    this.onClose(realtime.onState(this.fenced(showState)));
    this.#onInput = this.#definition.listen(this);
    showState();
  }

  #notStarted(problem: LinktorError): void {
    this.#status.show(this.#stored.config ? (this.#problemStatus ?? problem.code) : 'no_config');
    // Catch nodes receive nothing before the whole flow has been created.
    const told = setImmediate(this.fenced(() => this.#node.error(problem, {})));
    this.onClose(() => clearImmediate(told));
  }

  #close(removed: boolean): void {
    this.#isClosed = true;
    this.#closing?.abort();
    this.#status.close();
    if (!removed) this.fenced(() => this.#shared.heldMessages.leave(this.nodeId, this.#collect?.()))();
    for (const release of this.#releases) this.fenced(release)();
    this.#sendEarly();
  }

  #sendEarly(): void {
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const [msg, port] of early) this.emit(msg, port);
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
    return new ToMsg(this.configId, Boolean(this.#red.settings.runtimeSyncDelivery));
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

  get webhookSecrets() {
    return this.#usable.webhookSecrets;
  }

  get onClose() {
    return (release: () => void) => {
      if (this.#isClosed) release();
      else this.#releases.add(release);
    };
  }

  get fenced(): TriggerContext<never>['fenced'] {
    return (act) => fenced(act, this.#report);
  }

  readonly #report = (problem: LinktorError): void => {
    if (!this.#isClosed) this.#node.error(problem, {});
  };

  get background() {
    return fenced((work: Promise<unknown>) => work, this.#report);
  }

  get emit() {
    return (msg: Msg, port = 0) => {
      if (this.#early) {
        this.#early.push([msg, port]);
        return;
      }
      msg._msgid ??= this.#nextName();
      // Node-RED has a faster path for the first output.
      this.#node.send(port === 0 ? msg : toPort(port, msg));
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
    return ({ path, maxBytes, timeoutMs, receive, refuse }) => {
      const owner = `the node ${this.#node.name ? `"${this.#node.name}"` : this.nodeId}`;
      const failed = (thrown: unknown) => {
        this.fenced(() => this.#report(toLinktorError(thrown)))();
        return 500;
      };
      const take = (request: Parameters<typeof receive>[0]) => {
        try {
          const status = receive(request);
          return status instanceof Promise ? status.catch(failed) : status;
        } catch (thrown) {
          return failed(thrown);
        }
      };
      const { realtime } = this;
      const hook = {
        ...{ path, maxBytes, timeoutMs, owner },
        // Events accepted by an earlier process must be known first.
        receive: (request: Parameters<typeof receive>[0]) =>
          realtime.isReady ? take(request) : realtime.ready.then(() => take(request)),
        refuse: this.fenced(refuse),
      };
      try {
        this.onClose(this.#shared.hooks.serve(hook));
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
    return () => this.onClose(this.realtime.watchChanges());
  }

  get everything() {
    return () => this.onClose(this.realtime.subscribeAll());
  }

  get subscribe() {
    return (conversationId: string) => {
      const end = this.realtime.subscribe(conversationId);
      const release = () => {
        // Release once only: other subscribers keep the conversation.
        if (this.#releases.delete(release)) end();
      };
      this.onClose(release);
      return release;
    };
  }

  get onEvent(): TriggerContext<never>['onEvent'] {
    return (listener) => {
      this.#isLive = true;
      this.onClose(this.realtime.listen(this.fenced(listener)));
    };
  }

  get observe(): TriggerContext<never>['observe'] {
    return (listener) => this.onClose(this.realtime.observe(this.fenced(listener)));
  }

  get takeOver() {
    return <T>() => this.#shared.heldMessages.take(this.nodeId) as Left<T> | undefined;
  }

  get handOver() {
    return (collect: () => unknown) => {
      this.#collect = collect;
      this.onClose(this.#shared.heldMessages.watch());
    };
  }
}

/** Show the state of the connection. */
function showConnection(status: Status, state: SocketState, caution: StatusName = 'connected'): void {
  if (state.name === 'open') {
    const good = state.leads && caution === 'connected' ? 'leading' : caution;
    status.show(state.caution ?? good, { at: state.since });
  } else if (state.name === 'standby') status.show('standby', { leader: state.leader });
  else if (state.name === 'store_down') status.show('store_down');
  else if (state.name === 'connecting') status.show('connecting');
  else if (state.name === 'waiting') status.show('reconnecting', { attempt: state.attempt, until: state.until });
  else if (state.name === 'refused') status.show(state.code, { reason: state.reason });
  else if (state.name === 'paused') status.show('paused');
  else status.clear();
}
