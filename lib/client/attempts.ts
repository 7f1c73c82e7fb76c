import { sleep } from '../async/sleep';
import type { Call, Credentials } from '../contract';
import type { CredentialProvider } from './auth';
import type { CallFigures, Observation } from './call-figures';
import type { Peer } from './detect';
import type { CallOptions, ClientSettings } from './options';
import { isOutage, mayBeOutage } from './outage';
import type { Rate } from './rate';
import { buildRequest, withCredentials } from './request';
import {
  decodeAnswer,
  keepDoubt,
  readFacts,
  redactAnswer,
  toCallerError,
  toFailed,
  toOutage,
  withHint,
} from './response';
import { delay, isAmbiguous, mayRepeat } from './retry';
import type { ServerClock } from './server-clock';
import { orAborted } from './signals';
import type { Transport } from './transport';

/** The parts of a client that attempts use. */
export interface AttemptDeps {
  readonly credentials: CredentialProvider;
  readonly transport: Transport;
  readonly rate: Rate;
  readonly clock: ServerClock;
  readonly figures: CallFigures;
  readonly settings: Required<Pick<ClientSettings, 'timeout' | 'maxRetries' | 'idempotent'>>;
}

/** One call to be made. */
export interface AttemptInput<T> {
  peer: Peer;
  call: Call<T>;
  options: CallOptions;
  /** deadline of the call, milliseconds of the clock */
  deadline: number;
  signal: AbortSignal;
  /** credentials of the call; undefined for one without */
  identify(): Credentials | undefined | Promise<Credentials | undefined>;
}

/**
 * Run one call with all its attempts (contract 4): repeated while it certainly did nothing, credentials renewed once.
 * @throws LinktorError of the last attempt; ambiguous when any attempt may have succeeded
 */
export function runAttempts<T>(deps: AttemptDeps, input: AttemptInput<T>): Promise<T> {
  const { call, options } = input;
  return deps.figures.observe(call, options.traceparent, (observation) => {
    const { traceparent } = observation;
    const own = traceparent === options.traceparent ? input : { ...input, options: { ...options, traceparent } };
    return attemptAll(deps, own, observation);
  });
}

async function attemptAll<T>(deps: AttemptDeps, input: AttemptInput<T>, observation: Observation): Promise<T> {
  const { peer, call, options, deadline, signal, identify } = input;
  const { contract } = peer;
  const { rate, credentials: provider, settings } = deps;
  const request = buildRequest(peer, call, options);
  const timeoutMs = (options.timeout ?? settings.timeout) * 1000;
  // Without a key a server cannot recognise a repetition of the same write.
  const isIdempotent = options.idempotencyKey !== null && settings.idempotent && contract.idempotent;
  const beforeLeave = call.kind === 'read' ? undefined : options.beforeLeave;
  const onLeave = call.kind === 'read' ? undefined : options.onLeave;
  const { maxRetries = settings.maxRetries } = options;
  let repeated = 0;
  let renewed = false;
  let ambiguous = false;
  for (let attempt = 0; ; attempt++) {
    if (attempt > 0) deps.figures.retries++;
    let credentials: Credentials | undefined;
    try {
      const identified = orAborted(identify(), signal);
      credentials = identified instanceof Promise ? await identified : identified;
      const admitted = rate.admit(deadline, signal);
      if (admitted !== undefined) await admitted;
      if (beforeLeave) await beforeLeave();
    } catch (error) {
      throw keepDoubt(error, ambiguous);
    }
    try {
      if (onLeave) await onLeave();
    } catch (error) {
      rate.done(undefined, {});
      throw keepDoubt(error, ambiguous);
    }
    const leftMs = Math.max(1, Math.min(timeoutMs, deadline - Date.now()));
    const mayLeave = beforeLeave && (() => isAllowed(beforeLeave));
    const answer = await deps.transport.send(withCredentials(contract, request, credentials), leftMs, signal, mayLeave);
    // The next check of the signal reports why it was aborted.
    if ('fault' in answer && answer.fault === 'withdrawn') {
      rate.done(undefined, {});
      continue;
    }
    if (!('fault' in answer)) deps.clock.note(answer.headers.date);
    const facts = 'fault' in answer ? {} : readFacts(answer);
    observation.status = 'fault' in answer ? undefined : answer.status;
    observation.requestId = facts.requestId;
    if (!('fault' in answer) && answer.status >= 200 && answer.status < 300) {
      rate.done(answer.status, facts);
      if (credentials !== undefined) provider.confirm();
      options.onAnswer?.(facts);
      return decodeAnswer(call, redactAnswer(answer, credentials), facts);
    }
    let failed = withHint(toFailed(answer, provider.secrets()), contract, call, credentials);
    if (mayBeOutage(failed, call, contract) && (await isOutage(deps.transport, peer, signal)))
      failed = toOutage(failed);
    const { status, retryAfter } = failed.error.cause;
    // A later refusal does not undo an earlier attempt that may have taken effect.
    ambiguous ||= isAmbiguous(call.kind, failed);
    rate.done(status, facts, retryAfter);
    if (status === 401 && credentials && !call.keepSession && !renewed) {
      renewed = true;
      try {
        if (await orAborted(provider.renew(credentials), signal)) continue;
      } catch (error) {
        throw keepDoubt(error, ambiguous);
      }
    }
    const waitMs = delay(attempt, retryAfter);
    const goOn =
      mayRepeat(call.kind, failed, isIdempotent) &&
      maxRetries > 0 &&
      (status === 429 || repeated < maxRetries) &&
      Date.now() + waitMs < deadline;
    if (!goOn) throw toCallerError(failed, ambiguous);
    if (status !== 429) repeated++;
    await sleep(waitMs, signal);
    if (signal.aborted) throw toCallerError(failed, ambiguous);
  }
}

/** @returns true when `beforeLeave` permits the request immediately */
function isAllowed(beforeLeave: NonNullable<CallOptions['beforeLeave']>): boolean {
  try {
    const wait = beforeLeave();
    if (!(wait instanceof Promise)) return true;
    // It is called again, and awaited, before the next attempt.
    wait.catch(() => undefined);
    return false;
  } catch {
    return false;
  }
}
