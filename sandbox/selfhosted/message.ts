import type { Content, Message, MessageKind } from '../state/entities';
import { type Fields, isFields } from '../wire/form';
import { formatTime } from './time';
import { omitEmpty, toTextMap } from './views';

const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'];

/**
 * Builds the content of a message from its type, text and metadata. Location, file and interactive parts are in the
 * metadata.
 */
export function contentOf(type: string, text: string, metadata: Record<string, string>): Content {
  // The server accepts any word as a type.
  const content: Content = { kind: type as MessageKind, text };
  const { media_url: url, filename, mime_type: mimeType } = metadata;
  if (url && MEDIA_KINDS.includes(type)) content.media = { type, url, filename, mimeType };
  const latitude = Number.parseFloat(metadata.latitude ?? '');
  const longitude = Number.parseFloat(metadata.longitude ?? '');
  if (type === 'location' && !Number.isNaN(latitude) && !Number.isNaN(longitude)) {
    content.location = { latitude, longitude, name: metadata.name, address: metadata.address };
  }
  const interactive = parseObject(metadata.interactive);
  if (type === 'interactive' && interactive) content.interactive = interactive;
  return content;
}

/** A message in a list: without attachments and reactions. */
export function messageView(message: Message): Fields {
  const { id, conversationId, senderId, senderType, kind, status } = message;
  return {
    id,
    conversation_id: conversationId,
    sender_type: senderType === 'agent' ? 'user' : senderType,
    content_type: kind === 'system' ? 'text' : kind,
    status,
    ...omitEmpty({
      sender_id: senderId,
      content: textOf(message),
      metadata: { ...derivedMetadata(message), ...toTextMap(message.metadata) },
      external_id: message.externalId,
      error_message: message.failedReason,
      sent_at: formatTime(message.sentAt),
      delivered_at: formatTime(message.deliveredAt),
      read_at: formatTime(message.readAt),
    }),
    created_at: formatTime(message.createdAt),
  };
}

/** A single message: with the customer's attachment and with reactions. */
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
            created_at: formatTime(createdAt),
          },
        ]
      : [];
  return {
    ...messageView(message),
    ...omitEmpty({
      attachments,
      reactions: reactions.map(({ userId, emoji, at }) => ({ user_id: userId, emoji, timestamp: formatTime(at) })),
    }),
  };
}

function textOf({ text, media, location, contact }: Message): string | undefined {
  if (text !== undefined) return text;
  if (location) return location.name ?? `${location.latitude},${location.longitude}`;
  return media?.caption ?? contact?.name;
}

/** The metadata that the content implies. A customer's file is an attachment instead. */
function derivedMetadata({ location, interactive, contact }: Message): Record<string, string> {
  return toTextMap({
    latitude: location && String(location.latitude),
    longitude: location && String(location.longitude),
    name: location?.name,
    address: location?.address,
    interactive,
    contact,
  });
}

function parseObject(text: string | undefined): Fields | undefined {
  if (!text) return undefined;
  try {
    const value: unknown = JSON.parse(text);
    return isFields(value) ? value : undefined;
  } catch {
    return undefined;
  }
}
