import type {
  Channel,
  ChatMessage,
  Completion,
  Contact,
  Conversation,
  Event,
  KnowledgeBase,
  Message,
  Outgoing,
  Page,
  QueryResult,
  Tenant,
  User,
} from '../model';

/**
 * How often a call may leave.
 * read: as often as needed; write: never again once it may have arrived; costly: as write, even where writes are
 * idempotent, because it is paid by the piece.
 */
export type Kind = 'read' | 'write' | 'costly';

/** One call on the wire, and how to understand its answer. */
export interface Call<T> {
  kind: Kind;
  method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  /** path segments, not yet encoded */
  path: readonly string[];
  query?: Record<string, string | number | boolean | undefined>;
  body?: unknown;
  /** writes that name the same lane leave one after the other (the conversation's id) */
  lane?: string;
  /** @throws LinktorError `serialization` when the answer has not the expected shape */
  decode(body: unknown): T;
}

/** Which part of a list. A cursor wins over a page. */
export interface Slice {
  limit?: number;
  page?: number;
  cursor?: string;
}

export interface ConversationFilter extends Slice {
  status?: string;
  channelId?: string;
  channelType?: string;
  contactId?: string;
  assignedTo?: string;
  search?: string;
  sortBy?: 'lastMessageAt' | 'createdAt' | 'updatedAt';
  sortOrder?: 'asc' | 'desc';
}

export interface MessageFilter extends Slice {
  /** message id or ISO 8601 time */
  before?: string;
  /** message id or ISO 8601 time */
  after?: string;
}

export interface SearchFilter extends Slice {
  search?: string;
}

export interface QueryInput {
  base: string;
  query: string;
  topK?: number;
  minScore?: number;
}

export interface CompletionInput {
  messages: readonly ChatMessage[];
  model?: string;
  temperature?: number;
  maxTokens?: number;
  knowledgeBaseIds?: readonly string[];
  conversationId?: string;
}

/** A frame to send on the socket. */
export type Signal =
  | { type: 'subscribe' | 'unsubscribe'; conversationId: string }
  | { type: 'typing'; conversationId: string; isTyping: boolean }
  | { type: 'ping' };

/** Where the socket is and how it says who we are. */
export interface SocketAddress {
  path: readonly string[];
  query: Record<string, string>;
}

/** How we sign in, as the wire needs it. */
export type Badge = { apiKey: string } | { token: string };

/**
 * One wire contract: model in, call out; answer in, model out; frame in, event out.
 * A contract that cannot do an operation throws `not_supported` with a hint.
 */
export interface Contract {
  readonly name: 'api' | 'server';
  badge(badge: Badge): Record<string, string>;
  socket(badge: Badge): SocketAddress;
  signal(signal: Signal): string | undefined;
  /** @returns the event, or undefined for a frame that means nothing to us */
  frame(text: string): Event | undefined;
  readonly auth: { me(): Call<User>; tenant(): Call<Tenant> };
  readonly conversations: {
    list(filter: ConversationFilter): Call<Page<Conversation>>;
    get(id: string): Call<Conversation>;
    messages(id: string, filter: MessageFilter): Call<Page<Message>>;
    send(id: string, message: Outgoing): Call<Message>;
    /** send a body as it is, in the contract's own words */
    sendRaw(id: string, body: object): Call<Message>;
  };
  readonly contacts: { list(filter: SearchFilter): Call<Page<Contact>>; get(id: string): Call<Contact> };
  readonly channels: { list(filter: SearchFilter): Call<Page<Channel>> };
  readonly knowledgeBases: {
    list(filter: SearchFilter): Call<Page<KnowledgeBase>>;
    query(input: QueryInput): Call<QueryResult>;
  };
  readonly ai: { complete(input: CompletionInput): Call<Completion> };
}
