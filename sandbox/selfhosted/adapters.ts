import { createHash } from 'node:crypto';
import { isWhatsApp, providerPhone } from '../sim/habits';
import type { World } from '../sim/world';
import type { Choice, ContactCard, GeoPoint, Media, Message } from '../state/message';
import { toTextMap } from './views';

/** An inbound message as the adapter of its channel writes it. */
interface Inbound {
  contentType: string;
  content?: string;
  metadata: Record<string, string>;
}

type Habits = World['settings']['habits'];

const QUICK_REPLY_CHANNELS = new Set(['facebook', 'instagram']);
const PLAIN_CHANNELS = new Set(['telegram', 'sms', 'email', 'voice']);

/**
 * Writes a customer's message as the adapter of the channel does (contract 8.2). Webchat keeps every part, as a
 * widget that posts to the generic webhook may.
 */
export function adaptInbound(message: Message, channelType: string, habits: Habits): Inbound {
  const { kind, choice, reaction, location, contact, text } = message;
  const plain: Inbound = { contentType: kind, content: text ?? fallbackText(message), metadata: {} };
  if (reaction)
    return {
      ...plain,
      contentType: 'text',
      metadata: { is_reaction: 'true', reaction_message_id: reaction.messageId },
    };
  if (choice && habits.has('choices')) return adaptChoice(choice, channelType);
  if (location && habits.has('content')) return adaptLocation(location, channelType);
  if (contact && isWhatsApp(channelType) && habits.has('content')) {
    return { contentType: 'contact', content: JSON.stringify([whatsappCard(contact)]), metadata: {} };
  }
  if (kind === 'sticker' && habits.has('content')) {
    return { ...plain, contentType: 'image', metadata: { is_sticker: 'true' } };
  }
  return { ...plain, metadata: derivedMetadata(message) };
}

/** The metadata that identifies the sender of a WhatsApp message. */
export function senderMetadata(world: World, message: Message, channelType: string): Record<string, string> {
  if (!isWhatsApp(channelType)) return {};
  const contactId = world.state.conversations.get(message.conversationId)?.contactId;
  const contact = contactId === undefined ? undefined : world.state.contacts.get(contactId);
  const phone = providerPhone(contact?.phone ?? '');
  const group = groupMetadata(message.group, phone);
  return phone && world.settings.habits.has('phones')
    ? { phone, sender_id: phone, sender_name: contact?.name ?? '', ...group }
    : group;
}

/** Unofficial WhatsApp says of each message whether it was written in a group, and by whom. */
function groupMetadata(group: string | undefined, phone: string): Record<string, string> {
  if (group === undefined) return {};
  return { is_group: 'true', chat_jid: group, sender_jid: `${phone}@s.whatsapp.net` };
}

/** The URL of an attachment: a media id for channels whose provider sends one. */
export function attachmentUrl({ url }: Media, channelType: string, habits: Habits): string {
  if (!habits.has('media')) return url;
  const digest = createHash('sha256').update(url).digest();
  if (isWhatsApp(channelType)) return String(digest.readBigUInt64BE() % 10n ** 16n).padStart(16, '1');
  return channelType === 'telegram' ? `AgAC${digest.toString('base64url')}` : url;
}

/** Metadata of an attachment. */
export function attachmentMetadata(media: Media, channelType: string, habits: Habits): Record<string, string> {
  if (!habits.has('media') || !isWhatsApp(channelType)) return {};
  return { media_id: attachmentUrl(media, channelType, habits) };
}

function adaptChoice({ kind, id, title }: Choice, channelType: string): Inbound {
  if (QUICK_REPLY_CHANNELS.has(channelType)) {
    return { contentType: 'text', content: title, metadata: { quick_reply: id } };
  }
  if (channelType === 'rcs') {
    return { contentType: 'text', content: title, metadata: { postback_data: id, suggestion_text: title } };
  }
  if (PLAIN_CHANNELS.has(channelType)) return { contentType: 'text', content: title, metadata: {} };
  const metadata: Record<string, string> =
    kind === 'template'
      ? { button_payload: id }
      : kind === 'list'
        ? { interactive_type: 'list_reply', list_id: id }
        : { interactive_type: 'button_reply', button_id: id };
  return { contentType: 'interactive', content: title, metadata };
}

function adaptLocation(location: GeoPoint, channelType: string): Inbound {
  const { latitude, longitude, name, address } = location;
  if (channelType === 'rcs') {
    return {
      contentType: 'location',
      content: `${name ?? ''}: ${latitude.toFixed(6)},${longitude.toFixed(6)}`,
      metadata: {},
    };
  }
  // These handlers read the type only, and lose the coordinates.
  if (channelType === 'telegram' || channelType === 'facebook') return { contentType: 'location', metadata: {} };
  const content = JSON.stringify({ latitude, longitude, name: name ?? '', address: address ?? '' });
  const metadata = toTextMap({
    latitude: latitude.toFixed(6),
    longitude: longitude.toFixed(6),
    location_name: name,
    location_address: address,
  });
  return { contentType: 'location', content, metadata };
}

function whatsappCard({ name, phones, emails }: ContactCard): object {
  return {
    name: { formatted_name: name },
    phones: phones.map(({ type, number }) => ({
      phone: number,
      type: type.toUpperCase(),
      wa_id: providerPhone(number),
    })),
    emails: emails.map((email) => ({ email, type: 'WORK' })),
  };
}

function fallbackText({ media, location, contact }: Message): string | undefined {
  if (location) return location.name ?? `${location.latitude},${location.longitude}`;
  return media?.caption ?? contact?.name;
}

/** Parts that the content implies. A customer's file is an attachment instead. */
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
