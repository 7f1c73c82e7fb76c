import type {
  Channel,
  ChatMessage,
  Chunk,
  Completion,
  Contact,
  ContactCard,
  Conversation,
  Interactive,
  InteractiveButton,
  KnowledgeBase,
  Location,
  Media,
  Message,
  QueryResult,
  Tenant,
  Unknowns,
  Usage,
  User,
} from '../model';
import { entity, idOf, unwrap } from './envelope';
import { array, isObject, type Json, misfit, number, object, put, string } from './json';

const mediaTypes = new Set(['image', 'video', 'audio', 'document', 'sticker']);

/** A message of either SDK family, or of the webhook documentation (contract 5.2). */
export function message(body: unknown): Message {
  const wire = entity(body, 'a message');
  const { content: held, type, contentType: kind, ...rest } = wire;
  const content = object(held) ?? {};
  const media = mediaOf(object(content.media) ?? object(wire.media));
  const senderType = string(wire.senderType);
  const result = rest as unknown as Message;
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
  result.contentType = string(kind) ?? string(type) ?? string(content.type) ?? inferred(result);
  return result;
}

function plain(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

function inferred(of: Message): string {
  if (of.media) return mediaTypes.has(of.media.type ?? '') ? (of.media.type as string) : 'document';
  if (of.location) return 'location';
  if (of.interactive) return 'interactive';
  if (of.template) return 'template';
  return of.contact ? 'contact' : 'text';
}

function mediaOf(wire: Json | undefined): Media | undefined {
  const url = string(wire?.url);
  return url === undefined ? undefined : { ...wire, url };
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
  return { ...wire, name: string(wire.name) ?? '', phones, emails: array(wire.emails).map(String) };
}

/** One family says `interactive`, the other `buttons` and `listSections` inside `content`. */
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

/** Contract 5.3: identities are a list in one family and a map in the other. */
export function contact(body: unknown): Contact {
  const wire = entity(body, 'a contact');
  const { avatar, identifiers, ...rest } = wire;
  const result = rest as unknown as Contact;
  result.id = idOf(wire, 'a contact');
  put(result, 'avatarUrl', string(wire.avatarUrl) ?? string(avatar));
  result.identifiers = Array.isArray(identifiers)
    ? (identifiers.filter(isObject) as Contact['identifiers'])
    : Object.entries(object(identifiers) ?? {}).map(([channelType, value]) => ({
        channelType,
        identifier: string(value) ?? '',
      }));
  return result;
}

/** Contract 5.1. */
export function conversation(body: unknown): Conversation {
  const wire = entity(body, 'a conversation');
  const { assignedAgentId, lastMessage, contact: person, ...rest } = wire;
  const result = rest as unknown as Conversation;
  const assignee = object(wire.assignee);
  const channel = object(wire.channel);
  result.id = idOf(wire, 'a conversation');
  put(result, 'channelId', string(wire.channelId) ?? string(channel?.id));
  put(result, 'channelType', string(wire.channelType) ?? string(channel?.type));
  put(result, 'assignedTo', string(wire.assignedTo) ?? string(assignedAgentId) ?? string(assignee?.id));
  if (wire.priority === 'medium') result.priority = 'normal';
  if (isObject(lastMessage)) result.lastMessage = message(lastMessage);
  if (isObject(person)) result.contact = contact(person);
  put(result, 'contactId', string(wire.contactId) ?? result.contact?.id);
  return result;
}

export function channel(body: unknown): Channel {
  const wire = entity(body, 'a channel');
  return { ...wire, id: idOf(wire, 'a channel') };
}

export function knowledgeBase(body: unknown): KnowledgeBase {
  const wire = entity(body, 'a knowledge base');
  return { ...wire, id: idOf(wire, 'a knowledge base') };
}

export function user(body: unknown): User {
  const wire = entity(isObject(unwrap(body)) ? (object(object(unwrap(body))?.user) ?? body) : body, 'a user');
  return { ...wire, id: idOf(wire, 'a user') };
}

export function tenant(body: unknown): Tenant {
  const wire = entity(body, 'a tenant');
  return { ...wire, id: idOf(wire, 'a tenant') };
}

/** Contract 1.8: `{chunks}` in most SDKs, `{results}` in two. */
export function queryResult(asked: string): (body: unknown) => QueryResult {
  return (body) => {
    const wire = entity(body, 'a query result');
    const rows = wire.chunks ?? wire.results;
    if (!Array.isArray(rows)) throw misfit('a query result');
    const result: QueryResult = { query: string(wire.query) ?? asked, chunks: rows.map(chunk) };
    put(result, 'model', string(wire.model));
    return result;
  };
}

function chunk(wire: unknown): Chunk {
  if (!isObject(wire)) throw misfit('a query result');
  const result = { ...wire, content: plain(wire.content) ?? '', score: number(wire.score) ?? 0 } as Chunk;
  const metadata = object(wire.metadata);
  const document = object(wire.document);
  put(result, 'id', string(wire.id) ?? string(wire.chunkId));
  put(
    result,
    'title',
    string(wire.title) ?? string(document?.name) ?? string(metadata?.title) ?? string(metadata?.name),
  );
  return result;
}

/** Contract 5.7: `message`, `choices[0].message` or `text`, by SDK family. */
export function completion(body: unknown): Completion {
  const wire = entity(body, 'a completion');
  const choice = object(array(wire.choices)[0]);
  const held = object(wire.message) ?? object(choice?.message);
  const text = plain(held?.content) ?? plain(wire.text) ?? plain(wire.content);
  if (text === undefined && !held?.toolCalls) throw misfit('a completion');
  const said = { ...held, role: string(held?.role) ?? 'assistant', content: text ?? '' } as ChatMessage & Unknowns;
  const result: Completion = { text: text ?? '', message: said };
  put(result, 'id', string(wire.id));
  put(result, 'model', string(wire.model));
  put(result, 'usage', usage(object(wire.usage)));
  put(result, 'finishReason', string(wire.finishReason) ?? string(choice?.finishReason));
  return result;
}

export function usage(wire: Json | undefined): Usage | undefined {
  if (!wire) return undefined;
  const result: Usage = {};
  put(result, 'promptTokens', number(wire.promptTokens));
  put(result, 'completionTokens', number(wire.completionTokens));
  put(result, 'totalTokens', number(wire.totalTokens));
  return result;
}
