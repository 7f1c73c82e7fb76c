import type { LinktorError } from '../errors';
import type {
  Agent,
  AgentAnswer,
  AiProvider,
  Bot,
  Channel,
  Completion,
  CompletionChunk,
  Contact,
  Conversation,
  Embeddings,
  Escalation,
  Event,
  Execution,
  Flow,
  Intent,
  KnowledgeBase,
  KnowledgeDocument,
  Message,
  MessageTemplate,
  Outgoing,
  Page,
  QueryResult,
  Rendering,
  Sentiment,
  Session,
  Tenant,
  Unknowns,
  UploadedFile,
  User,
  VisualTemplate,
  Webhook,
} from '../model';
import type { Decode, Headers } from './envelope';
import type {
  BotFilter,
  Changes,
  ChannelFilter,
  ClassifyInput,
  CompletionInput,
  ContactFilter,
  ConversationFilter,
  DocumentChanges,
  DocumentFilter,
  DocumentInput,
  EscalateInput,
  ExecuteInput,
  Figures,
  IdentityInput,
  InvokeInput,
  MediaUpload,
  MessageFilter,
  MessageTemplateFilter,
  Period,
  QueryInput,
  RenderInput,
  RenderSendInput,
  SearchFilter,
  Slice,
  StoredIdentity,
  UploadInput,
} from './inputs';
import type { StreamEvent, StreamStep } from './stream';

export type * from './inputs';

/**
 * How often a call may be sent.
 * read: as often as needed; write: never again once it may have arrived; costly: as write, even where writes are
 * idempotent, because each call is billed.
 */
export type Kind = 'read' | 'write' | 'costly';

/** A file to upload. */
export interface Upload {
  file: Buffer;
  filename: string;
  mimeType?: string;
  /** further form fields */
  fields: Record<string, string | undefined>;
}

/** One call on the wire, with the decoder of its answer. */
export interface Call<T> {
  kind: Kind;
  method: 'GET' | 'HEAD' | 'OPTIONS' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** path segments, not yet encoded */
  path: readonly string[];
  query?: Record<string, unknown>;
  /** JSON */
  body?: unknown;
  /** multipart instead of JSON */
  upload?: Upload;
  headers?: Record<string, string>;
  /** writes of the same lane, such as a conversation's id, are sent one after the other */
  lane?: string;
  /** a 401 is about the content of this call, such as a wrong password, and no reason to sign in again */
  keepSession?: boolean;
  /** another form of the call, used when a server answers 404 or 405; remembered once it has succeeded */
  fallback?: { key: string; call: Call<T> };
  /** @returns the body, used instead of `body`, with the write's own key, by which `verify` recognises it */
  bodyWithKey?(key: string): unknown;
  /**
   * How to read the entity when the answer only confirms the write: an empty body, `null`, `{success: true}`, `OK`.
   * The write has succeeded, so the `minimal` entity is returned if this read fails.
   */
  acknowledged?: { read: Call<T>; minimal: T };
  /** how to find out whether the write has happened after a failure with an uncertain outcome */
  verify?: Verification<T>;
  /** the answer is a table that many operations look things up in: read once for a short time */
  table?: LookUpTable<T>;
  /** builds the next part of the operation from the answer of this one; all parts share one slot of the queue */
  after?(answer: unknown): Call<T>;
  /** the call asks whether something works: `{success: false}` without an error is its answer, and no failure */
  isTest?: boolean;
  /** body and answer need not be JSON: the body is encoded by its type, `decode` also receives texts and bytes */
  anyFormat?: boolean;
  /** @throws LinktorError `serialization` when the answer has not the expected shape */
  decode(body: unknown, head: AnswerHead): T;
}

/** How to verify the outcome of a write, after an ambiguous failure or the status named here. */
export interface Verification<T> {
  /** status of a refusal that may mean that the change is already in effect */
  status?: number;
  /**
   * @param key idempotency key of this write
   * @param answered status of the server's answer; with an answer, the server has finished the write
   * @returns a read whose result is undefined when it proves nothing
   */
  read(key: string, answered?: number): Call<VerifyResult<T> | undefined>;
}

/** A read of a whole table, of which an operation needs some rows. A write to the same path makes it outdated. */
export interface LookUpTable<T> {
  /** keys of the needed rows: a table that lacks one of them is read again */
  keys: readonly string[];
  /** @returns the rows of an answer by their keys */
  rows(body: unknown): ReadonlyMap<string, unknown>;
  /** @returns what the operation needs */
  use(rows: ReadonlyMap<string, unknown>): T;
}

/** The write has certainly happened, or certainly has not. */
export type VerifyResult<T> = { done: T } | { failed: LinktorError };

/** Status and headers of an answer. Header names are in lower case. */
export interface AnswerHead {
  status: number;
  headers: Headers;
}

