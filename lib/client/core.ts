import { sleep } from '../async/sleep';
import type { Call, Contract, Credentials } from '../contract';
import { parseJson } from '../contract/json';
import { LinktorError } from '../errors';
import { type Agents, createAgents, type TlsSettings } from './agents';
import { type CredentialProvider, createCredentialProvider } from './auth';
import { choiceOf, Detection, type Peer } from './detect';
import type { AnswerFacts, CallOptions, ClientSettings } from './index';
import { operate, type Run } from './operation';
import { Queue } from './queue';
import { Rate } from './rate';
import { delay, isAmbiguous, mayRepeat } from './retry';
import { type Joined, Signals } from './signals';
import { baseOf, createTransport, type Transport, type WireAnswer } from './transport';
import { closedEarly, factsOf, failure, final, knowing, unsaid, wireOf, withBadge } from './wire';

/** A place that a call has in the queue already. */
export interface Slot {
  /** when it has to be over, milliseconds of the clock */
  end: number;
}

/** What holds for all calls of one client. */
export interface CallDefaults extends CallOptions {
  slot?: Slot;
}

/** What all users of one client share. */
export interface Core {
  readonly detection: Detection;
  readonly credentials: CredentialProvider;
  readonly transport: Transport;
  readonly agents: () => Promise<Agents>;
  /** the way to another server: with our authorities and proxy, without our certificate */
  readonly elsewhere: (origin: string) => Promise<Agents>;
  readonly tls: TlsSettings;
  readonly queue: Queue;
  /** files in memory are large: few at a time */
  readonly downloads: Queue;
  readonly rate: Rate;
  /** calls that this server wants in their other form */
  readonly fallbacks: Set<string>;
  readonly settings: Required<Pick<ClientSettings, 'timeout' | 'deadline' | 'maxRetries' | 'idempotent'>>;
  readonly closing: AbortController;
  /** the callers' own signals, each with that of the close */
  readonly signals: Signals;
}

/** milliseconds that signing out may take */
const farewell = 2000;

/** @throws LinktorError `validation` for a bad Server URL or missing credentials */
export function coreOf(given: ClientSettings): Core {
  const closing = new AbortController();
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
  const patience = () => Date.now() + settings.deadline * 1000;
  const core: Core = {
    detection: new Detection(base, choiceOf(given.contract), isKey(given.apiKey), (peer, call) =>
      attempts(core, peer, call, {}, patience(), closing.signal, () => undefined),
    ),
    credentials: createCredentialProvider(given, async (make, badge) => {
      // Signing in and out happen outside the queue: the calls that wait in it wait for them.
      const peer = await core.detection.peer();
      const call = make(peer.contract);
      const leaving = badge !== undefined;
      const end = leaving ? Date.now() + farewell : patience();
      const signal = leaving ? new AbortController().signal : closing.signal;
      // Signing in does nothing that could be done twice, and is never the caller's write that may have happened.
      return attempts(core, peer, leaving ? call : { ...call, kind: 'read' }, {}, end, signal, () => badge);
    }),
    agents,
    elsewhere: (origin) => createAgents(origin, { ca: given.tls?.ca }, given.proxy),
    tls: given.tls ?? {},
    transport: createTransport(agents),
    queue: new Queue(),
    downloads: new Queue({ width: 4 }),
    rate: new Rate(),
    fallbacks: new Set(),
    settings,
    closing,
    signals: new Signals(closing.signal),
  };
  return core;
}

/** The self-hosted server takes no API keys (contract 6.1, 1); what has the form of its tokens may be one. */
function isKey(apiKey = ''): boolean {
  return apiKey !== '' && !/^\s*eyJ[\w-]+\.[\w-]+\./.test(apiKey);
}

/** One operation, in its turn, in the words of the server that there is. */
export function perform<T>(core: Core, make: (contract: Contract) => Call<T>, options: CallDefaults): Promise<T> {
  return new Operation(core, make, options).start();
}

/** Wait for the turn of one write. @param task makes it, with this seat in its scope */
export function takeSlot<T>(
  core: Core,
  lane: string,
  task: (seat: Slot) => Promise<T>,
  options: CallDefaults,
): Promise<T> {
  const end = endOf(core, options);
  const { signal, release } = core.signals.join(options.signal);
  return core.queue.run(lane, () => task({ end }), end - Date.now(), signal).finally(release);
}

/** Thousands may wait for their turn: no function is kept half done meanwhile, and little else. */
class Operation<T> {
  readonly #core: Core;
  readonly #make: (contract: Contract) => Call<T>;
  readonly #options: CallDefaults;
  readonly #end: number;
  readonly #joined: Joined;

  constructor(core: Core, make: (contract: Contract) => Call<T>, options: CallDefaults) {
    this.#core = core;
    this.#make = make;
    this.#options = options;
    this.#end = options.slot?.end ?? endOf(core, options);
    this.#joined = core.signals.join(options.signal);
  }

  start(): Promise<T> {
    const found = this.#core.detection.peer();
    if (!(found instanceof Promise)) return this.#begin(found);
    const peer = Promise.resolve(orAborted(found, this.#joined.signal));
    return peer.then(
      (one) => this.#begin(one),
      (error: unknown) => {
        this.#joined.release();
        throw error;
      },
    );
  }

  #begin(peer: Peer): Promise<T> {
    const done = (result: T) => {
      this.#joined.release();
      this.#core.detection.confirm(peer);
      return result;
    };
    return this.#inTurn(peer).then(done, (error: unknown) =>
      this.#instead(peer, error).finally(() => this.#joined.release()),
    );
  }

