import type { AnswerHead, Call, Contract, Slice, SocketAddress, StreamCall } from '../contract';
import { api } from '../contract/api';
import { isObject, type Page } from '../model';
import type { CallCount, CallDurations } from './call-figures';
import { type Core, createCore } from './core';
import type { Peer } from './detect';
import { type Download, download } from './download';
import { pageQuery } from './list-place';
import { perform, takeSlot } from './operation';
import type {
  CallDefaults,
  CallOptions,
  ClientSettings,
  DownloadOptions,
  Perform,
  RawAnswer,
  RequestInput,
  Slot,
  SocketEndpoint,
} from './options';
import type { RateFacts } from './rate';
import { Ai } from './resources/ai';
import { Analytics } from './resources/analytics';
import { Auth } from './resources/auth';
import { Bots } from './resources/bots';
import { Channels } from './resources/channels';
import { Contacts } from './resources/contacts';
import { Conversations } from './resources/conversations';
import { Flows } from './resources/flows';
import { KnowledgeBases } from './resources/knowledge-bases';
import { MediaFiles } from './resources/media';
import { MessageTemplates } from './resources/message-templates';
import { Users } from './resources/users';
import { Vre } from './resources/vre';
import { Webhooks } from './resources/webhooks';
import type { AiFigures } from './spending';
import { stream } from './stream';
import { joinUrl, parsePath } from './url';

export type { ProxySettings, TlsSettings } from './agents';
export type { SignIn } from './auth';
export { type CallCount, type CallDurations, type EndedCall, traceparentIn } from './call-figures';
export type { ContractChoice } from './detect';
export { type ListPlace, placeIn } from './list-place';
export type {
  AnswerFacts,
  CallOptions,
  ClientSettings,
  DownloadOptions,
  Perform,
  RawAnswer,
  RequestInput,
  SocketEndpoint,
} from './options';
export { pages } from './page';
export type { AiFigures } from './spending';

/** A client of one Linktor server and account. All failures are LinktorErrors. */
export class LinktorClient {
  readonly #core: Core;
  readonly #defaults: CallDefaults;
  readonly #perform: Perform;
  /** An array, since it has few entries and a Map would take more memory than the rest of the client. */
  #resources: object[] | undefined;