/** A call whose answer arrives piece by piece. Never repeated. */
export interface StreamCall<T>
  extends Omit<Call<T>, 'decode' | 'fallback' | 'bodyWithKey' | 'acknowledged' | 'verify' | 'table' | 'after'> {
  /** @returns the decoded event */
  read(event: StreamEvent): StreamStep<T>;
}

/** A frame to send on the socket. */
export type Signal =
  | { type: 'subscribe' | 'unsubscribe'; conversationId: string }
  | { type: 'typing'; conversationId: string; isTyping: boolean }
  | { type: 'ping' };

/** The address of the socket, with its credentials. */
export interface SocketAddress {
  path: readonly string[];
  query: Record<string, string>;
  headers?: Record<string, string>;
}

/** Credentials as sent on the wire. */
export type Credentials = { apiKey: string } | { token: string };

/** The five usual operations of a resource. */
export interface CrudCalls<T, Filter extends Slice = SearchFilter> {
  list(filter: Filter): Call<Page<T>>;
  get(id: string): Call<T>;
  create(input: Changes): Call<T>;
  update(id: string, changes: Changes): Call<T>;
  remove(id: string): Call<void>;
}

/** Tags are added and removed by name; the rest stays. */
export interface TagCalls<T> {
  addTags(id: string, tags: readonly string[]): Call<T>;
  removeTags(id: string, tags: readonly string[]): Call<T>;
}

/**
 * One wire contract: model in, call out; answer in, model out; frame in, event out.
 * A contract that cannot do an operation throws `not_supported` with a hint.
 */
