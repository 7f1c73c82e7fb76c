import { setMaxListeners } from 'node:events';
import type { AnswerFacts } from '../../lib/client';
import type { LinktorError } from '../../lib/errors';
import type { Account } from './account';
import type { Action, Live, Msg, Outcome } from './define';
import { evaluator } from './evaluate';
import { failure, isSilent } from './failure';
import { type Done, onMessage, type Send, type Stored, toPort } from './message';
import { accountOf } from './owner';
import type { RED, RunningNode } from './red';
import { store } from './result';
import { Status } from './status';

/** milliseconds that work in flight may take to settle when a node closes */
const closeLimit = 5000;

/** One message being worked on. */
interface Flight {
  signal: AbortSignal;
  /** lets go of what the run has opened */
  release(): void;
}

/** Make a node do its action with every message. */
export function mountAction(red: RED, node: RunningNode, definition: Action, stored: Stored): void {
  const evaluate = evaluator(red, node, definition.fields, stored);
  const property = definition.fields.result?.property ?? 'payload';
  const status = new Status((shown) => node.status(shown));
  const closing = new AbortController();
  // One listener per message in flight is no leak.
  setMaxListeners(0, closing.signal);
  const errorPort = stored.errorOutput === true ? definition.outputs.length : undefined;
  const notes = new Map<string, unknown>();
  const resettable = new Map<AbortController, unknown>();
  /** what goes on after its message has been sent */
  const trails = new Set<Promise<void>>();

  /** @returns what the run left to do and to show */
  async function run(msg: Msg, send: Send, signal: AbortSignal): Promise<Outcome | undefined> {
    const account = accountOf(red, stored);
    const facts: AnswerFacts = {};
    const opened = new Opened(account);
    const client = account.client().with({
      signal,
      onAnswer(answer) {
        Object.assign(facts, answer);
        account.succeeded();
      },
    });
    const deliver = async (target: Msg, outcome: Outcome) => {
      await store(red, node, stored, property, target, outcome, facts);
      send(toPort(outcome.port ?? 0, target));
    };
    let outcome: Outcome | undefined;
    try {
      const values = await evaluate(msg);
      // When the node closes, the client says what became of the call; after a reset there is to be none.
      if (!closing.signal.aborted) signal.throwIfAborted();
      outcome = await definition.run({
        client,
        values: values as never,
        valuesOf: (entry) => evaluate.each(entry) as never,
        msg,
        signal,
        notes,
        shared: account.notes,
        journal: account.journal,
        live: () => opened.live(),
        progress: (done) => status.count(done),
        async emit(part) {
          signal.throwIfAborted();
          await deliver(red.util.cloneMessage(msg as never) as Msg, part);
          await new Promise(setImmediate);
        },
      });
      if (outcome && !signal.aborted) await deliver(msg, outcome);
    } finally {
      if (!outcome?.meanwhile) opened.release();
    }
    if (outcome?.meanwhile) follow(outcome.meanwhile, () => opened.release());
    return outcome;
  }

  /** What is left to do delays neither the message nor the close. */
  function follow(meanwhile: () => Promise<void>, release: () => void): void {
    const trail = meanwhile()
      .then(
        () => undefined,
        (thrown: unknown) => failure(thrown),
      )
      .then((problem) => {
        release();
        trails.delete(trail);
        if (closing.signal.aborted) return;
        if (!problem) return showRest();
        status.say(problem.code, { at: Date.now() });
        node.error(problem, {});
      });
    trails.add(trail);
  }

  /** Total: whatever happens, `done` is called once, and nothing is thrown. */
  async function handle(msg: Msg, send: Send, done: Done): Promise<void> {
    const { signal, release } = depart(msg);
    let outcome: Outcome | undefined;
    try {
      outcome = await run(msg, send, signal);
      release();
    } catch (thrown) {
      release();
      return fail(failure(thrown), msg, send, done, signal);
    }
    done();
    showDone(outcome);
  }

  function fail(problem: LinktorError, msg: Msg, send: Send, done: Done, signal: AbortSignal): void {
    // Who reset the node knows that nothing comes.
    if (signal.aborted && !closing.signal.aborted) {
      done();
      return showDone(undefined);
    }
    if (!isSilent(problem, closing.signal.aborted)) {
      if (errorPort !== undefined && !closing.signal.aborted) {
        send(toPort(errorPort, { ...msg, error: described(problem, node) }));
        done();
      } else done(problem);
    }
    status.say(problem.code, { at: Date.now() });
  }

  function depart(msg: Msg): Flight {
    if (!definition.resets) return { signal: closing.signal, release() {} };
    const own = new AbortController();
    resettable.set(own, msg.conversationId);
    const signal = AbortSignal.any([closing.signal, own.signal]);
    return { signal, release: () => resettable.delete(own) };
  }

  async function reset({ conversationId }: Msg, done: Done): Promise<void> {
    for (const [flight, of] of resettable) {
      if (conversationId === undefined || conversationId === of) flight.abort();
    }
    done();
  }

  const flights = onMessage(node, (msg, send, done) => {
    if (definition.resets && msg.reset) return reset(msg, done);
    showBusy(flights.size + 1);
    return handle(msg, send, done);
  });

  function showDone(outcome: Outcome | undefined): void {
    if (outcome?.status && flights.size === 1) status.say(outcome.status);
    else showBusy(flights.size - 1);
  }

  function showBusy(count: number): void {
    if (count > 1) status.count(count);
    else if (count === 1 || trails.size > 0) status.say(definition.busy);
    else status.clear();
  }

  function showRest(): void {
    if (flights.size === 0 && trails.size === 0) status.clear();
  }

  node.on('close', (_removed, done) => {
    closing.abort();
    status.close();
    settled([...flights, ...trails]).then(done, done);
  });
}

/** What one run opens of the live side of its account; few do. */
class Opened {
  readonly #account: Account;
  #releases: Set<() => void> | undefined;

  constructor(account: Account) {
    this.#account = account;
  }

  live(): Live {
    const open = this.#account.realtime();
    this.#releases ??= new Set();
    const releases = this.#releases;
    return {
      hear: (listener) => releases.add(open.listen(listener)),
      subscribe: (conversationId) => releases.add(open.subscribe(conversationId)),
      typing: (conversationId, isTyping) => open.typing(conversationId, isTyping),
      onState: (listener) => releases.add(open.onState(listener)),
      get state() {
        return open.state;
      },
      get polls() {
        return open.polls;
      },
    };
  }

  /** Lets go of all of it. */
  release(): void {
    for (const release of this.#releases ?? []) release();
    this.#releases?.clear();
  }
}

/** What Catch nodes would get, for those who asked for an output instead. */
function described(problem: LinktorError, { id, type, name }: RunningNode): object {
  const { message, code, cause } = problem;
  return { message, code, cause, source: { id, type, name } };
}

async function settled(work: readonly Promise<void>[]): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimit);
  });
  await Promise.race([Promise.all(work), limit]);
  clearTimeout(timer);
}
