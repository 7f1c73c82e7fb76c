import type { World } from '../sim/world';
import type { Content, Message, MessageKind } from '../state/message';
import { type Fields, isFields } from '../wire/form';
import { adaptInbound, attachmentMetadata, attachmentUrl, senderMetadata } from './adapters';
import { formatTime } from './time';
import { omitEmpty, toTextMap } from './views';

const MEDIA_KINDS = ['image', 'video', 'audio', 'document', 'sticker'];

/**
 * Builds the content of a message from its type, text and metadata, for the chat page. Location, file, template and
 * interactive parts are read from the metadata or from JSON in the text, as in the adapters of the server.
 */
export function contentOf(type: string, text: string, metadata: Record<string, string>): Content {
  // The server accepts any word as a type.
  const content: Content = { kind: type as MessageKind, text };
  const { media_url: url, filename, mime_type: mimeType } = metadata;
  if (url && MEDIA_KINDS.includes(type)) content.media = { type, url, filename, mimeType };
  const latitude = Number.parseFloat(metadata.latitude ?? '');
  const longitude = Number.parseFloat(metadata.longitude ?? '');
  if (type === 'location' && !Number.isNaN(latitude) && !Number.isNaN(longitude)) {
    const name = metadata.name ?? metadata.location_name;
    content.location = { latitude, longitude, name, address: metadata.address ?? metadata.location_address };
  }
  const interactive = parseObject(metadata.interactive) ?? (metadata.interactive_type ? parseObject(text) : undefined);
  if (type === 'interactive' && interactive) content.interactive = interactive;
  if (type === 'template' && metadata.template_name) {
    content.template = { name: metadata.template_name, language: metadata.template_language };
  }
  return content;
}

/** A message in a list: without attachments and reactions. */
export function messageView(world: World, message: Message): Fields {
  const { id, conversationId, senderId, senderType, kind, status, direction, verbatim } = message;
  const { habits } = world.settings;
  const isInbound = direction === 'inbound';
  const channelType = channelTypeOf(world, message);
  const { contentType, content, metadata } = verbatim
    ? { contentType: kind, content: message.text, metadata: {} }
    : adaptInbound(message, channelType, isInbound ? habits : new Set());
  const unread = isInbound && habits.has('statuses');
  return {
    id,
    conversation_id: conversationId,
    sender_type: senderType === 'agent' ? 'user' : senderType,
    content_type: contentType === 'system' ? 'text' : contentType,
    status: unread ? 'pending' : status,
    ...omitEmpty({
      sender_id: unread ? undefined : senderId,
      content,
      metadata: {
        ...(isInbound && !verbatim && senderMetadata(world, message, channelType)),
        ...metadata,
        ...toTextMap(message.metadata),
      },
      external_id: message.externalId,
      error_message: message.failedReason,
      sent_at: formatTime(message.sentAt),
      delivered_at: formatTime(unread ? undefined : message.deliveredAt),
      read_at: formatTime(message.readAt),
    }),
    created_at: formatTime(message.createdAt),
  };
}

/** A single message: with the customer's attachment and with reactions. */
export function wholeMessageView(world: World, message: Message): Fields {
  const { id, media, createdAt, direction, reactions = [] } = message;
  const { habits } = world.settings;
  const channelType = channelTypeOf(world, message);
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
            url: attachmentUrl(media, channelType, habits),
            thumbnail_url: '',
            metadata: attachmentMetadata(media, channelType, habits),
            created_at: formatTime(createdAt),
          },
        ]
      : [];
  return {
    ...messageView(world, message),
    ...omitEmpty({
      attachments,
      reactions: reactions.map(({ userId, emoji, at }) => ({ user_id: userId, emoji, timestamp: formatTime(at) })),
    }),
  };
}

function channelTypeOf({ state }: World, { conversationId }: Message): string {
  const channelId = state.conversations.get(conversationId)?.channelId;
  return (channelId === undefined ? undefined : state.channels.get(channelId)?.type) ?? 'unknown';
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
