import type { Fields } from '../wire/form';

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

export interface Media {
  type?: string;
  url: string;
  mimeType?: string;
  filename?: string;
  size?: number;
  caption?: string;
  /** it is a voice note */
  voice?: boolean;
}

export interface GeoPoint {
  latitude: number;
  longitude: number;
  name?: string;
  address?: string;
}

export interface ContactCard {
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

export interface ListSection {
  title?: string;
  rows: { id: string; title: string; description?: string }[];
}

/** A pressed button (`button`), list row (`list`), or quick reply of a template (`template`). */
export interface Choice {
  kind: 'button' | 'list' | 'template';
  id: string;
  title: string;
  description?: string;
}

/** The content of a message, independent of its format on the wire. */
export interface Content {
  kind: MessageKind;
  text?: string;
  media?: Media;
  location?: GeoPoint;
  contact?: ContactCard;
  /** Buttons and sections as the nested object of one SDK family. */
  interactive?: Fields;
  template?: Fields;
  /** A customer's choice among buttons or list rows. */
  choice?: Choice;
  /** A customer's reaction to a message. */
  reaction?: { messageId: string; emoji: string };
  buttons?: Button[];
  sections?: ListSection[];
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
  /** The group in which a customer wrote. */
  group?: string;
  /** Keep text and metadata exactly as a webhook or a client wrote them: the self-hosted server adds nothing. */
  verbatim?: boolean;
  createdAt: string;
  updatedAt: string;
}

export interface Reaction {
  userId: string;
  emoji: string;
  at: string;
}
