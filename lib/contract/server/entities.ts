import {
  type AiProvider,
  type Bot,
  type Channel,
  type Contact,
  type Conversation,
  type Escalation,
  type Flow,
  type Intent,
  type KnowledgeBase,
  type KnowledgeDocument,
  type MessageTemplate,
  ownValue,
  type QueryResult,
  type Sentiment,
  type Session,
  type Tenant,
  type User,
} from '../../model';
import { type Decode, decodeEntity, idOf } from '../envelope';
import { array, isObject, type Json, number, object, put, string, unexpectedShape } from '../json';
import { camelKeys, camelKeysDeep } from '../keys';
import { CONVERSATION_TIMES, readTimes } from '../times';

/** An entity with our names and a checked id. Fields with a separate decoder are added by the caller. */
function named<T extends { id: string }>(body: unknown, what: string): { wire: Json; result: T } {
  const wire = decodeEntity(body, what);
  return { wire, result: { ...camelKeys(wire), id: idOf(wire, what) } as unknown as T };
}

/** Contract 5.1. Tags and metadata are echoed but not stored, so they are removed (contract 6.1.25). */
export function conversation(body: unknown): Conversation {
  const { wire, result } = named<Conversation>(body, 'a conversation');
  delete result.assignedUserId;
  delete result.tags;
  delete result.metadata;
  put(result, 'assignedTo', string(wire.assigned_user_id));
  return readTimes(result, CONVERSATION_TIMES);
}

/**
 * Contract 5.3. WhatsApp writes the phone number of a customer as digits. If an identity confirms that the number is
 * complete, it gets its plus sign, which marks a country code.
 */
export function contact(body: unknown): Contact {
  const result = contactAsStored(body);
  const { phone = '', identifiers } = result;
  const isWhole = identifiers.some((one) => isWhatsApp(one.channelType) && one.identifier === phone);
  if (isWhole && /^[1-9]\d{6,14}$/.test(phone)) result.phone = `+${phone}`;
  return result;
}

/** Contract 1.5: `whatsapp`, `whatsapp_official` and `whatsapp_unofficial`. */
export function isWhatsApp(channelType: string): boolean {
  return channelType.startsWith('whatsapp');
}

/** A contact with its number as the server has it, to be written back. */
export function contactAsStored(body: unknown): Contact {
  const { wire, result } = named<Contact>(body, 'a contact');
  delete result.identities;
  result.identifiers = array(wire.identities)
    .filter(isObject)
    .map((one) => {
      const { contactId: _contactId, ...rest } = camelKeys(one);
      return { ...rest, channelType: string(one.channel_type) ?? '', identifier: string(one.identifier) ?? '' };
    });
  return result;
}

/** Contract 5.4: two fields of the server are one of ours. */
export function channel(body: unknown): Channel {
  const { wire, result } = named<Channel>(body, 'a channel');
  const link = string(wire.connection_status);
  const passing = link === 'connecting' || link === 'error' ? link : undefined;
  const usual = wire.enabled === true && link === 'connected' ? 'active' : 'inactive';
  result.status = wire.enabled === false ? 'inactive' : (passing ?? usual);
  return result;
}

/** Contract 1.5: connecting may answer with a code that must be scanned or typed first. */
export function connected(body: unknown): Channel {
  const wire = decodeEntity(body, 'a channel');
  const { channel: held, ...rest } = wire;
  return isObject(held) ? { ...camelKeys(rest), ...channel(held) } : channel(wire);
}

const botTypes: Record<string, string> = { rule_based: 'flow' };

/** Contract 1.3. What is in the components, their provider has defined. */
export function messageTemplate(body: unknown): MessageTemplate {
  const { wire, result } = named<MessageTemplate>(body, 'a message template');
  result.name = string(wire.name) ?? result.id;
  result.components = array(wire.components)
    .filter(isObject)
    .map((one) => ({ ...one, type: string(one.type) ?? '' }));
  return result;
}

/** Contract 1.7. */
export function aiProviders(body: unknown): AiProvider[] {
  const { providers } = decodeEntity(body, 'a list of providers');
  if (!Array.isArray(providers)) throw unexpectedShape('a list of providers');
  return providers.filter(isObject).map((one) => {
    const models = array(one.models).flatMap((model) => string(model) ?? []);
    return { ...camelKeys(one), name: string(one.name) ?? '', models };
  });
}

