/**
 * The canonical entities, as flows see them on either contract.
 * Field names are the documented API's, enums are open strings, unknown fields of the server are kept.
 */
export interface Unknowns {
  [field: string]: unknown;
}

/** @returns true for an object with named fields: no array, no null, no bytes */
export function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !ArrayBuffer.isView(value);
}

/** @returns the kind of an object, such as `Map`, in every realm: function nodes have one of their own */
export function kindOf(value: unknown): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

/** Kinds of objects that keep their content elsewhere than in properties. */
const HOLLOW: ReadonlySet<string> = new Set(
  'Map Set WeakMap WeakSet Error RegExp Promise Blob Generator ArrayBuffer'.split(' '),
);

/**
 * What JSON would silently turn into null, into an empty object, or into another one.
 * @param written the value after its own `toJSON`
 * @returns what the value is, when JSON would lose it
 */
export function lostInJson(value: unknown, written: unknown): string | undefined {
  const kind = kindOf(value);
  if (kind === 'Number') return Number.isFinite(Number(value)) ? undefined : String(value);
  if (kind === 'Date') return written === null ? 'a date that is none' : undefined;
  // It has a form of its own, such as a URL or a Buffer.
  if (written !== value) return undefined;
  return HOLLOW.has(kind) || ArrayBuffer.isView(value) ? `of the kind ${kind}` : undefined;
}

/**
 * Look up a name from outside, such as a type of channel or a word of a customer: `constructor` names something in every
 * object.
 */
export function ownValue<T>(table: Readonly<Record<string, T>>, name: string): T | undefined {
  return Object.hasOwn(table, name) ? table[name] : undefined;
}

export interface Media extends Unknowns {
  /** image, video, audio, document, sticker */
  type?: string;
  url: string;
  mimeType?: string;
  filename?: string;
  /** bytes */
  size?: number;
  caption?: string;
}

/** A file that the server keeps for a message. */
export interface UploadedFile {
  url: string;
  /** ISO 8601 */
  expiresAt?: string;
}

