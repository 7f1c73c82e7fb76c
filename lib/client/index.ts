import type { Call, Contract, StreamCall } from '../contract';
import type { Decode } from '../contract/envelope';
import type { ProxySettings, TlsSettings } from './agents';
import type { SignIn } from './auth';
import { type Core, coreOf, perform, stream } from './core';
import { Ai } from './resources/ai';
import { Analytics } from './resources/analytics';
import { Auth } from './resources/auth';
import { Bots } from './resources/bots';
import { Channels } from './resources/channels';
import { Contacts } from './resources/contacts';
import { Conversations } from './resources/conversations';
import { Flows } from './resources/flows';
import { KnowledgeBases } from './resources/knowledge-bases';
import { Vre } from './resources/vre';
import { Webhooks } from './resources/webhooks';
import { join } from './transport';
import { target } from './wire';

export type { ProxySettings, TlsSettings } from './agents';
export type { SignIn } from './auth';

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
  tls?: TlsSettings;
  /** without it the environment decides (HTTPS_PROXY, HTTP_PROXY, NO_PROXY) */
  proxy?: ProxySettings;
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
export interface Perform {
  <T>(call: (contract: Contract) => Call<T>, options?: CallOptions): Promise<T>;
  stream<T>(call: (contract: Contract) => StreamCall<T>, options?: CallOptions): AsyncGenerator<T>;
}

/** Any call, in the server's own words. */
export interface RequestInput {
  method?: Call<unknown>['method'];
  /** relative to the Server URL, such as `/conversations/c1`; another host cannot be named */
  path: string;
  query?: Record<string, unknown>;
  /** JSON */
  body?: unknown;
  headers?: Record<string, string>;
}

/** What the server answered, untouched but for the parsing of JSON. */
export interface RawAnswer {
  body: unknown;
  requestId?: string;
}

/** A client of one Linktor server and account. All failures are LinktorErrors. */
export class LinktorClient {
  readonly #core: Core;
  readonly #scope: CallOptions;
  readonly #perform: Perform;
  readonly #resources = new Map<unknown, unknown>();

  /** @throws LinktorError `validation` for a bad Server URL or missing credentials */
  constructor(settings: ClientSettings | { core: Core; scope: CallOptions }) {
    const shared = 'core' in settings;
    const core = shared ? settings.core : coreOf(settings);
    const scope = shared ? settings.scope : {};
    this.#core = core;
    this.#scope = scope;
    this.#perform = Object.assign(
      async <T>(make: (contract: Contract) => Call<T>, options?: CallOptions) =>
        perform(core, make(core.contract), { ...scope, ...options }),
      {
        stream: <T>(make: (contract: Contract) => StreamCall<T>, options?: CallOptions) =>
          stream(core, make(core.contract), { ...scope, ...options }),
      },
    );
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
  get bots(): Bots {
    return this.#resource(Bots);
  }
  get ai(): Ai {
    return this.#resource(Ai);
  }
  get knowledgeBases(): KnowledgeBases {
    return this.#resource(KnowledgeBases);
  }
  get flows(): Flows {
    return this.#resource(Flows);
  }
  get analytics(): Analytics {
    return this.#resource(Analytics);
  }
  get vre(): Vre {
    return this.#resource(Vre);
  }
  get webhooks(): Webhooks {
    return this.#resource(Webhooks);
  }

  /** The same client, with options that hold for every call made through it. Costs next to nothing. */
  with(scope: CallOptions): LinktorClient {
    return new LinktorClient({ core: this.#core, scope: { ...this.#scope, ...scope } });
  }

  /** Any call, with the same care as the others: a GET is a read, everything else a write. */
  request({ method = 'GET', path, query, body, headers }: RequestInput, options?: CallOptions): Promise<RawAnswer> {
    const facts: AnswerFacts = {};
    const decode: Decode<RawAnswer> = (answer) => ({ body: answer, requestId: facts.requestId });
    const onAnswer = (answer: AnswerFacts) => {
      Object.assign(facts, answer);
      (options?.onAnswer ?? this.#scope.onAnswer)?.(answer);
    };
    return this.#perform(
      () => ({ ...target(path, query), kind: method === 'GET' ? 'read' : 'write', method, body, headers, decode }),
      {
        ...options,
        onAnswer,
      },
    );
  }

  /** How the socket of this account is reached. Never print the URL: it holds the credentials. */
  get realtime(): { contract: Contract; url(): Promise<string>; connection(): Promise<object> } {
    const { base, identity, contract, agents, tls } = this.#core;
    return {
      contract,
      async url() {
        const { path, query } = contract.socket(await identity.badge());
        return join(base.replace(/^http/, 'ws'), path, query);
      },
      async connection() {
        const { realtime } = await agents();
        return realtime ? { agent: realtime } : tls;
      },
    };
  }

  /** Ends what is in flight, signs out if we signed in, and lets go of all connections. */
  async close(): Promise<void> {
    const { closing, identity, rate, transport } = this.#core;
    closing.abort();
    rate.close();
    await identity.close();
    transport.close();
  }

  #resource<T>(Resource: new (perform: Perform) => T): T {
    const known = this.#resources.get(Resource) as T | undefined;
    if (known) return known;
    const resource = new Resource(this.#perform);
    this.#resources.set(Resource, resource);
    return resource;
  }
}