export interface Contract {
  readonly name: 'api' | 'server';
  /** a server of this contract may honour the Idempotency-Key */
  readonly idempotent: boolean;
  authHeaders(credentials: Credentials): Record<string, string>;
  /** @returns advice for rejected credentials, if there is more than the usual advice */
  refusedHint(credentials: Credentials): string | undefined;
  /** @returns the error with its meaning, if the server itself does not state it */
  explain?(call: Pick<Call<unknown>, 'path'>, error: LinktorError): LinktorError;
  socket(credentials: Credentials): SocketAddress;
  signal(signal: Signal): string | undefined;
  /** @returns the event, or undefined for a frame of no relevance */
  frame(text: string): Event | undefined;
  /**
   * The path, below the server's root, that distinguishes an outage from a missing record: a server without its
   * database answers 404 for a single record and 401 for a sign-in (contract 6.1.37).
   */
  readonly readyPath?: readonly string[];
  /** query and decoder of lists, for calls in the server's own format */
  readonly lists: {
    query(slice: Slice): Record<string, unknown>;
    /** @param path of the list */
    decode(path: readonly string[], slice: Slice): Decode<Page<unknown>>;
  };
  /** the socket announces messages; otherwise they are found by polling */
  readonly announces: boolean;
  readonly auth: {
    login(email: string, password: string): Call<Session>;
    refresh(refreshToken: string): Call<Session>;
    logout(): Call<void>;
    me(): Call<User>;
    tenant(): Call<Tenant>;
    updateProfile(changes: Changes): Call<User>;
    changePassword(current: string, next: string): Call<void>;
  };
  readonly users: {
    /** those who may be in charge of a conversation */
    list(filter: SearchFilter): Call<Page<User>>;
  };
  readonly messageTemplates: {
    list(filter: MessageTemplateFilter): Call<Page<MessageTemplate>>;
  };
  readonly conversations: Omit<CrudCalls<Conversation, ConversationFilter>, 'remove'> &
    TagCalls<Conversation> & {
      /** the latest changed conversations of one request, newest change first; `truncated` when there are more */
      latest(): Call<Page<Conversation>>;
      assign(id: string, user: string): Call<Conversation>;
      unassign(id: string): Call<Conversation>;
      resolve(id: string): Call<Conversation>;
      reopen(id: string): Call<Conversation>;
      /** @param until ISO 8601; without it until the next message */
      snooze(id: string, until?: string): Call<Conversation>;
      markRead(id: string, messageIds?: readonly string[]): Call<void>;
      counts(): Call<Record<string, number>>;
      /** hand it over to a person */
      escalate(id: string, input: EscalateInput): Call<Escalation>;
      messages(id: string, filter: MessageFilter): Call<Page<Message>>;
      message(id: string, messageId: string): Call<Message>;
      send(id: string, message: Outgoing): Call<Message>;
      /** send a body unchanged, in the contract's own format */
      sendRaw(id: string, body: object): Call<Message>;
      /** @param emoji `''` removes the reaction */
      react(id: string, messageId: string, emoji: string): Call<void>;
      /** @param forEveryone for the customer as well */
      deleteMessage(messageId: string, forEveryone: boolean): Call<void>;
    };
  readonly contacts: CrudCalls<Contact, ContactFilter> &
    TagCalls<Contact> & {
      merge(primary: string, others: readonly string[]): Call<Contact>;
      conversations(id: string, filter: Slice): Call<Page<Conversation>>;
      addIdentity(id: string, identity: IdentityInput): Call<Contact>;
      removeIdentity(id: string, identity: StoredIdentity): Call<Contact>;
    };
  readonly channels: CrudCalls<Channel, ChannelFilter> & {
    connect(id: string): Call<Channel>;
    disconnect(id: string): Call<Channel>;
    status(id: string): Call<Unknowns>;
    capabilities(id: string): Call<Unknowns>;
    test(id: string): Call<Unknowns>;
    /** @param period day, week, month */
    stats(id: string, period?: string): Call<Unknowns>;
    /** address for deliveries of its provider, `{url, verifyToken}` */
    webhook(id: string): Call<Unknowns>;
    /** with a new token; the old one becomes invalid */
    renewWebhook(id: string): Call<Unknowns>;
  };
  readonly media: {
    /** @returns the address to send it by */
    upload(input: MediaUpload): Call<UploadedFile>;
  };
  readonly bots: CrudCalls<Bot, BotFilter> & {
    activate(id: string): Call<Bot>;
    deactivate(id: string): Call<Bot>;
    addChannels(id: string, channels: readonly string[]): Call<Bot>;
    removeChannels(id: string, channels: readonly string[]): Call<Bot>;
    addKnowledgeBases(id: string, bases: readonly string[]): Call<Bot>;
    removeKnowledgeBases(id: string, bases: readonly string[]): Call<Bot>;
    stats(id: string, period?: string): Call<Unknowns>;
    /** @param name of the copy, which is a draft */
    duplicate(id: string, name?: string): Call<Bot>;
  };
  readonly ai: {
    complete(input: CompletionInput): Call<Completion>;
    stream(input: CompletionInput): StreamCall<CompletionChunk>;
    embed(input: string | readonly string[], model?: string): Call<Embeddings>;
    /** with their models */
    providers(): Call<AiProvider[]>;
    classifyIntent(input: ClassifyInput): Call<Intent>;
    analyzeSentiment(text: string, provider?: string): Call<Sentiment>;
  };
  readonly agents: CrudCalls<Agent> & {
    invoke(id: string, input: InvokeInput): Call<AgentAnswer>;
    invokeStream(id: string, input: InvokeInput): StreamCall<CompletionChunk>;
    addKnowledgeBases(id: string, bases: readonly string[]): Call<Agent>;
    removeKnowledgeBases(id: string, bases: readonly string[]): Call<Agent>;
    duplicate(id: string, name?: string): Call<Agent>;
  };
  readonly knowledgeBases: CrudCalls<KnowledgeBase> & {
    query(input: QueryInput): Call<QueryResult>;
    stats(id: string): Call<Unknowns>;
    documents(id: string, filter: DocumentFilter): Call<Page<KnowledgeDocument>>;
    document(id: string, documentId: string): Call<KnowledgeDocument>;
    addDocument(id: string, input: DocumentInput): Call<KnowledgeDocument>;
    uploadDocument(id: string, input: UploadInput): Call<KnowledgeDocument>;
    updateDocument(id: string, documentId: string, changes: DocumentChanges): Call<KnowledgeDocument>;
    removeDocument(id: string, documentId: string): Call<void>;
    /** split all documents and compute their vectors again */
    reprocess(id: string): Call<KnowledgeBase>;
    reprocessDocument(id: string, documentId: string): Call<KnowledgeDocument>;
    /** the chunks of a document, `{content, index}` each */
    chunks(id: string, documentId: string): Call<Unknowns[]>;
  };
  readonly flows: CrudCalls<Flow> & {
    activate(id: string): Call<Flow>;
    deactivate(id: string): Call<Flow>;
    execute(id: string, input: ExecuteInput): Call<Execution>;
    executions(id: string, filter: SearchFilter): Call<Page<Execution>>;
    execution(id: string, executionId: string): Call<Execution>;
    cancel(id: string, executionId: string): Call<Execution>;
    duplicate(id: string, name?: string): Call<Flow>;
    /** kinds of nodes that a flow may have */
    nodeTypes(): Call<Unknowns[]>;
    /** `{valid, errors, warnings}` */
    validate(id: string): Call<Unknowns>;
    /** the whole flow, for `import` */
    export(id: string): Call<Unknowns>;
    import(exported: Unknowns): Call<Flow>;
    stats(id: string, period?: string): Call<Unknowns>;
  };
  readonly analytics: {
    figures(what: Figures, period: Period): Call<Unknowns>;
    report(input: Unknowns): Call<Unknowns>;
    export(input: Unknowns): Call<Unknowns>;
  };
  readonly vre: {
    render(input: RenderInput): Call<Rendering>;
    renderAndSend(input: RenderSendInput): Call<Rendering>;
    templates(tenantId?: string): Call<VisualTemplate[]>;
    preview(template: string, data?: Unknowns): Call<Rendering>;
  };
  readonly webhooks: CrudCalls<Webhook> & {
    test(id: string, event?: string): Call<Unknowns>;
  };
}