  /** @throws LinktorError `validation` for a bad Server URL or missing credentials */
  constructor(settings: ClientSettings | { core: Core; defaults: CallDefaults }) {
    const isShared = 'core' in settings;
    const core = isShared ? settings.core : createCore(settings);
    const defaults = isShared ? settings.defaults : {};
    this.#core = core;
    this.#defaults = defaults;
    this.#perform = Object.assign(
      <T>(make: (contract: Contract) => Call<T>, options?: CallOptions) =>
        perform(core, make, mergeOptions(defaults, options)),
      {
        stream: <T>(make: (contract: Contract) => StreamCall<T>, options?: CallOptions) =>
          stream(core, make, mergeOptions(defaults, options)),
      },
    );
  }

  get auth(): Auth {
    return this.#resource(Auth);
  }
  get users(): Users {
    return this.#resource(Users);
  }
  get messageTemplates(): MessageTemplates {
    return this.#resource(MessageTemplates);
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
  get media(): MediaFiles {
    return this.#resource(MediaFiles);
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

  /** @returns the same client with default options for all calls through it; nearly free */
  with(options: CallOptions): LinktorClient {
    return new LinktorClient({ core: this.#core, defaults: { ...this.#defaults, ...options } });
  }

  /**
   * Wait for the turn of one write before its request is built, so that thousands of waiting writes hold no requests.
   * @param conversationId writes to one conversation are sent in the order of these and all other calls
   * @param make performs that one call with the client that it receives
   * @throws LinktorError of the call; if the turn never came, `make` has not been called
   */
  inTurn<T>(conversationId: string, make: (client: LinktorClient) => Promise<T>, options?: CallOptions): Promise<T> {
    const defaults = mergeOptions(this.#defaults, options);
    const task = (slot: Slot) => make(new LinktorClient({ core: this.#core, defaults: { ...defaults, slot } }));
    return takeSlot(this.#core, conversationId, task, defaults);
  }

  /** Perform any call, with the usual retries: GET, HEAD and OPTIONS are reads, all other methods are writes. */
  request(input: RequestInput, options?: CallOptions): Promise<RawAnswer> {
    const call = { ...requestCall(input), ...parsePath(input.path, input.query), anyFormat: true, decode: raw };
    return this.#perform(() => call, options);
  }

  /**
   * Fetch a page of any list, in the server's own format.
   * @param slice the part to fetch; it is added to the query, which may set the page size
   */
  requestPage(input: RequestInput, slice: Slice, options?: CallOptions): Promise<Page<unknown>> {
    return this.#perform(({ lists }) => {
      const { path, query = {} } = parsePath(input.path, input.query);
      const target = { path, query: pageQuery(query, lists.query(slice)) };
      return { ...requestCall(input), ...target, decode: lists.decode(target.path, slice) };
    }, options);
  }

  /**
   * Fetch a file of a message from any URL; credentials are sent only to our own server.
   * @param url http, https or data
   * @param limit bytes
   * @throws LinktorError `validation` for another address or a larger file, `timeout` after the time of one attempt
   */
  download(url: string, limit: number, options?: DownloadOptions): Promise<Download> {
    return download(this.#core, url, limit, { ...this.#defaults, ...options });
  }

  /** The time of the server, milliseconds, from the Date headers of its answers. */
  get serverTime(): number {
    return this.#core.clock.now;
  }

  /** Milliseconds by which the server's clock is ahead of ours; undefined while it is unknown. */
  get serverAhead(): number | undefined {
    return this.#core.clock.ahead;
  }

  /** Statistics of all calls since this client was created. */
  get figures(): { calls: CallCount[]; durations: CallDurations; retries: number; ai: AiFigures } {
    const { counts: calls, durations, retries, spending } = this.#core.figures;
    return { calls, durations, retries, ai: spending.figures };
  }

  /** Requests in flight and waiting, and the server's rate limit. */
  get load(): { waiting: number; rate: RateFacts } {
    const { queue, modelQueue, rate } = this.#core;
    return { waiting: queue.waiting + modelQueue.waiting, rate: rate.facts };
  }

  /** Listen for rate limits, each with the time of its end. @returns a function that removes the listener */
  onLimit(listener: (until: number) => void): () => void {
    return this.#core.rate.onLimit(listener);
  }

  /**
   * The contract and the URL of the server. Asks the server once, unless they are known or chosen by the user.
   * @throws LinktorError when no server answers
   */
  async contract(): Promise<{ name: Contract['name']; url: string }> {
    const { contract, base } = await this.#core.detection.certain();
    return { name: contract.name, url: base };
  }

  /** The endpoint of this account's socket. Never log its URL: it contains the credentials. */
  get realtime(): SocketEndpoint {
    const { credentials, detection, agents, tls } = this.#core;
    const address = async (isCertain = false): Promise<Peer & { socket: SocketAddress }> => {
      const peer = await (isCertain ? detection.verified() : detection.peer());
      return { ...peer, socket: peer.contract.socket(await credentials.current()) };
    };
    // The contract is known once there are frames: the socket has requested its address before.
    const spoken = () => detection.known?.contract ?? api;
    return {
      contract: {
        frame: (text) => spoken().frame(text),
        signal: (signal) => spoken().signal(signal),
        get announces() {
          return spoken().announces;
        },
      },
      async url(isCertain) {
        const { base, socket } = await address(isCertain);
        return joinUrl(base.replace(/^http/, 'ws'), socket.path, socket.query);
      },
      async connection() {
        const { realtime } = await agents();
        const { headers } = (await address()).socket;
        return { ...(realtime ? { agent: realtime } : tls), ...(headers ? { headers } : {}) };
      },
    };
  }

  /** Aborts requests in flight, signs out if the client signed in, and closes all connections. */
  async close(): Promise<void> {
    const { closing, credentials, rate, transport } = this.#core;
    closing.abort();
    rate.close();
    await credentials.close();
    transport.close();
  }

  #resource<T extends object>(Resource: new (perform: Perform) => T): T {
    this.#resources ??= [];
    for (const known of this.#resources) if (known instanceof Resource) return known;
    const resource = new Resource(this.#perform);
    this.#resources.push(resource);
    return resource;
  }
}

/** Methods that change nothing on any server (RFC 9110, 9.2.1). */
const SAFE_METHODS: readonly string[] = ['GET', 'HEAD', 'OPTIONS'];

function requestCall({ method = 'GET', body, headers, repeatable = SAFE_METHODS.includes(method) }: RequestInput) {
  return { kind: repeatable ? 'read' : 'write', method, body, headers } as const;
}

/** Object.assign, since a spread would give every object its own hidden class. */
function mergeOptions(defaults: CallDefaults, options: CallOptions | undefined): CallDefaults {
  return options ? Object.assign({}, defaults, options) : defaults;
}

function raw(body: unknown, { status, headers }: AnswerHead): RawAnswer {
  const kept = Object.entries(headers).filter(([name, value]) => value !== undefined && name !== 'set-cookie');
  return {
    body,
    data: isObject(body) && 'data' in body ? body.data : body,
    status,
    headers: Object.fromEntries(kept) as Record<string, string>,
    requestId: headers['x-request-id'],
  };
}
