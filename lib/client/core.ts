import { setMaxListeners } from 'node:events';
import type { Badge, Call, Contract, StreamCall } from '../contract';
import { api } from '../contract/api';
import { parseJson } from '../contract/json';
import { LinktorError } from '../errors';
import { type Agents, createAgents, type TlsSettings } from './agents';
import { createIdentity, type Identity } from './auth';
import type { AnswerFacts, CallOptions, ClientSettings } from './index';
import { Queue } from './queue';
import { Rate } from './rate';
import { delay, type Failed, isAmbiguous, mayRepeat } from './retry';
import { baseOf, createTransport, StreamFault, type Transport, type WireAnswer, type WireStream } from './transport';
import { closedEarly, factsOf, failure, final, wireOf, withBadge } from './wire';

/** What all users of one client share. */
export interface Core {
  readonly base: string;
  readonly contract: Contract;
  readonly identity: Identity;
  readonly transport: Transport;
  readonly agents: () => Promise<Agents>;
  readonly tls: TlsSettings;
  readonly queue: Queue;
  readonly rate: Rate;
  /** calls that this server wants in their other form */
  readonly otherwise: Set<string>;
  readonly settings: Required<Pick<ClientSettings, 'timeout' | 'deadline' | 'maxRetries' | 'idempotent'>>;
  readonly closing: AbortController;
}

/** milliseconds that signing out may take */
const farewell = 2000;

/** @throws LinktorError `validation` for a bad Server URL or missing credentials */
export function coreOf(given: ClientSettings): Core {
  const closing = new AbortController();
  // One listener per call in flight is no leak.
  setMaxListeners(0, closing.signal);
  const base = baseOf(given.baseUrl || 'https://api.linktor.io');
  let making: Promise<Agents> | undefined;
  const agents = () => {
    making ??= createAgents(base, given.tls, given.proxy);
    return making;
  };
  const settings = {
    timeout: given.timeout ?? 30,
    deadline: given.deadline ?? 120,
    maxRetries: given.maxRetries ?? 3,
    idempotent: given.idempotent ?? false,
  };
  const core: Core = {
    base,
    contract: api,
    identity: createIdentity(given, api, (call, badge) => {
      // Signing in and out happen outside the queue: the calls that wait in it wait for them.
      const leaving = badge !== undefined;
      const end = Date.now() + (leaving ? farewell : settings.deadline * 1000);
      const signal = leaving ? new AbortController().signal : closing.signal;
      // Signing in does nothing that could be done twice, and is never the caller's write that may have happened.
      return attempts(core, leaving ? call : { ...call, kind: 'read' }, {}, end, signal, () => badge);
    }),
    agents,
    tls: given.tls ?? {},
    transport: createTransport(agents),
    queue: new Queue(),
    rate: new Rate(),
    otherwise: new Set(),
    settings,
    closing,
  };
  return core;
}

/** One call, in its turn. */
export async function perform<T>(core: Core, call: Call<T>, options: CallOptions): Promise<T> {
  const end = endOf(core, options);
  const { signal, release } = either(options.signal, core.closing.signal);
  const work = () => eitherWay(core, call, options, end, signal);
  try {
    const lane = call.kind === 'read' ? undefined : call.lane;
    return await core.queue.run(lane, work, end - Date.now(), signal);
  } catch (error) {
    // Nobody misses a read that was given up on purpose; a write, even one that never left, has to be accounted for.
    if (call.kind === 'read' && signal.aborted) throw closedEarly();
    throw error;
  } finally {
    release();
  }
}

/** A signal for the call's own abort and for close. By hand: AbortSignal.any on a long-lived signal leaks in Node 20. */
function either(own: AbortSignal | undefined, closing: AbortSignal): { signal: AbortSignal; release(): void } {
  if (!own) return { signal: closing, release() {} };
  const joined = new AbortController();
  const abort = () => joined.abort();
  for (const signal of [own, closing]) {
    if (signal.aborted) abort();
    signal.addEventListener('abort', abort, { once: true });
  }
  return {
    signal: joined.signal,
    release() {
      for (const signal of [own, closing]) signal.removeEventListener('abort', abort);
    },
  };
}

/** When a call has to be over; whoever asks for a longer attempt gets at least that one. */
function endOf({ settings }: Core, { timeout = settings.timeout }: CallOptions): number {
  return Date.now() + Math.max(settings.deadline, timeout) * 1000;
}

/** The SDKs do not agree on every route: where the server has not the one, it may have the other. */
async function eitherWay<T>(
  core: Core,
  call: Call<T>,
  options: CallOptions,
  end: number,
  signal: AbortSignal,
): Promise<T> {
  const { otherwise } = call;
  const run = (one: Call<T>) => attempts(core, one, options, end, signal, () => core.identity.badge());
  if (!otherwise) return run(call);
  if (core.otherwise.has(otherwise.key)) return run(otherwise.call);
  try {
    return await run(call);
  } catch (error) {
    const { status } = (error as LinktorError).cause;
    if (status !== 404 && status !== 405) throw error;
    const result = await run(otherwise.call);
    core.otherwise.add(otherwise.key);
    return result;
  }
}

