import type { Message, Outgoing } from '../../model';
import { message as known } from '../entities';
import { decodeEntity, idOf } from '../envelope';
import { array, type Json, number, object, put, safeFileName, string, tryJson } from '../json';
import { camelKeys, textOf, toTextMap } from './words';

/** Where a write's own key stands in the metadata, so that the message can be found again. */
const KEY_FIELD = 'idempotency_key';

/** What the wire keeps in the metadata although it is no metadata of the user's. */
const carried = ['media_url', 'mime_type', 'filename', 'size', 'latitude', 'longitude', 'address', KEY_FIELD] as const;
const nested = ['interactive', 'template', 'contact'] as const;

/**
 * A message of the self-hosted server (contract 5.2): it has no direction, its media and places stand in the metadata
 * as texts, and its sender is a `user` where ours is an agent.
 */
export function message(body: unknown): Message {
  const wire = decodeEntity(body, 'a message');
  const { content, metadata, attachments, error_message, ...rest } = wire;
  const held = object(metadata) ?? {};
  const text = typeof content === 'string' ? content : undefined;
  const attachment = object(array(attachments)[0]);
  const flat: Json = { ...camelKeys(rest), id: idOf(wire, 'a message') };
  const url = string(attachment?.url) ?? string(held.media_url);
  if (url !== undefined) flat.media = mediaOf(url, attachment, held, wire, text);
  // What stands in for a caption, a place or a template that has no words is no text.
  const stand = [url, placeOf(held), string(held.filename)];
  if (text !== undefined && !stand.includes(text)) flat.text = text;
  flat.location = locationOf(held, text);
  for (const part of nested) put(flat, part, object(tryJson(String(held[part] ?? ''))));
  if (flat.template && flat.text === string(object(flat.template)?.name)) delete flat.text;
  if (flat.contact && flat.text === string(object(flat.contact)?.name)) delete flat.text;
  put(flat, 'metadata', own(held, metadata));
  put(flat, 'failedReason', string(error_message));
  put(flat, 'updatedAt', latest(wire));
  return known(flat);
}

function mediaOf(url: string, attachment: Json | undefined, held: Json, wire: Json, text: string | undefined): Json {
  const media: Json = { url, type: string(wire.content_type) };
  put(media, 'mimeType', string(attachment?.mime_type) ?? string(held.mime_type));
  put(media, 'filename', safeFileName(attachment?.filename) ?? safeFileName(held.filename));
  put(media, 'size', number(attachment?.size_bytes) ?? number(held.size));
  put(media, 'thumbnailUrl', string(attachment?.thumbnail_url));
  if (text !== url && text !== media.filename) put(media, 'caption', text || undefined);
  return media;
}

function placeOf({ latitude, longitude }: Json): string | undefined {
  return string(latitude) !== undefined && string(longitude) !== undefined ? `${latitude},${longitude}` : undefined;
}

function locationOf(held: Json, text: string | undefined): Json | undefined {
  const place = placeOf(held);
  if (place === undefined) return undefined;
  const location: Json = { latitude: held.latitude, longitude: held.longitude };
  if (text !== place) put(location, 'name', text || undefined);
  put(location, 'address', string(held.address));
  return location;
}

/** The metadata without what has a field of its own in our message. */
function own(held: Json, given: unknown): Json | undefined {
  if (object(given) === undefined) return undefined;
  const { reply_to_id: replyTo, ...rest } = held;
  for (const key of [...carried, ...nested]) delete rest[key];
  if (replyTo !== undefined) rest.replyToId = replyTo;
  return Object.keys(rest).length > 0 ? rest : undefined;
}

/** There is no time of change: the newest of the times that there are. */
function latest(wire: Json): string | undefined {
  const times = [wire.created_at, wire.sent_at, wire.delivered_at, wire.read_at, wire.edited_at].flatMap(
    (time) => string(time) ?? [],
  );
  return times.sort((a, b) => Date.parse(a) - Date.parse(b)).at(-1);
}

/**
 * A message as the server takes it (contract 1.3, contract 5.2): every kind needs words of some sort in `content`, the rest goes
 * into the metadata as texts.
 */
export function outgoing({ type, text, media, replyTo, metadata, ...parts }: Outgoing): Json {
  const words: Json = { content_type: media?.type ?? type, content: text ?? '' };
  const held: Record<string, string> = metadata ? toTextMap(metadata, 'metadata') : {};
  const keep = (key: string, value: unknown) => {
    if (value !== undefined && value !== '') held[key] = textOf(value);
  };
  if (media) {
    words.content = text || media.caption || media.url;
    keep('media_url', media.url);
    keep('mime_type', media.mimeType);
    keep('filename', media.filename);
    keep('size', media.size);
  }
  if (parts.location) {
    const { latitude, longitude, name, address } = parts.location;
    words.content = text || name || `${latitude},${longitude}`;
    keep('latitude', latitude);
    keep('longitude', longitude);
    keep('address', address);
  }
  for (const part of nested) keep(part, parts[part]);
  const said = parts.interactive?.body?.text ?? parts.template?.name ?? parts.contact?.name;
  if (words.content === '') words.content = said ?? '';
  keep('reply_to_id', replyTo);
  if (Object.keys(held).length > 0) words.metadata = held;
  return words;
}

/** @returns the body with the write's own key in its metadata */
export function withKey(body: Json, key: string): Json {
  return { ...body, metadata: { ...object(body.metadata), [KEY_FIELD]: key } };
}

/** @returns true for a message on the wire that was sent with this key */
export function hasKey(wire: unknown, key: string): boolean {
  return object(object(wire)?.metadata)?.[KEY_FIELD] === key;
}
