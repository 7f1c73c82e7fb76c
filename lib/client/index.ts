import { randomUUID } from 'node:crypto';
import type { Badge, Call, Contract } from '../contract';
import { api } from '../contract/api';
import { refusal } from '../contract/envelope';
import { number, parseJson } from '../contract/json';
import { type Code, LinktorError } from '../errors';
import { badgeOf, type SignIn } from './auth';
import { Queue } from './queue';
import { Ai } from './resources/ai';
import { Auth } from './resources/auth';
import { Channels } from './resources/channels';
import { Contacts } from './resources/contacts';
import { Conversations } from './resources/conversations';
import { KnowledgeBases } from './resources/knowledge-bases';
import { delay, type Failed, isAmbiguous, mayRepeat, surelyNotDone } from './retry';
import { baseOf, createTransport, join, type Transport, type WireAnswer, type WireFault } from './transport';

export interface ClientSettings extends SignIn {
  /** default `https://api.linktor.io`; a path prefix is kept */
  baseUrl?: string;
  /** seconds for one attempt, 30 */
  timeout?: number;
  /** seconds for a call with all its attempts and waits, 120 */
  deadline?: number;
  /** repetitions of one call, 3; 0 means none. A 429 does not use them up */
  maxRetries?: number;
  /** the server honours the Idempotency-Key, so a write of unknown outcome may be repeated */
  idempotent?: boolean;
}

/** What a server says beside the body. */
export interface AnswerFacts {
  requestId?: string;
  rate?: { limit?: number; remaining?: number; reset?: number };
}

export interface CallOptions {
  /** ends the call; a write that has left is then reported as ambiguous */
  signal?: AbortSignal;
  /** seconds for one attempt of this call */
  timeout?: number;
  /** instead of a new UUID for this write */
  idempotencyKey?: string;
  /** called once with the facts of the final answer */
  onAnswer?(facts: AnswerFacts): void;
}

/** How a resource makes its calls: it names the call in the contract's words, the client does the rest. */
export type Perform = <T>(call: (contract: Contract) => Call<T>, options?: CallOptions) => Promise<T>;

interface Core {
  readonly base: string;
  readonly badge: Badge;
  readonly contract: Contract;
  readonly transport: Transport;
  readonly queue: Queue;
  readonly settings: Required<Pick<ClientSettings, 'timeout' | 'deadline' | 'maxRetries' | 'idempotent'>>;
  readonly closing: AbortController;
}

/** A client of one Linktor server and account. All failures are LinktorErrors. */
export class LinktorClient {
  readonly #core: Core;
  readonly #scope: CallOptions;
  readonly #perform: Perform;
  readonly #resources = new Map<unknown, unknown>();

