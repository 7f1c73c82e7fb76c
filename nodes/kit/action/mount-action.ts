import { setMaxListeners } from 'node:events';
import { type LinktorError, toLinktorError } from '../../../lib/errors';
import type { Action, Outcome } from '../define';
import type { HeldMessages } from '../deploys';
import { describeEnd, isSilentEnd, logEnd } from '../ended';
import { evaluator, type Planned } from '../evaluate';
import { fenced } from '../fence';
import { onMessage, toPort } from '../message';
import { outputsOf } from '../outputs';
import type { Done, Msg, RED, RunningNode, Send, Stored } from '../red';
import type { Shared } from '../shared';
import { Status } from '../status';
import { ResultTarget } from './result';
import { Run, type RunContext } from './run';

/** Milliseconds that work in flight may delay the closing of a node. */
const CLOSE_TIMEOUT_MS = 5000;

/**
 * Make a node run its action for every message.
 * @param onIdle shows the idle status; by default none
 * @returns the status of the node
 */
export function mountAction(
  red: RED,
  node: RunningNode,
  definition: Planned<Action>,
  stored: Stored,
  { heldMessages }: Pick<Shared, 'heldMessages'>,
  onIdle?: (status: Status) => void,
): Status {
  return new ActionNode(red, node, definition, stored, heldMessages, onIdle).status;
}

/** The lifetime of one message in the node. */
interface RunHandle {
  signal: AbortSignal;
  release(): void;
}

class ActionNode {
  readonly #node: RunningNode;
  readonly #definition: Planned<Action>;
  readonly #status: Status;
  readonly #red: RED;
  readonly #stored: Stored;
  /** created with the first message: in a large flow most nodes are idle */
  #context: RunContext | undefined;
  #isClosed = false;
  /** created with the first message */
  #closing: AbortController | undefined;
  /** index of the error output, undefined when it is disabled */
  readonly #errorPort: number | undefined;
  /** messages that `msg.reset` can abort, with their conversations */
  readonly #resettable = new Map<AbortController, unknown>();
  /** messages in flight */
  readonly #runs = new Set<Promise<void>>();
  /** work that continues after its message has been sent */
  readonly #background = new Set<Promise<void>>();
  /** the deploy that closes this node keeps the nodes around it */
  #isPartialDeploy = false;

  readonly #onIdle: (status: Status) => void;

