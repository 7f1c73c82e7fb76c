import type { AnswerFacts, LinktorClient } from '../../../lib/client/index';
import type { LinktorError } from '../../../lib/errors';
import type { Account } from '../account/account';
import { chosenAccount } from '../account/choose';
import { accountOf, providedBy } from '../account/config-node';
import { forgetPerson } from '../account/forget-person';
import { openLive } from '../account/live';
import type { Action, ActionContext, Live, Outcome } from '../define';
import { type Evaluate, evaluateProperty } from '../evaluate';
import { fenced } from '../fence';
import { toPort } from '../message';
import type { Msg, RED, RunningNode, Send, Stored } from '../red';
import type { Status } from '../status';
import { traceOf } from '../trace';
import { applyOutcome, type ResultTarget } from './result';

/** Objects shared by all runs of one node. */
export interface RunContext {
  red: RED;
  node: RunningNode;
  definition: Action;
  stored: Stored;
  evaluate: Evaluate;
  /** undefined for a node without a result */
  target: ResultTarget | undefined;
  status: Status;
  /** state of the node, by account */
  notes: Map<string, Map<string, unknown>>;
  closing: AbortSignal;
}

/**
 * The context of one message for the action. Thousands may be waiting, so rarely used members are created on access.
 */
export class Run implements ActionContext<never> {
  readonly msg: Msg;
  readonly signal: AbortSignal;
  values = undefined as never;
  /** a part of the result has been sent */
  hasEmitted = false;
  readonly #context: RunContext;
  readonly #send: Send;
  readonly #account: Account;
  readonly #accountId: string;
  /** client to use after waiting for a turn */
  #slotClient: LinktorClient | undefined;
  #client: LinktorClient | undefined;
  #facts: AnswerFacts | undefined;
  #releases: Set<() => void> | undefined;

  /** @throws LinktorError `validation` when the node has no usable account */
  constructor(place: RunContext, msg: Msg, send: Send, signal: AbortSignal) {
    this.#context = place;
    this.msg = msg;
    this.#send = send;
    this.signal = signal;
    this.#accountId = chosenAccount(place.red, place.stored, msg);
    this.#account = accountOf(place.red, { config: this.#accountId });
    this.#account.client();
  }

  /** @throws LinktorError at once or later */
  start(): Promise<Outcome | undefined> {
    const { evaluate, target } = this.#context;
    const values = evaluate(this.msg);
    const checked = target?.check(this.msg);
    if (!(values instanceof Promise) && checked === undefined) return this.#execute(values);
    return Promise.all([values, checked]).then(([arrived]) => this.#execute(arrived));
  }

  #execute(values: object): Promise<Outcome | undefined> {
    const { closing, definition } = this.#context;
    // On close, the client reports the state of the call; after a reset there must be no call.
    if (!closing.aborted) this.signal.throwIfAborted();
    this.values = values as never;
    const lane = definition.lane?.(this);
    if (lane === undefined) return definition.run(this);
    const begin = (client: LinktorClient) => {
      this.#slotClient = client;
      return definition.run(this);
    };
    return this.#account.client().inTurn(lane, begin, { signal: this.signal });
  }

  /** Send a message with the outcome. */
  async deliver(target: Msg, outcome: Outcome): Promise<void> {
    await applyOutcome(this.#context.target, target, outcome, this.#facts);
    this.#send(toPort(outcome.port ?? 0, target));
  }

  /** Record a failure for the sidebar. */
  noteFailure({ code }: LinktorError): void {
    const { conversationId } = this.msg;
    const where = typeof conversationId === 'string' ? { conversationId } : {};
    this.#account.failures.add({ at: Date.now(), code, nodeType: this.#context.definition.type, ...where });
  }

  /** Release all resources of the live side. */
  release(): void {
    for (const release of this.#releases ?? []) release();
    this.#releases = undefined;
  }

  get client(): LinktorClient {
    this.#client ??= (this.#slotClient ?? this.#account.client()).with({
      signal: this.signal,
      traceparent: traceOf(this.msg),
      onAnswer: (answer) => {
        this.#facts = { ...this.#facts, ...answer };
        this.#account.onSuccess();
      },
    });
    return this.#client;
  }

  get provided() {
    return <T>(id: string) => providedBy<T>(this.#context.red, id);
  }

  get expression() {
    const { red, node } = this.#context;
    return (source: string, entry: Readonly<Msg> = this.msg) =>
      evaluateProperty(red, node, { value: source, type: 'jsonata' }, entry as Msg, 'The expression');
  }

  get outbox() {
    const { node } = this.#context;
    return this.#account.outbox()?.boxOf(node.id, this.msg, this.signal);
  }

  get files() {
    return this.#account.files();
  }

  get valuesOf() {
    return async (entry: Readonly<Msg>) => (await this.#context.evaluate.each(entry)) as never;
  }

  get hasSlot() {
    return this.#slotClient !== undefined;
  }

  get warn() {
    return fenced((text: string) => this.#context.node.warn(text));
  }

  get notes() {
    const { notes } = this.#context;
    const own = notes.get(this.#accountId) ?? new Map<string, unknown>();
    notes.set(this.#accountId, own);
    return own;
  }

  get shared() {
    return this.#account.notes;
  }

  get charge() {
    return this.#account.charge();
  }

  get variables() {
    return this.#account.variables();
  }

  get forget() {
    return (contactId: string) => forgetPerson(this.#account, this.client, contactId);
  }

  get sentLog() {
    return this.#account.sentLog;
  }

  get substitutes() {
    return this.#account.substitutes();
  }

  get progress() {
    const { status } = this.#context;
    return (done: number, total?: number) =>
      total === undefined
        ? status.count(done)
        : status.show('progress', { done, total, count: done }, ['done', 'total']);
  }

  get emit() {
    return async (part: Outcome) => {
      this.signal.throwIfAborted();
      this.hasEmitted = true;
      await this.deliver(this.#context.red.util.cloneMessage(this.msg), part);
      await new Promise(setImmediate);
    };
  }

  get live() {
    return () => this.#open();
  }

  #open(): Live {
    this.#releases ??= new Set();
    const live = openLive(this.#account.realtime(), this.#releases);
    // The flow shows no typing indicator while a person is in charge.
    const typing: Live['typing'] = (conversationId, isTyping) =>
      isTyping && this.charge.takeovers.get(conversationId) ? true : live.typing(conversationId, isTyping);
    return Object.create(live, { typing: { value: typing } }) as Live;
  }
}