  /** The call once more, if it has failed as if it were meant for another server. */
  async #instead(peer: Peer, error: unknown): Promise<T> {
    const { detection } = this.#core;
    const { signal } = this.#joined;
    if (signal.aborted || !detection.doubts(peer, error)) throw error;
    // Nobody answers, or the caller has no more time for it: then the error is what there is to say.
    const other = await Promise.resolve(orAborted(detection.instead(peer), signal)).catch(() => undefined);
    if (other === undefined) throw error;
    return this.#inTurn(other);
  }

  #inTurn(peer: Peer): Promise<T> {
    let call: Call<T>;
    try {
      call = this.#make(peer.contract);
    } catch (error) {
      return Promise.reject(error);
    }
    const { queue } = this.#core;
    const { signal } = this.#joined;
    const work = () => this.#run(peer, call);
    if (this.#options.slot) return work();
    const patience = this.#end - Date.now();
    if (call.kind !== 'read' || call.after) return queue.run(call.lane, work, patience, signal);
    return queue.run(undefined, work, patience, signal).catch((error: unknown) => {
      // Nobody misses a read that was given up on purpose; a write, even one that never left, has to be accounted for.
      throw signal.aborted ? closedEarly() : error;
    });
  }

  #run(peer: Peer, call: Call<T>): Promise<T> {
    const { signal } = this.#joined;
    const run: Run = (one, own, within = Number.POSITIVE_INFINITY) =>
      eitherWay(this.#core, peer, one, own, Math.min(this.#end, Date.now() + within), signal);
    return operate(call, this.#options, run, signal);
  }
}

/** When a call has to be over; whoever asks for a longer attempt gets at least that one. */
export function endOf({ settings }: Core, { timeout = settings.timeout }: CallOptions): number {
  return Date.now() + Math.max(settings.deadline, timeout) * 1000;
}

/** The SDKs do not agree on every route: where the server has not the one, it may have the other. */
async function eitherWay<T>(
  core: Core,
  peer: Peer,
  call: Call<T>,
  options: CallOptions,
  end: number,
  signal: AbortSignal,
): Promise<T> {
  const { fallback: otherwise } = call;
  const run = (one: Call<T>) => attempts(core, peer, one, options, end, signal, () => core.credentials.current());
  if (!otherwise) return run(call);
  if (core.fallbacks.has(otherwise.key)) return run(otherwise.call);
  try {
    return await run(call);
  } catch (error) {
    const { status } = (error as LinktorError).cause;
    if (status !== 404 && status !== 405) throw error;
    const result = await run(otherwise.call);
    core.fallbacks.add(otherwise.key);
    return result;
  }
}

/** One call with all its attempts. */
async function attempts<T>(
  core: Core,
  peer: Peer,
  call: Call<T>,
  options: CallOptions,
  end: number,
  signal: AbortSignal,
  identify: () => Credentials | undefined | Promise<Credentials | undefined>,
): Promise<T> {
  const { contract } = peer;
  const request = wireOf(peer, call, options);
  const timeout = (options.timeout ?? core.settings.timeout) * 1000;
  const keyed = options.idempotencyKey !== null;
  let repeated = 0;
  let renewed = false;
  let doubt = false;
  const held = (error: unknown) =>
    doubt && error instanceof LinktorError ? final({ error, left: true, silent: true }, doubt) : error;
  for (let attempt = 0; ; attempt++) {
    let badge: Credentials | undefined;
    try {
      badge = await orAborted(identify(), signal);
      const admitted = core.rate.admit(end, signal);
      if (admitted !== undefined) await admitted;
    } catch (error) {
      throw held(error);
    }
    const left = Math.max(1, Math.min(timeout, end - Date.now()));
    const answer = await core.transport.send(withBadge(contract, request, badge), left, signal);
    const facts = 'fault' in answer ? {} : factsOf(answer);
    if (!('fault' in answer) && answer.status >= 200 && answer.status < 300) {
      core.rate.done(answer.status, facts);
      return accept(call, unsaid(answer, badge), facts, options);
    }
    const failed = knowing(failure(core, answer), contract, badge);
    const { status, retryAfter } = failed.error.cause;
    // What one attempt may have done, a later refusal does not undo.
    doubt ||= isAmbiguous(call.kind, failed);
    core.rate.done(status, facts, retryAfter);
    if (status === 401 && badge && !call.keepSession && !renewed) {
      renewed = true;
      try {
        if (await orAborted(core.credentials.renew(badge), signal)) continue;
      } catch (error) {
        throw held(error);
      }
    }
    const wait = delay(attempt, retryAfter);
    const goOn =
      // Without a key nobody could tell that it is the same.
      mayRepeat(call.kind, failed, keyed && core.settings.idempotent && contract.idempotent) &&
      core.settings.maxRetries > 0 &&
      (status === 429 || repeated < core.settings.maxRetries) &&
      Date.now() + wait < end;
    if (!goOn) throw final(failed, doubt);
    if (status !== 429) repeated++;
    await sleep(wait, signal);
    if (signal.aborted) throw final(failed, doubt);
  }
}

/** Signing in is shared: who gives up leaves it to the others. */
export function orAborted<T>(work: T | Promise<T>, signal: AbortSignal): T | Promise<T> {
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
    return call.decode(bodyOf(call, answer), answer);
  } catch (error) {
    const known = error instanceof LinktorError ? error : new LinktorError('serialization', 'The answer is not JSON.');
    const plan = { ...known.cause, status: answer.status, requestId: facts.requestId };
    throw new LinktorError(known.code, known.message, { ...plan, ambiguous: call.kind !== 'read' });
  }
}

function bodyOf({ anyFormat }: Call<unknown>, { text, headers }: WireAnswer): unknown {
  if (text.trim() === '') return undefined;
  const type = headers['content-type'];
  return anyFormat && type && !/\bjson\b/i.test(type) ? text : parseJson(text);
}
