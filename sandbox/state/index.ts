import type { Agent, Bot, Execution, Flow } from './automation';
import { Collection } from './collection';
import type {
  ApiKey,
  Channel,
  Contact,
  Conversation,
  Delivery,
  Document,
  Entity,
  KnowledgeBase,
  MessageTemplate,
  StoredFile,
  Tenant,
  User,
  Webhook,
} from './entities';
import type { Message } from './message';

export interface SentMessage {
  conversationId: string;
  messageId: string;
  text: string;
  /** its buttons or list, as sent */
  interactive?: unknown;
  idempotencyKey?: string;
  at: string;
}

interface Token {
  userId: string;
  kind: 'access' | 'refresh';
  /** Shared by the access and refresh token of one sign-in, so that they end together. */
  session: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export const API_KEY = 'sandbox-key';
export const TENANT = 'tenant_demo';
export const USER = 'user_demo';

/** The records of the sandbox. */
export class State {
  tenant!: Tenant;
  readonly users = new Collection<User>('User', 'user');
  readonly keys = new Collection<ApiKey>('API key', 'key');
  readonly channels = new Collection<Channel>('Channel', 'ch');
  readonly contacts = new Collection<Contact>('Contact', 'ct');
  readonly conversations = new Collection<Conversation>('Conversation', 'conv');
  readonly messages = new Collection<Message>('Message', 'msg');
  readonly bases = new Collection<KnowledgeBase>('Knowledge base', 'kb');
  readonly documents = new Collection<Document>('Document', 'doc');
  readonly bots = new Collection<Bot>('Bot', 'bot');
  readonly templates = new Collection<MessageTemplate>('Template', 'tpl');
  readonly agents = new Collection<Agent>('Agent', 'agent');
  readonly flows = new Collection<Flow>('Flow', 'flow');
  readonly executions = new Collection<Execution>('Execution', 'exec');
  /** Pictures and reports, to be fetched by URL. */
  readonly files = new Collection<StoredFile>('File', 'file');
  readonly webhooks = new Collection<Webhook>('Webhook', 'wh');
  readonly deliveries = new Collection<Delivery>('Delivery', 'dlv');
  /** Fixed answers of the AI, by the question in lower case. */
  readonly facts = new Map<string, string>();
  readonly tokens = new Map<string, Token>();
  readonly sends: SentMessage[] = [];
  readonly #threads = new Map<string, Message[]>();
  readonly #fill: (state: State) => void;

  /**
   * @param fill adds the first records to an empty state: now, and after every reset
   * @param newId makes the id of a new record, instead of the usual one
   */
  constructor(fill: (state: State) => void, newId?: () => string) {
    this.#fill = fill;
    if (newId) for (const collection of this.#collections()) collection.newId = newId;
    this.reset();
  }

  /** Removes every record and fills the state again. */
  reset(): void {
    for (const collection of this.#collections()) collection.clear();
    this.facts.clear();
    this.tokens.clear();
    this.#threads.clear();
    this.sends.length = 0;
    this.#fill(this);
  }

  /** The messages of a conversation, oldest first. */
  thread(conversationId: string): readonly Message[] {
    return this.#threads.get(conversationId) ?? [];
  }

  /** Adds a message to the thread of its conversation, at the place of its time. */
  addMessage(message: Message): Message {
    const thread = this.#threads.get(message.conversationId) ?? [];
    const newer = thread.findLastIndex(({ createdAt }) => createdAt <= message.createdAt) + 1;
    thread.splice(newer, 0, message);
    this.#threads.set(message.conversationId, thread);
    return this.messages.add(message);
  }

  removeMessage({ id, conversationId }: Message): void {
    const thread = this.#threads.get(conversationId) ?? [];
    this.#threads.set(
      conversationId,
      thread.filter((message) => message.id !== id),
    );
    this.messages.remove(id);
  }

  removeConversation(id: string): void {
    for (const message of this.thread(id)) this.messages.remove(message.id);
    this.#threads.delete(id);
    this.conversations.remove(id);
  }

  conversationsOf(contactId: string): Conversation[] {
    return this.conversations.filter((conversation) => conversation.contactId === contactId);
  }

  counts(): Record<string, number> {
    return {
      messages: this.messages.size,
      conversations: this.conversations.size,
      contacts: this.contacts.size,
      channels: this.channels.size,
      knowledgeBases: this.bases.size,
      documents: this.documents.size,
      bots: this.bots.size,
      agents: this.agents.size,
      flows: this.flows.size,
      executions: this.executions.size,
      webhooks: this.webhooks.size,
      deliveries: this.deliveries.size,
    };
  }

  #collections(): { clear(): void; newId: () => string }[] {
    return [
      this.users,
      this.keys,
      this.channels,
      this.contacts,
      this.conversations,
      this.messages,
      this.bases,
      this.documents,
      this.bots,
      this.templates,
      this.agents,
      this.flows,
      this.executions,
      this.files,
      this.webhooks,
      this.deliveries,
    ];
  }
}

/** The common fields of a new record. */
export function stamp(id: string, at: string = now()): Entity {
  return { id, tenantId: TENANT, createdAt: at, updatedAt: at };
}

export function touch(record: { updatedAt: string }): void {
  record.updatedAt = now();
}

export function now(): string {
  return new Date().toISOString();
}
