import type { Contract, Credentials } from '../contract';
import { type Agents, createAgents, type TlsSettings } from './agents';
import { type AttemptDeps, type AttemptInput, runAttempts } from './attempts';
import { type CredentialProvider, createCredentialProvider } from './auth';
import { CallFigures } from './call-figures';
import { Detection, parseContractChoice } from './detect';
import { FairQueue } from './fair-queue';
import { LookUpTables } from './look-up-tables';
import type { CallOptions, ClientSettings } from './options';
import { LocalPace } from './pace';
import { Queue } from './queue';
import { Rate } from './rate';
import { ServerClock } from './server-clock';
import { Signals } from './signals';
import { SlowFiles } from './slow-files';
import { createTransport } from './transport';
import { parseBaseUrl } from './url';

const DEFAULT_TIMEOUT_S = 30;
const DEFAULT_DEADLINE_S = 120;
const DEFAULT_MAX_RETRIES = 3;
const SIGN_OUT_TIMEOUT_MS = 2000;
/** Files in memory are large: few at a time, and fewer per customer. */
const MAX_CONCURRENT_DOWNLOADS = 12;
const MAX_CONCURRENT_DOWNLOADS_PER_OWNER = 2;

/** State that all operations of one client share. */
export interface Core extends AttemptDeps {
  readonly detection: Detection;
  readonly agents: () => Promise<Agents>;
  /** connections to another server: with our authorities and proxy, without our client certificate */
  readonly foreignAgents: (origin: string) => Promise<Agents>;
  readonly tls: TlsSettings;
  readonly queue: Queue;
  /** calls of models, which take long: they never take the places of other calls */
  readonly modelQueue: Queue;
  readonly downloads: FairQueue;
  readonly slowFiles: SlowFiles;
  readonly tables: LookUpTables;
  /** keys of the calls that this server answers only in their other form */
  readonly fallbacks: Set<string>;
  readonly settings: Required<Pick<ClientSettings, 'timeout' | 'deadline' | 'maxRetries' | 'idempotent'>>;
  readonly closing: AbortController;
  /** the callers' own signals, each combined with that of the close */
  readonly signals: Signals;
}

/** @throws LinktorError `validation` for a bad Server URL or missing credentials */
export function createCore(given: ClientSettings): Core {
  const closing = new AbortController();
  const base = parseBaseUrl(given.baseUrl || 'https://api.linktor.io');
  let creating: Promise<Agents> | undefined;
  const agents = () => {
    creating ??= createAgents(base, given.tls, given.proxy);
    return creating;
  };
  const settings = {
    timeout: given.timeout ?? DEFAULT_TIMEOUT_S,
    deadline: given.deadline ?? DEFAULT_DEADLINE_S,
    maxRetries: given.maxRetries ?? DEFAULT_MAX_RETRIES,
    idempotent: given.idempotent ?? false,
  };
  const ask = <T>(input: Pick<AttemptInput<T>, 'peer' | 'call'> & Partial<AttemptInput<T>>) =>
    runAttempts(core, {
      options: {},
      deadline: Date.now() + settings.deadline * 1000,
      signal: closing.signal,
      identify: () => undefined,
      ...input,
    });
  const credentials: CredentialProvider = createCredentialProvider(given, async (make, current) => {
    // Signing in and out bypass the queue, since the calls in the queue wait for them.
    const peer = await core.detection.peer();
    const call = make(peer.contract);
    // Signing in is safe to repeat, and must not be reported as an ambiguous write of the caller.
    if (current === undefined) return ask({ peer, call: { ...call, kind: 'read' } });
    return ask({ peer, call, ...signingOut(current) });
  });
  const core: Core = {
    detection: new Detection(base, parseContractChoice(given.contract), isApiKey(given.apiKey), (peer, call) =>
      ask({ peer, call }),
    ),
    credentials,
    agents,
    foreignAgents: (origin) => createAgents(origin, { ca: given.tls?.ca }, given.proxy),
    tls: given.tls ?? {},
    transport: createTransport(agents),
    queue: new Queue(),
    modelQueue: new Queue(),
    downloads: new FairQueue(MAX_CONCURRENT_DOWNLOADS, MAX_CONCURRENT_DOWNLOADS_PER_OWNER),
    slowFiles: new SlowFiles(),
    rate: new Rate(given.perMinute ? new LocalPace(given.perMinute, given.pace) : given.pace),
    clock: new ServerClock(),
    figures: new CallFigures(given.onCall),
    tables: new LookUpTables(),
    fallbacks: new Set(),
    settings,
    closing,
    signals: new Signals(closing.signal),
  };
  return core;
}

/** Signing out may continue for a moment after the client has closed. */
function signingOut(credentials: Credentials) {
  return {
    deadline: Date.now() + SIGN_OUT_TIMEOUT_MS,
    signal: new AbortController().signal,
    identify: () => credentials,
  };
}

/** The self-hosted server accepts no API keys (contract 6.1.1); a text in the form of its tokens may be a token. */
function isApiKey(apiKey = ''): boolean {
  return apiKey !== '' && !/^\s*eyJ[\w-]+\.[\w-]+\./.test(apiKey);
}

/**
 * @returns the deadline of a call, milliseconds of the clock; a longer timeout of one attempt extends it
 */
export function deadlineOf({ settings }: Pick<Core, 'settings'>, { timeout = settings.timeout }: CallOptions): number {
  return Date.now() + Math.max(settings.deadline, timeout) * 1000;
}

/** Builds a call once the contract of the server is known. */
export type MakeCall<C> = (contract: Contract) => C;