export interface Location extends Unknowns {
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

export interface ContactCard extends Unknowns {
  name: string;
  phones: { type?: string; number: string }[];
  emails: string[];
}

export interface InteractiveButton extends Unknowns {
  /** reply, url, call */
  type: string;
  id: string;
  title: string;
  url?: string;
  phone?: string;
}

export interface InteractiveRow {
  id: string;
  title: string;
  description?: string;
}

export interface Interactive extends Unknowns {
  /** button or list; button_reply or list_reply when a customer picked something */
  type: string;
  body?: { text?: string };
  action?: { buttons?: InteractiveButton[]; sections?: { title?: string; rows: InteractiveRow[] }[]; button?: string };
}

export interface Template extends Unknowns {
  name: string;
  language?: string;
  components?: unknown[];
}

export interface Message extends Unknowns {
  id: string;
  conversationId: string;
  /** inbound: the customer wrote it; outbound: we, a colleague or a bot did */
  direction: string;
  contentType: string;
  text?: string;
  media?: Media;
  location?: Location;
  contact?: ContactCard;
  interactive?: Interactive;
  template?: Template;
  /** pending, sent, delivered, read, failed */
  status?: string;
  senderId?: string;
  /** contact, agent, bot, system */
  senderType?: string;
  externalId?: string;
  metadata?: Unknowns;
  /** ISO 8601 */
  createdAt?: string;
  updatedAt?: string;
}

export interface Contact extends Unknowns {
  id: string;
  tenantId?: string;
  name?: string;
  email?: string;
  phone?: string;
  avatarUrl?: string;
  externalId?: string;
  identifiers: { channelType: string; identifier: string; [field: string]: unknown }[];
  customFields?: Unknowns;
  tags?: string[];
  metadata?: Unknowns;
  lastSeenAt?: string;
  createdAt?: string;
  updatedAt?: string;
}

export interface Conversation extends Unknowns {
  id: string;
  tenantId?: string;
  channelId?: string;
  channelType?: string;
  contactId?: string;
  contact?: Contact;
  /** open, pending, resolved, snoozed, closed */
  status?: string;
  /** low, normal, high, urgent */
  priority?: string;
  subject?: string;
  assignedTo?: string;
  botId?: string;
  unreadCount?: number;
  lastMessage?: Message;
  lastMessageAt?: string;
  tags?: string[];
  metadata?: Unknowns;
  createdAt?: string;
  updatedAt?: string;
}

export interface Channel extends Unknowns {
  id: string;
  name?: string;
  type?: string;
  status?: string;
}

export interface KnowledgeBase extends Unknowns {
  id: string;
  name?: string;
  status?: string;
}

export interface Chunk extends Unknowns {
  id?: string;
  documentId?: string;
  content: string;
  /** 0 (nothing in common) to 1; the scale between is the server's */
  score: number;
  title?: string;
  metadata?: Unknowns;
}

export interface QueryResult extends Unknowns {
  query: string;
  model?: string;
  chunks: Chunk[];
}

export interface ChatMessage {
  /** system, user, assistant, tool */
  role: string;
  content: string;
}

export interface Usage {
  promptTokens?: number;
  completionTokens?: number;
  totalTokens?: number;
  /** price of the call in the server's own unit, where it tells one */
  cost?: number;
}

/** A call of a tool that the model asks for, in the server's own words. */
export type ToolCall = Unknowns;

export interface Completion {
  id?: string;
  model?: string;
  /** `''` where the model says nothing, for a reason that `finishReason` or `refusal` tells */
  text: string;
  /** the model's own words about why it does not answer */
  refusal?: string;
  toolCalls?: ToolCall[];
  /** answers after the first, where several were asked for */
  alternatives?: AlternativeAnswer[];
  /** what the answer relies on, in the server's own words */
  sources?: unknown[];
  message: ChatMessage & Unknowns;
  usage?: Usage;
  finishReason?: string;
}

export interface Embeddings {
  model?: string;
  /** length of each vector */
  dimension: number;
  /** in the order of what was asked */
  vectors: number[][];
  usage?: Usage;
}

/** Classification of a text. */
export interface Intent extends Unknowns {
  name: string;
  /** 0 to 1 */
  confidence?: number;
  entities?: Unknowns;
  /** other candidates, best first */
  candidates?: { name: string; confidence?: number }[];
}

export interface Sentiment extends Unknowns {
  /** positive, neutral, negative */
  sentiment: string;
  score?: number;
  /** 0 to 1 */
  confidence?: number;
}

/** A conversation on its way to a person. */
export interface Escalation extends Unknowns {
  conversationId: string;
  /** queued, assigned, already_assigned */
  status?: string;
  queuePosition?: number;
  estimatedWaitSeconds?: number;
  assignedTo?: string;
  escalatedAt?: string;
}

export interface Agent extends Unknowns {
  id: string;
  name?: string;
  status?: string;
  model?: string;
}

export interface AgentAnswer extends Unknowns {
  text: string;
  conversationId?: string;
  usage?: Usage;
}

/** A further answer, where several were asked for, or a piece of one. */
export interface AlternativeAnswer {
  /** its place among the answers, where the server tells it */
  index?: number;
  text: string;
  refusal?: string;
  toolCalls?: ToolCall[];
  finishReason?: string;
}

/** A piece of an answer that arrives while it is being made. */
export interface CompletionChunk {
  /** the new piece of text; `''` in a chunk that only has a finish reason */
  delta: string;
  id?: string;
  model?: string;
  finishReason?: string;
  refusal?: string;
  toolCalls?: ToolCall[];
  /** pieces of the answers after the first */
  alternatives?: AlternativeAnswer[];
  sources?: unknown[];
  usage?: Usage;
}

export interface Bot extends Unknowns {
  id: string;
  name?: string;
  /** active, inactive, draft */
  status?: string;
}

export interface Flow extends Unknowns {
  id: string;
  name?: string;
  /** active, inactive, draft */
  status?: string;
}

export interface Execution extends Unknowns {
  id: string;
  flowId?: string;
  conversationId?: string;
  /** running, waiting, completed, failed, cancelled */
  status?: string;
}

export interface KnowledgeDocument extends Unknowns {
  id: string;
  name?: string;
  /** pending, processing, completed, failed */
  status?: string;
}

/** A picture that the visual response engine has made. */
export interface Rendering extends Unknowns {
  /** the picture, in the format below */
  image?: Buffer;
  imageUrl?: string;
  messageId?: string;
  caption?: string;
  /** pixels */
  width?: number;
  height?: number;
  /** png, webp, jpeg */
  format?: string;
}

export interface VisualTemplate extends Unknowns {
  id: string;
  name?: string;
}

/** A template that a provider has approved, for messages outside the 24-hour window. */
export interface MessageTemplate extends Unknowns {
  id: string;
  name: string;
  language?: string;
  /** APPROVED, PENDING, REJECTED and others */
  status?: string;
  /** AUTHENTICATION, MARKETING, UTILITY */
  category?: string;
  channelId?: string;
  components: TemplateComponent[];
}

/** A part of a template, as its provider describes it. */
export interface TemplateComponent extends Unknowns {
  /** HEADER, BODY, FOOTER, BUTTONS, CAROUSEL, LIMITED_TIME_OFFER */
  type: string;
  /** of a header: TEXT, IMAGE, VIDEO, DOCUMENT, LOCATION */
  format?: string;
  text?: string;
  buttons?: Unknowns[];
}

/** A provider of language models. */
export interface AiProvider extends Unknowns {
  name: string;
  models: string[];
  available?: boolean;
  defaultModel?: string;
}

export interface Webhook extends Unknowns {
  id: string;
  url?: string;
  events?: string[];
}

export interface User extends Unknowns {
  id: string;
  email?: string;
  name?: string;
  role?: string;
}

export interface Tenant extends Unknowns {
  id: string;
  name?: string;
}

export interface Session {
  accessToken: string;
  refreshToken?: string;
  /** seconds */
  expiresIn?: number;
  user?: User;
  tenant?: Tenant;
}

/** One page of a list, whatever paging style the server has. */
export interface Page<T> {
  items: T[];
  /** how many there are in all, when the server says so */
  total?: number;
  page?: number;
  pageSize?: number;
  hasNext: boolean;
  /** the server says nothing about a next page; then `hasNext` is false, and only asking tells */
  endUnsaid?: boolean;
  /** opaque; send it back alone to get the next page */
  nextCursor?: string;
  /** there are more, but the server shows no further ones */
  truncated?: boolean;
  /** knows the server's own page again, where some of its items were left out here */
  fingerprint?: string;
}

/** Content of a message to send; exactly one of the content fields, text may stand beside media as its caption. */
export interface Outgoing {
  /** text, image, video, audio, document, sticker, location, contact, interactive, template */
  type: string;
  text?: string;
  media?: Media;
  location?: Location;
  contact?: ContactCard;
  interactive?: Interactive;
  template?: Template;
  metadata?: Unknowns;
  /** id of the message this one answers */
  replyTo?: string;
  /** its text is written in this; replaced by what the channel shows before the message is sent */
  markup?: 'markdown' | 'html';
  /** a file that has no address yet; replaced by one in `media` before the message is sent */
  file?: FileSource;
}

/** Where the bytes of a file are read from; kept: id of a file that waits with its message. */
export type FileSource = { data: Buffer } | { path: string } | { kept: string };

/** The names that events have, whatever source they came from; unknown names of a server pass through. */
export type EventName =
  | `message.${'received' | 'sent' | 'delivered' | 'read' | 'failed'}`
  | `conversation.${'created' | 'updated' | 'assigned' | 'resolved' | 'reopened' | 'escalated'}`
  | 'typing'
  | `connection.${'open' | 'waiting' | 'refused' | 'closed'}`
  | 'sync.gap'
  | (string & {});

/**
 * Why nobody can say what was missed. truncated: there was more than the server shows; unreadable: it does not let us
 * read it; overflow: more came than could be held back in order; oversize, malformed: a frame that could not be taken;
 * deaf: the connection stood and brought nothing; ledger: the memory of the account was damaged; dropped: NATS has
 * dropped events before we read them; stopped: Node-RED was not running.
 */
export type GapReason =
  | 'truncated'
  | 'unreadable'
  | 'overflow'
  | 'oversize'
  | 'malformed'
  | 'deaf'
  | 'ledger'
  | 'dropped'
  | 'stopped';

/** Something that happened on the server. */
export interface Event {
  name: EventName;
  /** the server's event id, when there is one (webhooks) */
  id?: string;
  conversationId?: string;
  messageId?: string;
  message?: Message;
  /** message status or conversation status */
  status?: string;
  typing?: { userId?: string; isTyping: boolean };
  /** the change */
  changes?: Partial<Conversation>;
  /** fields of the conversation that differ from before; all reported ones where the earlier state is unknown */
  changed?: string[];
  /** their earlier values, where known */
  previous?: Partial<Conversation>;
  /** the conversation as it was known before, as long as the server is still to be asked what else has changed */
  before?: Conversation;
  /** of `sync.gap`: events since then (ISO 8601) may never be delivered */
  gap?: { since?: string; reason: GapReason };
  /** of `connection.*`: times in milliseconds of the clock, the reason safe to show */
  connection?: { name: string; since: number; attempt?: number; until?: number; reason?: string; code?: string };
  /** ISO 8601 */
  at?: string;
  /** the event as it arrived, unchanged */
  original: unknown;
}
