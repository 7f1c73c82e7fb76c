import type { ContactCard, Interactive, InteractiveButton, Location, Media, Message } from '../model';
import { decodeEntity, idOf } from './envelope';
import { array, isObject, type Json, number, object, plain, put, safeFileName, string } from './json';
import { readTimes } from './times';

const mediaTypes = new Set(['image', 'video', 'audio', 'document', 'sticker']);

/**
 * Fields of a message that have a decoder: each is present in its decoded form or absent, so that readers can rely on
 * it. Also `__proto__`, which would become the prototype of the message.
 */
function isDecoded(field: string): boolean {
  switch (field) {
    case '__proto__':
    case 'content':
    case 'type':
    case 'contentType':
    case 'text':
    case 'media':
    case 'location':
    case 'contact':
    case 'interactive':
    case 'template':
      return true;
    default:
      return false;
  }
}

/**
 * @returns the message with its fields that need no decoder. It runs for every event: a rest pattern, or a set of names,
 * takes twice as long
 */
function undecodedPart(wire: Json): Message {
  const message: Json & Pick<Message, 'id' | 'conversationId' | 'direction'> = {
    id: idOf(wire, 'a message'),
    conversationId: '',
    direction: '',
  };
  for (const field in wire) if (!isDecoded(field)) message[field] = wire[field];
  return message as unknown as Message;
}

/** A message of either SDK family, or of the webhook documentation (contract 5.2). */
export function message(body: unknown): Message {
  const wire = decodeEntity(body, 'a message');
  const { content: held } = wire;
  const content = object(held) ?? {};
  const media = mediaOf(object(content.media) ?? object(wire.media));
  const senderType = string(wire.senderType);
  const result = undecodedPart(wire);
  result.id = idOf(wire, 'a message');
  result.conversationId = string(wire.conversationId) ?? '';
  result.direction = string(wire.direction) ?? (senderType === 'contact' ? 'inbound' : 'outbound');
  put(result, 'senderType', senderType === 'user' ? 'agent' : senderType);
  put(result, 'text', plain(content.text) ?? plain(wire.text) ?? plain(held));
  put(result, 'media', media);
  put(result, 'location', locationOf(object(content.location) ?? object(wire.location)));
  put(result, 'contact', cardOf(object(content.contact) ?? object(wire.contact)));
  put(result, 'interactive', interactiveOf(object(content.interactive) ?? object(wire.interactive), content));
  put(result, 'template', (object(content.template) ?? object(wire.template)) as Message['template']);
  const type = string(wire.type);
  // One SDK family has eight words for `contentType`; `type` of the other has these as well.
  const richer = type !== undefined && RICHER_TYPES.has(type) ? type : undefined;
  result.contentType = richer ?? string(wire.contentType) ?? type ?? string(content.type) ?? inferred(result);
  return readTimes(result, ['createdAt', 'updatedAt']);
}

const RICHER_TYPES: ReadonlySet<string> = new Set(['interactive', 'template', 'system']);

function inferred(of: Message): string {
  if (of.media) return mediaTypes.has(of.media.type ?? '') ? (of.media.type as string) : 'document';
  if (of.location) return 'location';
  if (of.interactive) return 'interactive';
  if (of.template) return 'template';
  return of.contact ? 'contact' : 'text';
}

function mediaOf(wire: Json | undefined): Media | undefined {
  const url = string(wire?.url);
  if (url === undefined) return undefined;
  const { filename, ...rest } = wire ?? {};
  const media: Media = { ...rest, url };
  put(media, 'filename', safeFileName(filename));
  return media;
}

function locationOf(wire: Json | undefined): Location | undefined {
  const latitude = number(wire?.latitude);
  const longitude = number(wire?.longitude);
  return latitude === undefined || longitude === undefined ? undefined : { ...wire, latitude, longitude };
}

function cardOf(wire: Json | undefined): ContactCard | undefined {
  if (!wire) return undefined;
  const phones = array(wire.phones).map((phone) =>
    isObject(phone) ? { ...phone, number: string(phone.number) ?? '' } : { number: string(phone) ?? '' },
  );
  return { ...wire, name: string(wire.name) ?? '', phones, emails: texts(wire.emails) };
}

function texts(wire: unknown): string[] {
  return array(wire).flatMap((one) => string(one) ?? []);
}

/** One family sends `interactive`, the other `buttons` and `listSections` inside `content`. */
function interactiveOf(wire: Json | undefined, content: Json): Interactive | undefined {
  if (wire) return { ...wire, type: string(wire.type) ?? 'button' } as Interactive;
  if (Array.isArray(content.buttons)) {
    return { type: 'button', action: { buttons: content.buttons.filter(isObject).map(buttonOf) } };
  }
  if (Array.isArray(content.listSections)) {
    return { type: 'list', action: { sections: content.listSections } } as Interactive;
  }
  return undefined;
}

function buttonOf(wire: Json): InteractiveButton {
  const title = string(wire.text) ?? string(wire.title) ?? '';
  return { ...wire, type: string(wire.type) ?? 'reply', id: string(wire.payload) ?? string(wire.id) ?? title, title };
}
