import type { ContactCard, Interactive, Outgoing } from '../../model';
import { type Json, object } from '../json';
import { textOf, toTextMap } from './words';

/** Metadata field with the write's own key, by which the message can be found again. */
export const KEY_FIELD = 'idempotency_key';
const NESTED_FIELDS = ['interactive', 'template', 'contact'] as const;
/** Maximum number of replies that the SMS adapter reads. */
const MAX_QUICK_REPLY_FIELDS = 3;

/** @returns true when the adapter of WhatsApp reads the content as JSON, so that the channel has to be known */
export function isChannelSpecific({ interactive, contact }: Outgoing): boolean {
  return interactive !== undefined || contact !== undefined;
}

/**
 * Encode a message for the server (contract 1.3, contract 5.2): every kind needs a text in `content`; the rest goes
 * into the metadata as texts, under our names and under the names that the channel adapters read (contract 8.2).
 * @param channelType WhatsApp gets choices and contact cards as JSON in `content`
 */
export function outgoing({ type, text, media, replyTo, metadata, ...parts }: Outgoing, channelType = ''): Json {
  const words: Json = { content_type: media?.type ?? type, content: text ?? '' };
  const held: Record<string, string> = metadata ? toTextMap(metadata, 'metadata') : {};
  const keep = (fields: Record<string, unknown>) => {
    for (const [key, value] of Object.entries(fields))
      if (value !== undefined && value !== '') held[key] = textOf(value);
  };
  if (media) {
    words.content = text || media.caption || media.url;
    const { url, mimeType, filename, size, voice } = media;
    keep({ media_url: url, mime_type: mimeType, filename, size, voice: voice === true ? 'true' : undefined });
  }
  if (parts.location) {
    const { latitude, longitude, name, address } = parts.location;
    words.content = text || name || `${latitude},${longitude}`;
    keep({ latitude, longitude, address, location_name: name, location_address: address });
  }
  if (parts.template) {
    const { name, language, components } = parts.template;
    keep({ template_name: name, template_language: language, template_components: components });
  }
  if (parts.interactive) keep(replyFields(parts.interactive));
  for (const part of NESTED_FIELDS) keep({ [part]: parts[part] });
  const label = parts.interactive?.body?.text ?? parts.template?.name ?? parts.contact?.name;
  if (words.content === '') words.content = label ?? '';
  if (channelType.startsWith('whatsapp')) {
    if (parts.interactive) words.content = JSON.stringify(cloudInteractive(parts.interactive));
    if (parts.contact) words.content = JSON.stringify([cloudCard(parts.contact)]);
  }
  keep({ reply_to_id: replyTo });
  if (Object.keys(held).length > 0) words.metadata = held;
  return words;
}

/** Choices as the adapters of Telegram, RCS and SMS read them. */
function replyFields({ type, action = {} }: Interactive): Record<string, unknown> {
  const rows = (action.sections ?? []).flatMap((section) => section.rows);
  const replies = [...(action.buttons ?? []), ...rows].map(({ id, title }) => ({ id, title }));
  const fields: Record<string, unknown> = {
    interactive_type: type,
    quick_replies: replies,
    suggestions: replies.map(({ id, title }) => ({ type: 'reply', text: title, postback_data: id })),
  };
  for (const [index, { title }] of replies.slice(0, MAX_QUICK_REPLY_FIELDS).entries()) {
    fields[`quick_reply_${index + 1}`] = title;
  }
  return fields;
}

/** The format of WhatsApp's Cloud API. */
function cloudInteractive({ type, body, action = {}, ...rest }: Interactive): Json {
  if (type === 'list') {
    return { ...rest, type, body, action: { button: action.button ?? 'Menu', sections: action.sections ?? [] } };
  }
  const buttons = (action.buttons ?? []).map(({ id, title }) => ({ type: 'reply', reply: { id, title } }));
  return { ...rest, type, body, action: { ...action, buttons } };
}

function cloudCard({ name, phones, emails }: ContactCard): Json {
  return {
    name: { formatted_name: name, first_name: name },
    phones: phones.map(({ type, number }) => ({ phone: number, type: (type ?? 'mobile').toUpperCase() })),
    emails: emails.map((email) => ({ email, type: 'WORK' })),
  };
}

/** @returns the body with the write's own key in its metadata */
export function withKey(body: Json, key: string): Json {
  return { ...body, metadata: { ...object(body.metadata), [KEY_FIELD]: key } };
}

/** @returns true for a message on the wire that was sent with this key */
export function hasKey(wire: unknown, key: string): boolean {
  return object(object(wire)?.metadata)?.[KEY_FIELD] === key;
}