/** One call with all its attempts. */
async function attempts<T>(
  core: Core,
  call: Call<T>,
  options: CallOptions,
  end: number,
  signal: AbortSignal,
  identify: () => Badge | undefined | Promise<Badge | undefined>,
): Promise<T> {
  const request = wireOf(core, call, options);
  const timeout = (options.timeout ?? core.settings.timeout) * 1000;
  let repeated = 0;
  let renewed = false;
  let doubt = false;
  const held = (error: unknown) =>
    doubt && error instanceof LinktorError ? final({ error, left: true, silent: true }, doubt) : error;
  for (let attempt = 0; ; attempt++) {
    let badge: Badge | undefined;
    try {
      badge = await unlessAborted(identify(), signal);
      const admitted = core.rate.admit(end, signal);
      if (admitted !== undefined) await admitted;
    } catch (error) {
      throw held(error);
    }
    const left = Math.max(1, Math.min(timeout, end - Date.now()));
    const answer = await core.transport.send(withBadge(core, request, badge), left, signal);
    const facts = 'fault' in answer ? {} : factsOf(answer);
    if (!('fault' in answer) && answer.status >= 200 && answer.status < 300) {
      core.rate.done(answer.status, facts);
      return accept(call, answer, facts, options);
    }
    const failed = failure(core, answer);
    const { status, retryAfter } = failed.error.cause;
    // What one attempt may have done, a later refusal does not undo.
    doubt ||= isAmbiguous(call.kind, failed);
    core.rate.done(status, facts, retryAfter);
    if (status === 401 && badge && !call.keepSession && !renewed) {
      renewed = true;
      try {
        if (await unlessAborted(core.identity.renew(badge), signal)) continue;
      } catch (error) {
        throw held(error);
      }
    }
    const wait = delay(attempt, retryAfter);
    const goOn =
      mayRepeat(call.kind, failed, core.settings.idempotent) &&
      core.settings.maxRetries > 0 &&
      (status === 429 || repeated < core.settings.maxRetries) &&
      Date.now() + wait < end;
    if (!goOn) throw final(failed, doubt);
    if (status !== 429) repeated++;
    await pause(wait, signal);
    if (signal.aborted) throw final(failed, doubt);
  }
}

/** One call whose answer arrives piece by piece; it waits for nobody's turn. */
export async function* stream<T>(core: Core, call: StreamCall<T>, options: CallOptions): AsyncGenerator<T> {
  const { signal, release } = either(options.signal, core.closing.signal);
  try {
    yield* pieces(core, call, options, signal);
  } finally {
    release();
  }
}

async function* pieces<T>(
  core: Core,
  call: StreamCall<T>,
  options: CallOptions,
  signal: AbortSignal,
): AsyncGenerator<T> {
  const broken = (failed: Failed) => final(failed, isAmbiguous(call.kind, failed));
  const answer = await begin(core, call, options, signal);
  if (!('lines' in answer)) throw broken(answer);
  options.onAnswer?.(factsOf(answer));
  const said = answer.headers['content-type'] ?? '';
  if (said.includes('json')) {
    await answer.lines.return(undefined);
    throw new LinktorError('serialization', 'The server does not stream: it gave one whole answer.', {
      ambiguous: true,
    });
  }
  try {
    for await (const line of answer.lines) {
      if (call.isLast(line)) return;
      const piece = call.piece(line);
      if (piece !== undefined) yield piece;
    }
  } catch (error) {
    if (!(error instanceof StreamFault)) throw error;
    // Given up on purpose, it has simply ended.
    if (!signal.aborted) throw broken(failure(core, error.fault));
  }
}

/** A stream up to the moment when it begins; only who was not let in knocks again, with another badge. */
async function begin(
  core: Core,
  call: StreamCall<unknown>,
  options: CallOptions,
  signal: AbortSignal,
): Promise<WireStream | Failed> {
  const request = wireOf(core, call, options);
  const timeout = (options.timeout ?? core.settings.timeout) * 1000;
  const end = endOf(core, options);
  for (let renewed = false; ; renewed = true) {
    const badge = await unlessAborted(core.identity.badge(), signal);
    const admitted = core.rate.admit(end, signal);
    if (admitted !== undefined) await admitted;
    const answer = await core.transport.stream(withBadge(core, request, badge), timeout, signal);
    const failed = 'lines' in answer ? undefined : failure(core, answer);
    const facts = 'fault' in answer ? {} : factsOf(answer);
    const status = 'fault' in answer ? undefined : answer.status;
    core.rate.done(status, facts, failed?.error.cause.retryAfter);
    if ('lines' in answer) return answer;
    const again = status === 401 && !renewed && (await unlessAborted(core.identity.renew(badge), signal));
    if (!again) return failed ?? failure(core, answer);
  }
}

/** Signing in is shared: who gives up leaves it to the others. */
function unlessAborted<T>(work: T | Promise<T>, signal: AbortSignal): T | Promise<T> {
  if (!(work instanceof Promise)) return work;
  return new Promise((resolve, reject) => {
    const abort = () => reject(new LinktorError('unexpected', 'Closed before the request left.', { retryable: true }));
    signal.addEventListener('abort', abort, { once: true });
    if (signal.aborted) abort();
    work.then(resolve, reject).finally(() => signal.removeEventListener('abort', abort));
  });
}

function accept<T>(call: Call<T>, answer: WireAnswer, facts: AnswerFacts, options: CallOptions): T {
  options.onAnswer?.(facts);
  try {
    return call.decode(answer.text.trim() === '' ? undefined : parseJson(answer.text));
  } catch (error) {
    const known = error instanceof LinktorError ? error : new LinktorError('serialization', 'The answer is not JSON.');
    const plan = { ...known.cause, status: answer.status, requestId: facts.requestId };
    throw new LinktorError(known.code, known.message, { ...plan, ambiguous: call.kind !== 'read' });
  }
}

function pause(milliseconds: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      clearTimeout(timer);
      signal.removeEventListener('abort', done);
      resolve();
    };
    const timer = setTimeout(done, Math.min(milliseconds, 2 ** 31 - 1));
    signal.addEventListener('abort', done, { once: true });
    if (signal.aborted) done();
  });
}
