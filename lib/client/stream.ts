import type { StreamCall } from '../contract';
import { LinktorError } from '../errors';
import { isObject } from '../model';
import { type Core, deadlineOf, type MakeCall } from './core';
import type { Peer } from './detect';
import type { CallOptions } from './options';
import { buildRequest, withCredentials } from './request';
import { readFacts, redactError, toCallerError, toFailed } from './response';
import { type Failed, isAmbiguous } from './retry';
import { orAborted } from './signals';
import { type HttpStream, StreamFault } from './transport';

/**
 * Perform one call with a streamed answer. It bypasses the queue.
 * @throws LinktorError; ambiguous when the server may have started to process it
 */
export async function* stream<T>(core: Core, make: MakeCall<StreamCall<T>>, options: CallOptions): AsyncGenerator<T> {
  const { signal, release } = core.signals.join(options.signal);
  try {
    const peer = await orAborted(core.detection.peer(), signal);
    const call = make(peer.contract);
    const { observation, end } = core.figures.begin(call, options.traceparent);
    let problem: unknown;
    let usage: object | undefined;
    try {
      for await (const piece of pieces(
        core,
        peer,
        call,
        { ...options, traceparent: observation.traceparent },
        signal,
      )) {
        // A family tells one count with its first piece, and another with its last.
        if (isObject(piece) && isObject(piece.usage)) usage = { ...usage, ...piece.usage };
        yield piece;
      }
    } catch (error) {
      problem = error;
      throw error;
    } finally {
      end(problem);
      core.figures.spending.note(call.path, usage ? { usage } : problem);
    }
  } finally {
    release();
  }
}

async function* pieces<T>(
  core: Core,
  peer: Peer,
  call: StreamCall<T>,
  options: CallOptions,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const broken = (failed: Failed) => toCallerError(failed, isAmbiguous(call.kind, failed));
  const answer = await begin(core, peer, call, options, signal);
  if (!('events' in answer)) throw broken(answer);
  options.onAnswer?.(readFacts(answer));
  let isComplete = false;
  let isEmpty = true;
  const unread: string[] = [];
  try {
    for await (const event of answer.events) {
      const { piece, isEnd, isLast, error, unread: words } = call.read(event);
      if (words !== undefined && unread.push(words) > MAX_UNREAD_EVENTS) unread.shift();
      if (error) {
        const { code, message, cause } = redactError(error, core.credentials.secrets());
        throw new LinktorError(code, message, { ...cause, ...doubtOf(call) });
      }
      isComplete ||= isEnd === true;
      if (piece !== undefined) {
        isEmpty = false;
        yield piece;
      }
      if (isLast) break;
    }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    // A stream aborted by its caller ends without an error.
    if (signal.aborted) return;
    if (!isComplete) throw broken(toFailed(error.fault, core.credentials.secrets()));
  }
  if (isComplete || signal.aborted) return;
  throw redactError(incomplete(call, isEmpty, unread), core.credentials.secrets());
}

/** The last events that no known answer holds are told with the failure. */
const MAX_UNREAD_EVENTS = 5;

/** A call billed by usage may have been billed even if its answer was lost. */
function doubtOf({ kind }: StreamCall<unknown>) {
  return { ambiguous: kind !== 'read' };
}

/** @param unread what the server said in place of an answer: the only reason that there may be */
function incomplete(call: StreamCall<unknown>, isEmpty: boolean, unread: readonly string[]): LinktorError {
  const details = unread.length === 0 ? {} : { details: { unread } };
  const [words = ''] = unread.slice(-1);
  const said = words === '' || /[<{[]/.test(words) ? '' : ` It said: ${words}`;
  if (isEmpty)
    return new LinktorError('serialization', `The server streamed no answer.${said}`, { ...doubtOf(call), ...details });
  return new LinktorError('network', `The answer broke off: the server did not say that it is complete.${said}`, {
    ...doubtOf(call),
    ...details,
    hint: 'What has come is in cause.details. Ask again, or ask for a shorter answer.',
  });
}

/** Open a stream. Only a 401 is retried, with renewed credentials. */
async function begin(
  core: Core,
  peer: Peer,
  call: StreamCall<unknown>,
  options: CallOptions,
  signal: AbortSignal,
): Promise<HttpStream | Failed> {
  const request = buildRequest(peer, call, options);
  const timeoutMs = (options.timeout ?? core.settings.timeout) * 1000;
  const deadline = deadlineOf(core, options);
  for (let renewed = false; ; renewed = true) {
    const credentials = await orAborted(core.credentials.current(), signal);
    const admitted = core.rate.admit(deadline, signal);
    if (admitted !== undefined) await admitted;
    const answer = await core.transport.stream(withCredentials(peer.contract, request, credentials), timeoutMs, signal);
    const failed = 'events' in answer ? undefined : toFailed(answer, core.credentials.secrets());
    const facts = 'fault' in answer ? {} : readFacts(answer);
    const status = 'fault' in answer ? undefined : answer.status;
    core.rate.done(status, facts, failed?.error.cause.retryAfter);
    if ('events' in answer) return answer;
    const again = status === 401 && !renewed && (await orAborted(core.credentials.renew(credentials), signal));
    if (!again) return failed ?? toFailed(answer, core.credentials.secrets());
  }
}
