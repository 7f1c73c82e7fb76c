import type { Message } from '../../model';
import { decodeEntity, idOf } from '../envelope';
import { array, isObject, type Json, number, object, put, safeFileName, string, tryJson } from '../json';
import { camelKeys } from '../keys';
import { message as known } from '../message';
import { KEY_FIELD } from './outgoing';

/** Fields of the metadata that are separate fields of our message. */
const CARRIED_FIELDS = [
  ...['media_url', 'media_id', 'mime_type', 'filename', 'size'],
  ...['latitude', 'longitude', 'address', 'location_name', 'location_address', 'is_sticker', 'is_reaction'],
  ...['template_name', 'template_language', 'template_components', 'quick_replies', 'suggestions'],
  ...['quick_reply_1', 'quick_reply_2', 'quick_reply_3', 'interactive_type', KEY_FIELD],
] as const;
const NESTED_FIELDS = ['interactive', 'template', 'contact'] as const;

/**
 * Decode a message of the self-hosted server (contract 5.2, contract 8.2): it has no direction, its media and locations
 * are texts in the metadata, and the sender type of an agent is `user`. The adapter of the channel defines the format
 * of customers' messages.
 */
export function message(body: unknown): Message {
  const wire = decodeEntity(body, 'a message');
  const { content, metadata, attachments, error_message, ...rest } = wire;
  const held = object(metadata) ?? {};
  const text = typeof content === 'string' ? content : undefined;
  const flat: Json = { ...camelKeys(rest), id: idOf(wire, 'a message') };
  addMedia(flat, object(array(attachments)[0]), held, text);
  for (const part of NESTED_FIELDS) put(flat, part, object(tryJson(String(held[part] ?? ''))));
  const json = text === undefined || !/^\s*[[{]/.test(text) ? undefined : tryJson(text);
  const words = addLocation(flat, held, text, json) ?? addCard(flat, json) ?? addInteractive(flat, json) ?? text;
  const url = object(flat.media)?.url;
  // A placeholder for a caption, a location, a card or a template without text is no text.
  const standIns = [url, placeOf(held), string(held.filename), object(flat.contact)?.name, object(flat.template)?.name];
  if (words !== undefined && words !== '' && !standIns.includes(words)) flat.text = words;
  if (isYes(held.is_reaction) || held.reaction_message_id !== undefined) {
    flat.contentType = 'reaction';
    put(flat, 'text', flat.text ?? string(held.reaction));
    flat.reaction = { emoji: flat.text ?? '', messageId: string(held.reaction_message_id) };
  }
  if (isYes(held.is_sticker)) flat.contentType = 'sticker';
  put(flat, 'metadata', ownMetadata(held, metadata));
  put(flat, 'failedReason', string(error_message));
  put(flat, 'updatedAt', latest(wire));
  return known(flat);
}

function isYes(value: unknown): boolean {
  return value === true || value === 'true' || value === '1';
}

function addMedia(flat: Json, attachment: Json | undefined, held: Json, text: string | undefined): void {
  const url = string(attachment?.url) ?? string(held.media_url) ?? string(held.media_id);
  if (url === undefined) return;
  const media: Json = { url, type: isYes(held.is_sticker) ? 'sticker' : string(flat.contentType) };
  put(media, 'mimeType', string(attachment?.mime_type) ?? string(held.mime_type));
  put(media, 'filename', safeFileName(attachment?.filename) ?? safeFileName(held.filename));
  put(media, 'size', number(attachment?.size_bytes) ?? number(held.size));
  put(media, 'thumbnailUrl', string(attachment?.thumbnail_url));
  // WhatsApp and Telegram provide an id, which cannot be fetched as a URL.
  if (!/^(?:https?:|data:|\/)/i.test(url)) media.id = url;
  if (text !== url && text !== media.filename) put(media, 'caption', text || undefined);
  flat.media = media;
}

function placeOf({ latitude, longitude }: Json): string | undefined {
  return string(latitude) !== undefined && string(longitude) !== undefined ? `${latitude},${longitude}` : undefined;
}

/** RCS writes a location as "name: latitude,longitude". */
const WRITTEN_PLACE = /^(?:(.*): ?)?(-?\d{1,2}\.\d+), ?(-?\d{1,3}\.\d+)$/s;

/** @returns the text in addition to the location; undefined when the message is no location */
function addLocation(flat: Json, held: Json, text: string | undefined, json: unknown): string | undefined {
  const isLocation = flat.contentType === 'location';
  const stated = isLocation && isObject(json) ? json : {};
  const written = isLocation ? WRITTEN_PLACE.exec(text ?? '') : null;
  const latitude = number(held.latitude) ?? number(stated.latitude) ?? number(written?.[2]);
  const longitude = number(held.longitude) ?? number(stated.longitude) ?? number(written?.[3]);
  if (latitude === undefined || longitude === undefined) return undefined;
  const words = json === undefined && written === null && text !== placeOf(held) ? (text ?? '') : '';
  const names = [held.location_name, held.name, stated.name, written?.[1], words];
  const location: Json = { latitude, longitude };
  put(location, 'name', names.flatMap((one) => string(one) ?? [])[0]);
  put(location, 'address', string(held.address) ?? string(held.location_address) ?? string(stated.address));
  flat.location = location;
  return words;
}

/** Contact cards of WhatsApp are a JSON list in the content. @returns `''` when there is one */
function addCard(flat: Json, json: unknown): string | undefined {
  if (!/^contacts?$/.test(String(flat.contentType))) return undefined;
  if (flat.contact !== undefined) return json === undefined ? undefined : '';
  const [first, ...others] = (Array.isArray(json) ? json : [json]).filter(isObject).map(cardOf);
  if (first === undefined) return undefined;
  flat.contentType = 'contact';
  flat.contact = others.length > 0 ? { ...first, others } : first;
  return '';
}

function cardOf({ name, phones, emails, ...rest }: Json): Json {
  const parts = object(name);
  const full = [parts?.first_name, parts?.last_name].filter((part) => typeof part === 'string').join(' ');
  return {
    ...camelKeys(rest),
    name: string(name) ?? string(parts?.formatted_name) ?? full,
    phones: array(phones).map((one) => {
      const phone = object(one) ?? { phone: one };
      const card: Json = { number: string(phone.number) ?? string(phone.phone) ?? string(phone.wa_id) ?? '' };
      put(card, 'type', string(phone.type)?.toLowerCase());
      return card;
    }),
    emails: array(emails).flatMap((one) => string(one) ?? string(object(one)?.email) ?? []),
  };
}

/** An outbound WhatsApp message contains its whole interactive part as JSON. @returns its text */
function addInteractive(flat: Json, json: unknown): string | undefined {
  if (flat.contentType !== 'interactive' || !isObject(json)) return undefined;
  flat.interactive ??= json;
  return string(object(json.body)?.text) ?? '';
}

/** The metadata without the fields that are separate fields of our message. */
function ownMetadata(held: Json, given: unknown): Json | undefined {
  if (object(given) === undefined) return undefined;
  const { reply_to_id: replyTo, ...rest } = held;
  for (const key of [...CARRIED_FIELDS, ...NESTED_FIELDS]) delete rest[key];
  if (replyTo !== undefined) rest.replyToId = replyTo;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** The server states no time of change, so the newest of the other times is used. */
function latest(wire: Json): string | undefined {
  const times = [wire.created_at, wire.sent_at, wire.delivered_at, wire.read_at, wire.edited_at].flatMap(
    (time) => string(time) ?? [],
  );
  return times.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}