  /** @throws LinktorError `validation` for a bad Server URL or missing credentials */
  constructor(settings: ClientSettings | { core: Core; scope: CallOptions }) {
    if ('core' in settings) {
      this.#core = settings.core;
      this.#scope = settings.scope;
    } else {
      this.#core = coreOf(settings);
      this.#scope = {};
    }
    this.#perform = async (call, options) =>
      perform(this.#core, call(this.#core.contract), { ...this.#scope, ...options });
  }

  get auth(): Auth {
    return this.#resource(Auth);
  }
  get conversations(): Conversations {
    return this.#resource(Conversations);
  }
  get contacts(): Contacts {
    return this.#resource(Contacts);
  }
  get channels(): Channels {
    return this.#resource(Channels);
  }
  get knowledgeBases(): KnowledgeBases {
    return this.#resource(KnowledgeBases);
  }
  get ai(): Ai {
    return this.#resource(Ai);
  }

  /** The same client, with options that hold for every call made through it. Costs next to nothing. */
  with(scope: CallOptions): LinktorClient {
    return new LinktorClient({ core: this.#core, scope: { ...this.#scope, ...scope } });
  }

  /** How the socket of this account is reached. Never print the URL: it holds the credentials. */
  get realtime(): { contract: Contract; url(): string } {
    const { base, badge, contract } = this.#core;
    return {
      contract,
      url() {
        const { path, query } = contract.socket(badge);
        return join(base.replace(/^http/, 'ws'), path, query);
      },
    };
  }

  /** Ends what is in flight and lets go of all connections. */
  close(): void {
    this.#core.closing.abort();
    this.#core.transport.close();
  }

  #resource<T>(Resource: new (perform: Perform) => T): T {
    const known = this.#resources.get(Resource) as T | undefined;
    if (known) return known;
    const resource = new Resource(this.#perform);
    this.#resources.set(Resource, resource);
    return resource;
  }
}

function coreOf(given: ClientSettings): Core {
  return {
    base: baseOf(given.baseUrl || 'https://api.linktor.io'),
    badge: badgeOf(given),
    contract: api,
    transport: createTransport(),
    queue: new Queue(),
    settings: {
      timeout: given.timeout ?? 30,
      deadline: given.deadline ?? 120,
      maxRetries: given.maxRetries ?? 3,
      idempotent: given.idempotent ?? false,
    },
    closing: new AbortController(),
  };
}

async function perform<T>(core: Core, call: Call<T>, options: CallOptions): Promise<T> {
  const end = Date.now() + core.settings.deadline * 1000;
  const signal = options.signal ?? core.closing.signal;
  try {
    return await core.queue.run(call.lane, () => attempts(core, call, options, end, signal), end - Date.now(), signal);
  } catch (error) {
    // Nobody misses a read that was given up on purpose; a write, even one that never left, has to be accounted for.
    if (call.kind === 'read' && signal.aborted) throw new LinktorError('unexpected', faults.aborted.say(''));
    throw error;
  }
}

/** One call with all its attempts. */
async function attempts<T>(
  core: Core,
  call: Call<T>,
  options: CallOptions,
  end: number,
  signal: AbortSignal,
): Promise<T> {
  const request = wire(core, call, options);
  const timeout = (options.timeout ?? core.settings.timeout) * 1000;
  let repeated = 0;
  for (;;) {
    const answer = await core.transport.send(request, Math.max(1, Math.min(timeout, end - Date.now())), signal);
    if (!('fault' in answer) && answer.status >= 200 && answer.status < 300) return accept(call, answer, options);
    const failed = failure(answer);
    const limited = failed.error.cause.status === 429;
    const wait = delay(repeated, failed.error.cause.retryAfter);
    const goOn =
      mayRepeat(call.kind, failed, core.settings.idempotent) &&
      core.settings.maxRetries > 0 &&
      (limited || repeated < core.settings.maxRetries) &&
      Date.now() + wait < end;
    if (!goOn) throw final(call, failed);
    if (!limited) repeated++;
    await pause(wait, signal);
    if (signal.aborted) throw final(call, failed);
  }
}

function wire<T>(core: Core, call: Call<T>, options: CallOptions) {
  const headers: Record<string, string> = { ...core.contract.badge(core.badge), Accept: 'application/json' };
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  if (call.kind !== 'read') headers['Idempotency-Key'] = options.idempotencyKey ?? randomUUID();
  return {
    method: call.method,
    url: join(core.base, call.path, call.query),
    headers,
    body: call.body === undefined ? undefined : JSON.stringify(call.body),
  };
}

function accept<T>(call: Call<T>, answer: WireAnswer, options: CallOptions): T {
  const facts = factsOf(answer);
  options.onAnswer?.(facts);
  try {
    return call.decode(answer.text.trim() === '' ? undefined : parseJson(answer.text));
  } catch (error) {
    const known = error instanceof LinktorError ? error : new LinktorError('serialization', 'The answer is not JSON.');
    const plan = { ...known.cause, status: answer.status, requestId: facts.requestId };
    throw new LinktorError(known.code, known.message, { ...plan, ambiguous: call.kind !== 'read' });
  }
}

function factsOf({ headers }: WireAnswer): AnswerFacts {
  const facts: AnswerFacts = {};
  if (headers['x-request-id']) facts.requestId = headers['x-request-id'];
  const limit = number(headers['x-ratelimit-limit']);
  const remaining = number(headers['x-ratelimit-remaining']);
  const reset = number(headers['x-ratelimit-reset']);
  if (limit !== undefined) facts.rate = { limit, remaining, reset };
  return facts;
}

const faults: Record<WireFault['fault'], { code: Code; say(reason: string): string }> = {
  network: { code: 'network', say: (reason) => `The server did not answer (${reason}).` },
  timeout: { code: 'timeout', say: () => 'The server did not answer in time.' },
  aborted: { code: 'unexpected', say: () => 'Closed before the server answered.' },
  too_large: { code: 'serialization', say: () => 'The request or its answer is larger than this client accepts.' },
};

function failure(answer: WireAnswer | WireFault): Failed {
  if (!('fault' in answer)) {
    return { error: refusal(answer.status, answer.headers, answer.text, Date.now()), left: true, silent: false };
  }
  const { code, say } = faults[answer.fault];
  return { error: new LinktorError(code, say(answer.reason)), left: answer.left, silent: true };
}

/** The error as the caller gets it: with what is known about whether it happened. */
function final<T>(call: Call<T>, failed: Failed): LinktorError {
  const { error } = failed;
  const ambiguous = isAmbiguous(call.kind, failed);
  const repeatable = error.code === 'network' || error.code === 'timeout' || error.code === 'rate_limit';
  const retryable = !ambiguous && (repeatable || error.code === 'server' || (failed.silent && surelyNotDone(failed)));
  const hint = ambiguous ? 'It may have happened all the same: look before you repeat it.' : error.cause.hint;
  return new LinktorError(error.code, error.message, { ...error.cause, hint, ambiguous, retryable });
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
