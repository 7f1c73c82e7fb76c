import {
  type Button,
  type ContactCard,
  type Content,
  type GeoPoint,
  type ListSection,
  MESSAGE_KINDS,
  type Media,
  type MessageKind,
} from '../state/message';
import { type Fields, type Form, isFields } from './form';
import { invalid } from './problem';

const MIME_TYPES: Readonly<Record<string, string>> = {
  png: 'image/png',
  jpg: 'image/jpeg',
  jpeg: 'image/jpeg',
  gif: 'image/gif',
  webp: 'image/webp',
  mp4: 'video/mp4',
  mov: 'video/quicktime',
  webm: 'video/webm',
  mp3: 'audio/mpeg',
  ogg: 'audio/ogg',
  wav: 'audio/wav',
  m4a: 'audio/mp4',
  pdf: 'application/pdf',
  txt: 'text/plain',
  csv: 'text/csv',
  json: 'application/json',
};
/** Fallback by kind: the most common types in channels. */
const DEFAULT_MIME_TYPES: Readonly<Record<string, string>> = {
  image: 'image/jpeg',
  video: 'video/mp4',
  audio: 'audio/ogg',
  sticker: 'image/webp',
};
const MEDIA_KINDS: readonly MessageKind[] = ['image', 'video', 'audio', 'document', 'sticker'];

/**
 * Reads the content of an outgoing message in the format of any SDK family: `type`, `contentType` or neither; media
 * with or without its own type; buttons as `buttons`, `interactive` or `quickReplies`.
 *
 * @throws a 400 Problem that names the field
 */
export function readContent(form: Form): Content {
  const text = form.text('text');
  const media = readMedia(form.form('media'));
  const card = form.form('contact');
  const content: Content = {
    kind: 'text',
    text,
    media,
    location: readLocation(form.form('location')),
    contact: card && readCard(card),
    interactive: form.map('interactive'),
    template: readTemplate(form.form('template')),
    buttons: readButtons(form),
    sections: readSections(form),
  };
  if (content.interactive && !text) content.text = interactiveText(content.interactive);
  const asked = form.choice('type', MESSAGE_KINDS) ?? form.choice('contentType', MESSAGE_KINDS);
  content.kind = asked ?? inferKind(content);
  requireParts(form, content);
  for (const key of Object.keys(content) as (keyof Content)[]) if (content[key] === undefined) delete content[key];
  return content;
}

function inferKind({ media, interactive, buttons, template, location, contact }: Content): MessageKind {
  if (media) return inferMediaKind(media);
  if (interactive || buttons) return 'interactive';
  if (template) return 'template';
  if (location) return 'location';
  return contact ? 'contact' : 'text';
}

function inferMediaKind({ type, mimeType, url }: Media): MessageKind {
  const named = MEDIA_KINDS.find((kind) => kind === type);
  if (named) return named;
  const family = MEDIA_KINDS.find((kind) => mimeType?.startsWith(`${kind}/`));
  if (family) return family;
  if (/\.(png|jpe?g|gif|webp)($|\?)/i.test(url)) return 'image';
  if (/\.(mp4|mov|webm)($|\?)/i.test(url)) return 'video';
  return /\.(mp3|ogg|wav|m4a)($|\?)/i.test(url) ? 'audio' : 'document';
}

