import type { Agent, Bot, Execution, Flow } from './automation';
import { Shelf } from './collection';
import type {
  ApiKey,
  Channel,
  Contact,
  Conversation,
  Delivery,
  Document,
  Entity,
  KnowledgeBase,
  Message,
  Stored,
  Tenant,
  User,
  Webhook,
} from './entities';
import { seed } from './seed';

export interface Send {
  conversationId: string;
  messageId: string;
  text: string;
  idempotencyKey?: string;
  at: string;
}

interface Token {
  userId: string;
  kind: 'access' | 'refresh';
  /** Access and refresh token of one sign-in share it, so that they end together. */
  session: string;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

export const API_KEY = 'sandbox-key';
export const TENANT = 'tenant_demo';
export const USER = 'user_demo';

/** Everything that the sandbox remembers. */
export class State {
  tenant!: Tenant;
  readonly users = new Shelf<User>('User', 'user');
  readonly keys = new Shelf<ApiKey>('API key', 'key');
  readonly channels = new Shelf<Channel>('Channel', 'ch');
  readonly contacts = new Shelf<Contact>('Contact', 'ct');
  readonly conversations = new Shelf<Conversation>('Conversation', 'conv');
  readonly messages = new Shelf<Message>('Message', 'msg');
  readonly bases = new Shelf<KnowledgeBase>('Knowledge base', 'kb');
  readonly documents = new Shelf<Document>('Document', 'doc');
  readonly bots = new Shelf<Bot>('Bot', 'bot');
  readonly agents = new Shelf<Agent>('Agent', 'agent');
  readonly flows = new Shelf<Flow>('Flow', 'flow');
  readonly executions = new Shelf<Execution>('Execution', 'exec');
  /** Pictures and reports, to be fetched by URL. */
  readonly files = new Shelf<Stored>('File', 'file');
  readonly webhooks = new Shelf<Webhook>('Webhook', 'wh');
  readonly deliveries = new Shelf<Delivery>('Delivery', 'dlv');
  readonly tokens = new Map<string, Token>();
  readonly sends: Send[] = [];
  readonly #threads = new Map<string, Message[]>();

  /**
   * @param seeded start with the invented shop
   * @param newId makes the ids of new records in a way of its own
   */
  constructor(
    private readonly seeded: boolean,
    newId?: () => string,
  ) {
    if (newId) for (const shelf of this.#shelves()) shelf.newId = newId;
    this.reset();
  }

  /** Back to the seed, or to a tenant and its user alone. */
  reset(): void {
    for (const shelf of this.#shelves()) shelf.clear();
    this.tokens.clear();
    this.#threads.clear();
    this.sends.length = 0;
    seed(this, this.seeded);
  }

  /** The messages of a conversation, oldest first. */
  thread(conversationId: string): readonly Message[] {
    return this.#threads.get(conversationId) ?? [];
  }

  addMessage(message: Message): Message {
    const thread = this.#threads.get(message.conversationId);
    if (thread) thread.push(message);
    else this.#threads.set(message.conversationId, [message]);
    return this.messages.add(message);
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

  #shelves(): { clear(): void; newId: () => string }[] {
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
      this.agents,
      this.flows,
      this.executions,
      this.files,
      this.webhooks,
      this.deliveries,
    ];
  }
}

/** The fields every new record starts with. */
export function stamp(id: string, at: string = now()): Entity {
  return { id, tenantId: TENANT, createdAt: at, updatedAt: at };
}

export function touch(record: { updatedAt: string }): void {
  record.updatedAt = now();
}

export function now(): string {
  return new Date().toISOString();
}
