import type { Fields } from '../wire/form';

/** The common fields of all records of a tenant. Times are ISO 8601 in UTC. */
export interface Entity {
  id: string;
  tenantId: string;
  createdAt: string;
  updatedAt: string;
}

export const CONVERSATION_STATUSES = ['open', 'pending', 'resolved', 'snoozed', 'closed'] as const;
type ConversationStatus = (typeof CONVERSATION_STATUSES)[number];

export const CHANNEL_TYPES = [
  'whatsapp',
  'whatsapp_unofficial',
  'telegram',
  'facebook',
  'instagram',
  'webchat',
  'sms',
  'email',
  'rcs',
  'voice',
] as const;

export interface Conversation extends Entity {
  channelId: string;
  contactId: string;
  status: ConversationStatus;
  priority: string;
  subject?: string;
  assignedTo?: string;
  assignedAt?: string;
  botId?: string;
  unreadCount: number;
  firstMessageAt?: string;
  lastMessageAt?: string;
  firstReplyAt?: string;
  resolvedAt?: string;
  snoozedUntil?: string;
  tags: string[];
  metadata: Fields;
}

export interface Identifier {
  channelType: string;
  channelId?: string;
  identifier: string;
  displayName?: string;
  profilePicture?: string;
  /** On the self-hosted server an identity is a separate record. */
  id?: string;
  metadata?: Record<string, string>;
  createdAt?: string;
}

export interface Contact extends Entity {
  name?: string;
  email?: string;
  phone?: string;
  avatarUrl?: string;
  externalId?: string;
  identifiers: Identifier[];
  customFields: Fields;
  tags: string[];
  metadata: Fields;
  lastSeenAt?: string;
}

export interface Channel extends Entity {
  name: string;
  type: string;
  status: 'active' | 'inactive' | 'connecting' | 'error';
  config: Fields;
  metadata: Fields;
  verifyToken: string;
  /** Only the self-hosted server distinguishes enabled from connected. */
  enabled?: boolean;
  /** The number or address that customers write to. */
  identifier?: string;
  connectedAt?: string;
  lastActivityAt?: string;
  errorMessage?: string;
}

export interface User extends Entity {
  email: string;
  password: string;
  name: string;
  role: string;
  status: 'active' | 'inactive' | 'suspended';
  avatarUrl?: string;
  phone?: string;
  lastLoginAt?: string;
}

/** A created API key. Only its prefix is stored. */
export interface ApiKey extends Entity {
  userId: string;
  name: string;
  prefix: string;
  scopes: string[];
  expiresAt?: string;
}

export interface Tenant {
  id: string;
  name: string;
  slug: string;
  plan: string;
  settings: Fields;
  metadata: Fields;
  createdAt: string;
  updatedAt: string;
}

export interface KnowledgeBase extends Entity {
  name: string;
  description?: string;
  embeddingModel: string;
  /** Words per chunk. */
  chunkSize: number;
  /** Words repeated from the end of the chunk before. */
  chunkOverlap: number;
  /** Its type on the self-hosted server. */
  type?: string;
  metadata: Fields;
}

export interface Document extends Entity {
  knowledgeBaseId: string;
  name: string;
  type: string;
  sourceUrl?: string;
  content: string;
  /** Keywords of an item of the self-hosted server, where a document is a question with its answer. */
  keywords?: string[];
  status: 'pending' | 'processing' | 'completed' | 'failed';
  metadata: Fields;
}

/** A template that WhatsApp has approved, or not yet. */
export interface MessageTemplate extends Entity {
  channelId: string;
  name: string;
  language: string;
  category: 'AUTHENTICATION' | 'MARKETING' | 'UTILITY';
  status: 'APPROVED' | 'PENDING' | 'REJECTED';
  components: Fields[];
}

export interface Webhook extends Entity {
  url: string;
  secret: string;
  events: string[];
  scheme: 'body' | 'timestamp';
  status: 'active' | 'inactive';
  description?: string;
  headers: Record<string, string>;
  config: Fields;
}

/** An event for webhooks, with the data for both envelopes. */
export interface WebhookEvent {
  /** Name in the SDKs. */
  type: string;
  /** Name in the docs. */
  docsType: string;
  /** The payload that the SDKs read. */
  data: Fields;
  /** The record itself, for the envelope of the docs. */
  entity: { id: string; type: string; attributes: Fields };
}

export interface Delivery {
  id: string;
  webhookId: string;
  eventId: string;
  eventType: string;
  status: 'pending' | 'success' | 'failed';
  attempts: number;
  payload: string;
  lastAttemptAt?: string;
  responseStatus?: number;
  responseBody?: string;
  error?: string;
  createdAt: string;
}

/** A file that can be fetched by its URL. */
export interface StoredFile {
  id: string;
  mimeType: string;
  data: Buffer;
}