/** The MIME type of a data URL, of the ending of the name or the URL, or of the kind. */
function inferMimeType(url: string, filename: string | undefined, kind: MessageKind | undefined): string {
  const named = /^data:([\w.+-]+\/[\w.+-]+)/i.exec(url)?.[1];
  if (named) return named.toLowerCase();
  const ending = [filename ?? '', url.split(/[?#]/)[0] ?? '']
    .map((name) => /\.(\w{2,5})$/.exec(name)?.[1]?.toLowerCase())
    .find((found) => found !== undefined && Object.hasOwn(MIME_TYPES, found));
  return (ending && MIME_TYPES[ending]) ?? DEFAULT_MIME_TYPES[kind ?? ''] ?? 'application/octet-stream';
}

/** Refuses a kind without the part that it is made of. */
function requireParts(form: Form, content: Content): void {
  const { kind } = content;
  if (MEDIA_KINDS.includes(kind) && !content.media) throw invalid('media', 'is required');
  if (kind === 'interactive' && !content.interactive && !content.buttons) throw invalid('interactive', 'is required');
  if (kind === 'location' && !content.location) throw invalid('location', 'is required');
  if (kind === 'contact' && !content.contact) throw invalid('contact', 'is required');
  if (kind === 'template' && !content.template) throw invalid('template', 'is required');
  if (kind === 'text' || kind === 'system') form.needText('text');
}

function readMedia(form: Form | undefined): Media | undefined {
  if (!form) return undefined;
  const url = form.needText('url');
  if (!/^(https?:|data:)/i.test(url)) throw invalid(form.name('url'), 'must be an http, https or data URL');
  const type = form.choice('type', MEDIA_KINDS);
  const filename = form.text('filename');
  return {
    type,
    url,
    mimeType: form.text('mimeType') ?? inferMimeType(url, filename, type),
    filename,
    size: form.number('size', { min: 0 }),
    caption: form.text('caption'),
    voice: form.flag('voice'),
  };
}

function readLocation(form: Form | undefined): GeoPoint | undefined {
  if (!form) return undefined;
  return {
    latitude: form.needNumber('latitude', { min: -90, max: 90 }),
    longitude: form.needNumber('longitude', { min: -180, max: 180 }),
    name: form.text('name'),
    address: form.text('address'),
  };
}

/** Reads a contact card: a name, phones as texts or `{type, number}`, and e-mails. */
export function readCard(form: Form): ContactCard {
  const phones = (form.list('phones') ?? []).map((phone, index) => {
    if (typeof phone === 'string') return { type: 'mobile', number: phone };
    if (!isFields(phone) || typeof phone.number !== 'string')
      throw invalid(form.name(`phones[${index}].number`), 'is required');
    return { type: typeof phone.type === 'string' ? phone.type : 'mobile', number: phone.number };
  });
  return { name: form.needText('name'), phones, emails: form.texts('emails') ?? [] };
}

function readTemplate(form: Form | undefined): Fields | undefined {
  if (!form) return undefined;
  form.needText('name');
  form.needText('language');
  form.forms('components');
  return form.fields();
}

function readButtons(form: Form): Button[] | undefined {
  const plain = form.forms('buttons')?.map((button) => {
    const type = button.choice('type', ['reply', 'url', 'call']) ?? 'reply';
    if (type === 'url') button.needText('url');
    if (type === 'call') button.needText('phone');
    return {
      type,
      text: button.needText('text'),
      payload: button.text('payload'),
      url: button.text('url'),
      phone: button.text('phone'),
    };
  });
  const quick = form.forms('quickReplies')?.map((reply) => ({
    type: 'reply',
    text: reply.needText('title'),
    payload: reply.text('id'),
  }));
  const nested = form
    .form('interactive')
    ?.form('action')
    ?.forms('buttons')
    ?.map((button) => ({
      type: button.text('type') ?? 'reply',
      text: button.needText('title'),
      payload: button.text('id'),
    }));
  const buttons = plain ?? quick ?? nested;
  return buttons && buttons.length > 0 ? buttons : undefined;
}

function readSections(form: Form): ListSection[] | undefined {
  return form
    .form('interactive')
    ?.form('action')
    ?.forms('sections')
    ?.map((section) => ({
      title: section.text('title'),
      rows: (section.forms('rows') ?? []).map((row) => ({
        id: row.needText('id'),
        title: row.needText('title'),
        description: row.text('description'),
      })),
    }));
}

function interactiveText(interactive: Fields): string | undefined {
  const body = interactive.body;
  return isFields(body) && typeof body.text === 'string' ? body.text : undefined;
}