/** Contract 5.5. */
export function bot(body: unknown): Bot {
  const { wire, result } = named<Bot>(body, 'a bot');
  const { knowledge_base_id, system_prompt, temperature, max_tokens, ...rest } = object(wire.config) ?? {};
  put(result, 'type', ownValue(botTypes, String(wire.type)) ?? string(wire.type));
  delete result.channels;
  result.channelIds = array(wire.channels).flatMap((id) => string(id) ?? []);
  result.knowledgeBaseIds = array([knowledge_base_id]).flatMap((id) => string(id) ?? []);
  const aiConfig: Json = {};
  put(aiConfig, 'model', string(wire.model));
  put(aiConfig, 'systemPrompt', string(system_prompt));
  put(aiConfig, 'temperature', number(temperature));
  put(aiConfig, 'maxTokens', number(max_tokens));
  result.config = { ...(camelKeysDeep(rest) as Json), aiConfig };
  return result;
}

/** Contract 5.6: the status `syncing` means processing; `inactive` stays as it is. */
export function knowledgeBase(body: unknown): KnowledgeBase {
  const { wire, result } = named<KnowledgeBase>(body, 'a knowledge base');
  const config = object(wire.config);
  if (wire.status === 'syncing') result.status = 'processing';
  result.documentCount = number(wire.item_count) ?? 0;
  put(result, 'embeddingModel', string(config?.embedding_model));
  put(result, 'chunkSize', number(config?.chunk_size));
  put(result, 'chunkOverlap', number(config?.chunk_overlap));
  if (config) result.config = camelKeysDeep(config) as Json;
  return result;
}

/** Contract 5.6: a document of this server is a pair of question and answer. */
export function item(body: unknown): KnowledgeDocument {
  const { wire, result } = named<KnowledgeDocument>(body, 'a document');
  delete result.embedding;
  put(result, 'name', string(wire.question));
  put(result, 'content', string(wire.answer));
  put(result, 'sourceUrl', string(wire.source));
  result.status = 'completed';
  return result;
}

/** Contract 1.8: `{results[{item, score}]}`, bare. */
export function found(asked: string): Decode<QueryResult> {
  return (body) => {
    const wire = decodeEntity(body, 'a query result');
    if (!Array.isArray(wire.results) && wire.results !== null) throw unexpectedShape('a query result');
    const chunks = array(wire.results).map((row) => {
      const held = item(object(row)?.item);
      const { name, content, ...rest } = held;
      const chunk = { ...rest, documentId: held.id, content: String(content ?? ''), title: name };
      return { ...chunk, score: number(object(row)?.score) ?? 0, metadata: object(held.metadata) };
    });
    return { query: string(wire.query) ?? asked, chunks };
  };
}

/** Contract 5.8: nodes carry their transitions, there are no edges. */
export function flow(body: unknown): Flow {
  const { wire, result } = named<Flow>(body, 'a flow');
  result.status = wire.is_active === true ? 'active' : 'inactive';
  return result;
}

/** Contract 1.7: `{intent{name, confidence, entities}, candidates}`. */
export function intent(body: unknown): Intent {
  const { intent: best, ...rest } = decodeEntity(body, 'an intent');
  const name = string(object(best)?.name);
  if (name === undefined) throw unexpectedShape('an intent');
  return { ...camelKeys(rest), ...object(best), name } as Intent;
}

/** Contract 1.7. @throws LinktorError `serialization` */
export function sentiment(body: unknown): Sentiment {
  const wire = decodeEntity(body, 'a sentiment');
  const found = string(wire.sentiment);
  if (found === undefined) throw unexpectedShape('a sentiment');
  return { ...camelKeys(wire), sentiment: found };
}

/** Contract 1.2. */
export function escalation(body: unknown): Escalation {
  const { assigned_user_id, ...rest } = decodeEntity(body, 'an escalation');
  const result = camelKeys(rest) as Escalation;
  put(result, 'assignedTo', string(assigned_user_id));
  return result;
}

/** Contract 1.1. */
export function user(body: unknown): User {
  return named<User>(body, 'a user').result;
}

/** Contract 1.1. */
export function tenant(body: unknown): Tenant {
  const { wire, result } = named<Tenant>(body, 'an organisation');
  return { ...result, limits: camelKeysDeep(wire.limits) };
}

/** Contract 1.1. */
export function session(body: unknown): Session {
  const wire = decodeEntity(body, 'a session');
  const accessToken = string(wire.access_token);
  if (accessToken === undefined) throw unexpectedShape('a session');
  const result: Session = { accessToken };
  put(result, 'refreshToken', string(wire.refresh_token));
  put(result, 'expiresIn', number(wire.expires_in));
  if (isObject(wire.user) && string(wire.user.id)) result.user = user(wire.user);
  return result;
}
