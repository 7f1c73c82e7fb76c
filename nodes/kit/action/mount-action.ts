import { setMaxListeners } from 'node:events';
import type { LinktorError } from '../../../lib/errors';
import type { Action, Outcome } from '../define';
import { evaluator } from '../evaluate';
import { failure, isSilent } from '../failure';
import { onMessage, toPort } from '../message';
import type { Done, Msg, RED, RunningNode, Send, Stored } from '../red';
import { Status } from '../status';
import { Run, type RunContext } from './run';

/** milliseconds that work in flight may take to settle when a node closes */
const closeLimit = 5000;

/** How long one message may be worked on. */
interface Flight {
  signal: AbortSignal;
  /** it is over */
  release(): void;
}

/** Make a node do its action with every message. */
export function mountAction(red: RED, node: RunningNode, definition: Action, stored: Stored): void {
  const status = new Status((shown) => node.status(shown));
  const closing = new AbortController();
  // One listener per message in flight is no leak.
  setMaxListeners(0, closing.signal);
  const errorPort = stored.errorOutput === true ? definition.outputs.length : undefined;
  const place: RunContext = {
    red,
    node,
    definition,
    stored,
    status,
    evaluate: evaluator(red, node, definition.fields, stored),
    property: definition.fields.result?.property ?? 'payload',
    notes: new Map(),
    closing: closing.signal,
  };
  const unhindered: Flight = { signal: closing.signal, release() {} };
  const resettable = new Map<AbortController, unknown>();
  /** what goes on after its message has been sent */
  const trails = new Set<Promise<void>>();

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
  function handle(msg: Msg, send: Send, done: Done): Promise<void> {
    const flight = depart(msg);
    let run: Run | undefined;
    const landed = async (outcome: Outcome | undefined) => {
      try {
        if (outcome && !flight.signal.aborted) await run?.deliver(msg, outcome);
      } catch (thrown) {
        return failed(thrown);
      }
      flight.release();
      if (outcome?.meanwhile) follow(outcome.meanwhile, () => run?.release());
      else run?.release();
      done();
      showDone(outcome);
    };
    const failed = (thrown: unknown) => {
      flight.release();
      run?.release();
      fail(failure(thrown), msg, send, done, flight.signal);
    };
    try {
      run = new Run(place, msg, send, flight.signal);
      return run.start().then(landed, failed);
    } catch (thrown) {
      return Promise.resolve(thrown).then(failed);
    }
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
    if (!definition.resets) return unhindered;
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
