import { channelType, count, flag, list, map, number, object, oneOf, type Schema, stamped, text, time } from './kit';
import { contact } from './people';

const media = object({ url: text, mimeType: text, 'filename?': text, 'size?': number, 'caption?': text });
const location = object({ latitude: number, longitude: number, 'name?': text, 'address?': text });
const button = object({ type: oneOf('reply', 'url', 'call'), text, 'payload?': text, 'url?': text, 'phone?': text });
const row = object({ id: text, title: text, 'description?': text });
const template = object({ name: text, language: text, 'components?': list(object({ type: text })) });

export const message = object({
  id: text,
  conversationId: text,
  direction: oneOf('inbound', 'outbound'),
  contentType: oneOf('text', 'image', 'video', 'audio', 'document', 'location', 'contact', 'sticker'),
  content: object({
    'text?': text,
    'media?': media,
    'location?': location,
    'contact?': object({ name: text, 'phones?': list(text), 'emails?': list(text) }),
    'buttons?': list(button),
    'listSections?': list(object({ title: text, rows: list(row) })),
    'template?': template,
  }),
  // The other families: the kind in `type`, the parts beside it.
  type: oneOf(
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
  ),
  'text?': text,
  'media?': media,
  'location?': location,
  'contact?': object({ name: text, phones: list(object({ type: text, number: text })), emails: list(text) }),
  'interactive?': object({
    type: text,
    'body?': object({ text }),
    'action?': object({
      'buttons?': list(object({ type: text, id: text, title: text })),
      'sections?': list(object({ title: text, rows: list(row) })),
    }),
  }),
  status: oneOf('pending', 'sent', 'delivered', 'read', 'failed'),
  'senderId?': text,
  senderType: oneOf('contact', 'agent', 'bot', 'system'),
  'externalId?': text,
  'deliveredAt?': time,
  'readAt?': time,
  'failedReason?': text,
  'metadata?': map,
  createdAt: time,
  updatedAt: time,
});

export const conversation = (asMap = false): Schema =>
  object({
    ...stamped,
    channelId: text,
    channelType,
    contactId: text,
    'contact?': contact(asMap),
    status: asMap
      ? oneOf('open', 'pending', 'resolved', 'closed')
      : oneOf('open', 'pending', 'resolved', 'snoozed', 'closed'),
    priority: oneOf('low', 'medium', 'high', 'urgent'),
    'assignedTo?': text,
    'assignedAgentId?': text,
    'assignedAt?': time,
    'lastMessage?': message,
    'firstMessageAt?': time,
    'lastMessageAt?': time,
    'resolvedAt?': time,
    unreadCount: count,
    'subject?': text,
    tags: list(text),
    'metadata?': map,
  });

/** @param asConnected the Rust and Java families say connected where the others say active */
export const channel = (asConnected = false): Schema =>
  object({
    ...stamped,
    name: text,
    type: channelType,
    status: asConnected
      ? oneOf('connected', 'disconnected', 'connecting', 'error')
      : oneOf('active', 'inactive', 'connecting', 'error'),
    config: object({ type: channelType }),
    'webhookUrl?': text,
    'metadata?': map,
    'connectedAt?': time,
    'lastActivityAt?': time,
  });
export const channelStatus = object({ status: text, 'lastPing?': time, 'error?': text });
export const capabilities = object({
  supportedContentTypes: list(text),
  supportsMedia: flag,
  supportsButtons: flag,
  supportsLists: flag,
  supportsTemplates: flag,
  supportsLocation: flag,
  maxMessageLength: number,
  maxMediaSize: number,
});
export const channelStats = object({
  messagesReceived: count,
  messagesSent: count,
  conversationsCreated: count,
  avgResponseTime: number,
});
