import type { Content, Message, MessageKind } from '../state/entities';
import { type Fields, isFields } from '../wire/form';
import { stampOf } from './time';
import { sparse, texts } from './views';

const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'];

/**
 * What a message says, out of its type, its text and its metadata: a place, a file and what can be pressed are all
 * written into the metadata.
 */
export function contentOf(type: string, text: string, metadata: Record<string, string>): Content {
  // The server takes any word for a type.
  const content: Content = { kind: type as MessageKind, text };
  const { media_url: url, filename, mime_type: mimeType } = metadata;
  if (url && MEDIA_KINDS.includes(type)) content.media = { type, url, filename, mimeType };
  const latitude = Number.parseFloat(metadata.latitude ?? '');
  const longitude = Number.parseFloat(metadata.longitude ?? '');
  if (type === 'location' && !Number.isNaN(latitude) && !Number.isNaN(longitude)) {
    content.location = { latitude, longitude, name: metadata.name, address: metadata.address };
  }
  const interactive = parsed(metadata.interactive);
  if (type === 'interactive' && interactive) content.interactive = interactive;
  return content;
}

/** A message of a list, without its attachments and reactions. */
export function messageView(message: Message): Fields {
  const { id, conversationId, senderId, senderType, kind, status } = message;
  return {
    id,
    conversation_id: conversationId,
    sender_type: senderType === 'agent' ? 'user' : senderType,
    content_type: kind === 'system' ? 'text' : kind,
    status,
    ...sparse({
      sender_id: senderId,
      content: wordsOf(message),
      metadata: { ...partsOf(message), ...texts(message.metadata) },
      external_id: message.externalId,
      error_message: message.failedReason,
      sent_at: stampOf(message.sentAt),
      delivered_at: stampOf(message.deliveredAt),
      read_at: stampOf(message.readAt),
    }),
    created_at: stampOf(message.createdAt),
  };
}

/** One message alone, with the file that a customer sent and with its reactions. */
export function wholeMessageView(message: Message): Fields {
  const { id, media, createdAt, direction, reactions = [] } = message;
  const attachments =
    media && direction === 'inbound'
      ? [
          {
            id: `${id}-file`,
            message_id: id,
            type: message.kind,
            filename: media.filename ?? '',
            mime_type: media.mimeType ?? '',
            size_bytes: media.size ?? 0,
            url: media.url,
            thumbnail_url: '',
            metadata: {},
            created_at: stampOf(createdAt),
          },
        ]
      : [];
  return {
    ...messageView(message),
    ...sparse({
      attachments,
      reactions: reactions.map(({ userId, emoji, at }) => ({ user_id: userId, emoji, timestamp: stampOf(at) })),
    }),
  };
}

function wordsOf({ text, media, location, contact }: Message): string | undefined {
  if (text !== undefined) return text;
  if (location) return location.name ?? `${location.latitude},${location.longitude}`;
  return media?.caption ?? contact?.name;
}

/** What of a message stands in its metadata. The file of a customer does not: it is an attachment. */
function partsOf({ location, interactive, contact }: Message): Record<string, string> {
  return texts({
    latitude: location && String(location.latitude),
    longitude: location && String(location.longitude),
    name: location?.name,
    address: location?.address,
    interactive,
    contact,
  });
}

function parsed(text: string | undefined): Fields | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