  constructor(
    red: RED,
    node: RunningNode,
    definition: Planned<Action>,
    stored: Stored,
    deploys: HeldMessages,
    onIdle = (status: Status) => status.clear(),
  ) {
    this.#onIdle = onIdle;
    this.#red = red;
    this.#node = node;
    this.#definition = definition;
    this.#stored = stored;
    this.#status = new Status(node);
    // An absent property counts with its initial value.
    const said = (name: string) => stored[name] ?? definition.fields[name]?.initial;
    this.#errorPort = stored.errorOutput === true ? outputsOf(definition, said).length : undefined;
    const take = (msg: Msg, send: Send, done: Done) => {
      if (definition.resets && msg.reset) return this.#reset(msg, done);
      this.#showBusy(this.#runs.size + 1);
      return this.#handle(msg, send, done);
    };
    onMessage(node, take, this.#runs);
    const endWatch = deploys.watch();
    node.on('close', (_removed, done) => {
      this.#isPartialDeploy = deploys.isPartial;
      endWatch();
      this.#isClosed = true;
      this.#closing?.abort();
      this.#status.close();
      if (this.#runs.size + this.#background.size === 0) done();
      else settled([...this.#runs, ...this.#background]).then(done, done);
    });
  }

  get status(): Status {
    return this.#status;
  }

  /** aborted when the node closes */
  get #signal(): AbortSignal {
    if (!this.#closing) {
      this.#closing = new AbortController();
      // One listener per message in flight is no leak.
      setMaxListeners(0, this.#closing.signal);
      if (this.#isClosed) this.#closing.abort();
    }
    return this.#closing.signal;
  }

  #contextOf(): RunContext {
    if (this.#context) return this.#context;
    const { fields, plan } = this.#definition;
    const [red, node, stored] = [this.#red, this.#node, this.#stored];
    this.#context = {
      red,
      node,
      definition: this.#definition,
      stored,
      status: this.#status,
      evaluate: evaluator(red, node, plan, stored),
      target: fields.result && new ResultTarget(red, node, stored, fields.result.property ?? 'payload'),
      notes: new Map(),
      closing: this.#signal,
    };
    return this.#context;
  }

  /** Process one message: `done` is called exactly once, and nothing is thrown. */
  #handle(msg: Msg, send: Send, done: Done): Promise<void> {
    const handle = this.#begin(msg);
    let run: Run | undefined;
    const fail = (thrown: unknown) => {
      handle.release();
      run?.release();
      const problem = toLinktorError(thrown);
      if (!handle.signal.aborted) run?.noteFailure(problem);
      // The nodes behind this one wait for the end of what has begun.
      const isSilent = this.#isClosed && isSilentEnd(problem) && !run?.hasEmitted;
      this.#fail(problem, msg, send, isSilent ? undefined : done, handle.signal);
    };
    const finish = async (outcome: Outcome | undefined) => {
      try {
        if (outcome && !handle.signal.aborted) await run?.deliver(msg, outcome);
        else if (outcome && this.#isClosed) logEnd(this.#node, undelivered);
      } catch (thrown) {
        return fail(thrown);
      }
      handle.release();
      if (outcome?.meanwhile) this.#follow(outcome.meanwhile, () => run?.release());
      else run?.release();
      done();
      this.#showDone(outcome);
    };
    try {
      run = new Run(this.#contextOf(), msg, send, handle.signal);
      return run.start().then(finish, fail);
    } catch (thrown) {
      return Promise.resolve(thrown).then(fail);
    }
  }

  #begin(msg: Msg): RunHandle {
    if (!this.#definition.resets) return { signal: this.#signal, release() {} };
    const own = new AbortController();
    this.#resettable.set(own, msg.conversationId);
    const signal = AbortSignal.any([this.#signal, own.signal]);
    return { signal, release: () => this.#resettable.delete(own) };
  }

  /** @param done undefined for a failure that is of no interest */
  #fail(problem: LinktorError, msg: Msg, send: Send, done: Done | undefined, signal: AbortSignal): void {
    const isClosing = this.#isClosed;
    // A message aborted by msg.reset is no error.
    if (signal.aborted && !isClosing) {
      done?.();
      return this.#showDone(undefined);
    }
    if (done) {
      if (this.#errorPort !== undefined && !isClosing) {
        send(toPort(this.#errorPort, { ...msg, error: described(problem, this.#node) }));
        done();
      } else {
        // After a full deploy the Catch nodes are gone: the possible outcome is logged.
        if (isClosing && !this.#isPartialDeploy) logEnd(this.#node, describeEnd(problem));
        done(problem);
      }
    }
    this.#status.show(this.#definition.statusOf?.(problem) ?? problem.code, { at: Date.now() });
  }

  /** Background work delays neither the message nor the next one. */
  #follow(meanwhile: () => Promise<void>, release: () => void): void {
    const report = fenced((problem: LinktorError) => this.#node.error(problem, {}));
    const work = meanwhile()
      .then(
        () => undefined,
        (thrown: unknown) => toLinktorError(thrown),
      )
      .then((problem) => {
        release();
        this.#background.delete(work);
        if (this.#isClosed) return;
        if (!problem) return this.#showIdle();
        this.#status.show(problem.code, { at: Date.now() });
        report(problem);
      });
    this.#background.add(work);
  }

  async #reset({ conversationId }: Msg, done: Done): Promise<void> {
    for (const [own, conversation] of this.#resettable) {
      if (conversationId === undefined || conversationId === conversation) own.abort();
    }
    done();
  }

  /** The finished message still counts as running. */
  #showDone(outcome: Outcome | undefined): void {
    if (outcome?.status && this.#runs.size === 1) {
      const { figures = {} } = outcome;
      this.#status.show(outcome.status, figures, Object.keys(figures));
    } else this.#showBusy(this.#runs.size - 1);
  }

  #showBusy(count: number): void {
    if (count > 1) this.#status.count(count);
    else if (count === 1 || this.#background.size > 0) this.#status.show(this.#definition.busy);
    else this.#onIdle(this.#status);
  }

  #showIdle(): void {
    if (this.#runs.size === 0 && this.#background.size === 0) this.#onIdle(this.#status);
  }
}

const undelivered = 'The work was done, but its result could not be sent any more.';

/** Return the error as Catch nodes receive it, for the error output. */
export function described(problem: LinktorError, { id, type, name }: RunningNode): object {
  const { message, code, cause } = problem;
  return { message, code, cause, source: { id, type, name } };
}

async function settled(work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const timeout = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, CLOSE_TIMEOUT_MS);
  });
  await Promise.race([Promise.all(work), timeout]);
  clearTimeout(timer);
}
