// What callers give to the calls of a contract: filters of lists, and the contents of writes.
import type { ChatMessage, Contact, Unknowns } from '../model';

/** A part of a list. A cursor takes precedence over a page. */
export interface Slice {
  limit?: number;
  page?: number;
  cursor?: string;
}

export interface SearchFilter extends Slice {
  search?: string;
  status?: string;
}

export interface ConversationFilter extends SearchFilter {
  channelId?: string;
  channelType?: string;
  contactId?: string;
  assignedTo?: string;
  priority?: string;
  tags?: readonly string[];
  sortBy?: 'lastMessageAt' | 'createdAt' | 'updatedAt';
  sortOrder?: 'asc' | 'desc';
}

export interface MessageFilter extends Slice {
  /** message id or ISO 8601 time */
  before?: string;
  /** message id or ISO 8601 time */
  after?: string;
}

export interface ContactFilter extends SearchFilter {
  email?: string;
  phone?: string;
  tags?: readonly string[];
  channelType?: string;
  sortBy?: 'name' | 'createdAt' | 'lastSeenAt';
  sortOrder?: 'asc' | 'desc';
}

export interface ChannelFilter extends SearchFilter {
  type?: string;
}

export interface BotFilter extends SearchFilter {
  type?: string;
  channelId?: string;
}

export interface MessageTemplateFilter extends SearchFilter {
  channelId?: string;
  language?: string;
}

export interface DocumentFilter extends SearchFilter {
  type?: string;
}

/** New values of an entity's fields; absent keys do not change. */
export type Changes = Unknowns;

export interface QueryInput {
  base: string;
  query: string;
  topK?: number;
  minScore?: number;
  filter?: Unknowns;
}

export interface CompletionInput {
  messages: readonly ChatMessage[];
  model?: string;
  /** openai, anthropic, ollama, if the server requires it; else part of the model's name */
  provider?: string;
  temperature?: number;
  maxTokens?: number;
  tools?: readonly unknown[];
  agentId?: string;
  knowledgeBaseIds?: readonly string[];
  conversationId?: string;
  metadata?: Unknowns;
}

export interface InvokeInput {
  message: string;
  conversationId?: string;
  context?: Unknowns;
}

export interface DocumentInput {
  name: string;
  /** pdf, txt, docx, html, markdown, csv, json */
  type?: string;
  content?: string;
  sourceUrl?: string;
  metadata?: Unknowns;
}

/** Only these fields change. */
export type DocumentChanges = Partial<Pick<DocumentInput, 'name' | 'content' | 'metadata'>>;

export interface UploadInput extends Omit<DocumentInput, 'content' | 'sourceUrl'> {
  file: Buffer;
  filename: string;
  mimeType?: string;
}

/** A file to upload for a message. */
export interface MediaUpload {
  file: Buffer;
  filename: string;
  mimeType: string;
  /** image, video, audio, document, sticker */
  type: string;
}

export interface ExecuteInput {
  conversationId: string;
  variables?: Unknowns;
  startNodeId?: string;
}

/** ISO 8601 dates or times. */
export interface Period {
  startDate?: string;
  endDate?: string;
}

/** The names of the available figures. */
export type Figures = 'dashboard' | 'conversations' | 'messages' | 'agents' | 'bots' | 'channels' | 'realtime';

export interface RenderInput {
  template: string;
  data: Unknowns;
  tenantId: string;
  /** whatsapp, telegram, web, email */
  channel?: string;
  format?: 'png' | 'webp' | 'jpeg';
  /** pixels */
  width?: number;
  quality?: number;
  scale?: number;
}

export interface RenderSendInput {
  conversation: string;
  template: string;
  data: Unknowns;
  caption?: string;
  followUpText?: string;
}

export interface EscalateInput {
  reason?: string;
  /** low, normal, high, urgent */
  priority?: string;
}

export interface ClassifyInput {
  text: string;
  /** names to choose from; without them the server's own */
  intents?: readonly string[];
  /** openai, anthropic, ollama */
  provider?: string;
}

/** The address of a contact in a channel. */
export interface IdentityInput {
  channelType: string;
  identifier: string;
  metadata?: Unknowns;
}

/** An identity of a contact as a server has it. */
export type StoredIdentity = Contact['identifiers'][number];
