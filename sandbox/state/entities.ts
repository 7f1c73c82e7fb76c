import type { Fields } from '../wire/form';

/** What every stored record of a tenant carries. Times are ISO 8601 in UTC. */
export interface Entity {
  id: string;
  tenantId: string;
  createdAt: string;
  updatedAt: string;
}

export const MESSAGE_KINDS = [
  'text',
  'image',
  'video',
  'audio',
  'document',
  'location',
  'contact',
  'sticker',
  'template',
  'interactive',
  'system',
] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

export const MESSAGE_STATUSES = ['pending', 'sent', 'delivered', 'read', 'failed'] as const;
export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

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

export interface Media {
  type?: string;
  url: string;
  mimeType?: string;
  filename?: string;
  size?: number;
  caption?: string;
}

export interface Place {
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

export interface Card {
  name: string;
  phones: { type: string; number: string }[];
  emails: string[];
}

export interface Button {
  type: string;
  text: string;
  payload?: string;
  url?: string;
  phone?: string;
}

export interface Section {
  title?: string;
  rows: { id: string; title: string; description?: string }[];
}

/** What a message says, whichever way it was written down. */
export interface Content {
  kind: MessageKind;
  text?: string;
  media?: Media;
  location?: Place;
  contact?: Card;
  /** The family that nests buttons and sections in an object keeps them here. */
  interactive?: Fields;
  template?: Fields;
  buttons?: Button[];
  sections?: Section[];
}

export interface Message extends Content {
  id: string;
  conversationId: string;
  direction: 'inbound' | 'outbound';
  status: MessageStatus;
  senderId: string;
  senderType: 'contact' | 'agent' | 'bot' | 'system';
  externalId?: string;
  metadata?: Fields;
  sentAt?: string;
  deliveredAt?: string;
  readAt?: string;
  failedReason?: string;
  reactions?: Reaction[];
  createdAt: string;
  updatedAt: string;
}

export interface Reaction {
  userId: string;
  emoji: string;
  at: string;
}

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
  /** On the self-hosted server an identity is a record of its own. */
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
  /** May it be used? Only the self-hosted server tells that from being connected. */
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

/** A key that somebody made. Only its start is remembered. */
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
  /** What it is made of, on the self-hosted server. */
  type?: string;
  metadata: Fields;
}

export interface Document extends Entity {
  knowledgeBaseId: string;
  name: string;
  type: string;
  sourceUrl?: string;
  content: string;
  /** On the self-hosted server a document is a question with an answer, and may have words to be found by. */
  keywords?: string[];
  status: 'pending' | 'processing' | 'completed' | 'failed';
  metadata: Fields;
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

/** Something that can be fetched by its URL for a while. */
export interface Stored {
  id: string;
  mimeType: string;
  data: Buffer;
}
