import type {
  Agent,
  AgentAnswer,
  Bot,
  Channel,
  ChatMessage,
  Chunk,
  Completion,
  Contact,
  Conversation,
  Embeddings,
  Execution,
  Flow,
  KnowledgeBase,
  KnowledgeDocument,
  QueryResult,
  Rendering,
  Session,
  Tenant,
  Unknowns,
  UploadedFile,
  User,
  VisualTemplate,
  Webhook,
} from '../model';
import { readAnswer, usageOf } from './answers';
import { type Decode, decodeEntity, idOf, unwrap } from './envelope';
import { array, isObject, number, object, plain, put, string, unexpectedShape } from './json';
import { camelKeys } from './keys';
import { message } from './message';
import { brokenOff } from './stream';
import { CONVERSATION_TIMES, readTimes } from './times';

/** Contract 5.3: identities are a list in one family and a map in the other. */
export function contact(body: unknown): Contact {
  const wire = decodeEntity(body, 'a contact');
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
  const wire = decodeEntity(body, 'a conversation');
  const { assignedAgentId, lastMessage, contact: person, ...rest } = wire;
  const result = rest as unknown as Conversation;
  const assignee = object(wire.assignee);
  const channel = object(wire.channel);
  result.id = idOf(wire, 'a conversation');
  put(result, 'channelId', string(wire.channelId) ?? string(channel?.id));
  put(result, 'channelType', string(wire.channelType) ?? string(channel?.type));
  put(result, 'assignedTo', string(wire.assignedTo) ?? string(assignedAgentId) ?? string(assignee?.id));
  if (wire.priority === 'medium') result.priority = 'normal';
  // An embedded part may be only a summary, and must not make decoding of the conversation or its list fail.
  if (isObject(lastMessage) && string(lastMessage.id)) result.lastMessage = message(lastMessage);
  if (isObject(person) && string(person.id)) result.contact = contact(person);
  put(result, 'contactId', string(wire.contactId) ?? result.contact?.id);
  return readTimes(result, CONVERSATION_TIMES);
}

/** Entities that are the same in every family of the contract. */
function plainly<T extends { id: string }>(what: string): Decode<T> {
  return (body) => {
    const wire = decodeEntity(body, what);
    return { ...wire, id: idOf(wire, what) } as unknown as T;
  };
}

export const channel = plainly<Channel>('a channel');
export const knowledgeBase = plainly<KnowledgeBase>('a knowledge base');
export const document = plainly<KnowledgeDocument>('a document');
export const bot = plainly<Bot>('a bot');
export const flow = plainly<Flow>('a flow');
export const execution = plainly<Execution>('an execution');
export const agent = plainly<Agent>('an agent');
export const webhook = plainly<Webhook>('a webhook');
export const tenant = plainly<Tenant>('a tenant');

/** An object whose fields are defined by the server. */
export function facts(body: unknown): Unknowns {
  return decodeEntity(body, 'an object');
}

/** Contract 1.10: `{url?, data?}`; the rows of a report are no envelope. */
export function report(body: unknown): Unknowns {
  return isObject(body) && Array.isArray(body.data) ? { ...body } : decodeEntity(body, 'a report');
}

/** `{status: number}`, by status. */
export function counts(body: unknown): Record<string, number> {
  const wire = decodeEntity(body, 'a list of counts');
  const found = Object.entries(wire).flatMap(([key, value]): [string, number][] => {
    const figure = number(value);
    return figure === undefined ? [] : [[key, figure]];
  });
  return Object.fromEntries(found);
}

/** Contract 1.1: bare, or in `user`. @throws LinktorError `serialization` */
export function user(body: unknown): User {
  const wire = decodeEntity(isObject(unwrap(body)) ? (object(object(unwrap(body))?.user) ?? body) : body, 'a user');
  return { ...wire, id: idOf(wire, 'a user') };
}

/** Contract 1.1: the tokens, and whom they are for. @throws LinktorError `serialization` without an access token */
export function session(body: unknown): Session {
  const inner = decodeEntity(body, 'a session');
  // The documentation puts the user into the data and the tokens beside it.
  const wire = isObject(body) && isObject(body.meta) ? { ...inner, ...body.meta } : inner;
  const accessToken = string(wire.accessToken) ?? string(wire.token);
  if (accessToken === undefined) throw unexpectedShape('a session');
  const result: Session = { accessToken };
  put(result, 'refreshToken', string(wire.refreshToken));
  put(result, 'expiresIn', number(wire.expiresIn));
  if (isObject(wire.user) && string(wire.user.id)) result.user = user(wire.user);
  if (isObject(wire.tenant) && string(wire.tenant.id)) result.tenant = tenant(wire.tenant);
  return result;
}

/** Contract 1.7: `data[{index, embedding}]`, or `embeddings[][]`. There must be one vector for each text. */
export function embeddings(input: string | readonly string[]): Decode<Embeddings> {
  const asked = typeof input === 'string' ? 1 : input.length;
  return (body) => {
    const wire = isObject(body) && Array.isArray(body.data) ? body : decodeEntity(body, 'embeddings');
    const rows = Array.isArray(wire.data) ? inOrder(wire.data) : array(wire.embeddings);
    const vectors = rows.map((row) => (isObject(row) ? row.embedding : row));
    const isVector = (value: unknown) => Array.isArray(value) && value.length > 0 && value.every(Number.isFinite);
    if (vectors.length !== asked || !vectors.every(isVector)) throw unexpectedShape(`${asked} embeddings`);
    const lengths = new Set((vectors as number[][]).map(({ length }) => length));
    if (lengths.size > 1) throw unexpectedShape(`embeddings of one length (there are ${[...lengths].join(', ')})`);
    const result: Embeddings = { dimension: (vectors[0] as number[])?.length ?? 0, vectors: vectors as number[][] };
    put(result, 'model', string(wire.model));
    put(result, 'usage', usageOf(wire));
    return result;
  };
}

/** @returns the rows by their index, if they have one @throws LinktorError `serialization` where it says no order */
function inOrder(rows: readonly unknown[]): unknown[] {
  const indexed = rows.map((row): [number | undefined, unknown] => [number(object(row)?.index), row]);
  if (indexed.some(([index]) => index === undefined)) return [...rows];
  const sorted = indexed.sort(([one = 0], [other = 0]) => one - other);
  const [first = 0] = sorted[0] ?? [];
  if (sorted.some(([index], place) => index !== first + place)) {
    const told = sorted.map(([index]) => index).slice(0, 10);
    throw unexpectedShape(`embeddings in an order (their indexes are ${told.join(', ')})`);
  }
  return sorted.map(([, row]) => row);
}

/** Contract 1.7: `{response}`, or a completion. */
export function agentAnswer(body: unknown): AgentAnswer {
  const wire = decodeEntity(body, 'an answer');
  const { response, choices: _choices, conversationId, usage, ...rest } = wire;
  const words = plain(response);
  const answer = words === undefined ? completion(wire) : { text: words };
  const result: AgentAnswer = { ...rest, ...answer };
  put(result, 'conversationId', string(conversationId));
  put(result, 'usage', usageOf({ usage }));
  return result;
}

/** Contract 1.11: snake_case, the picture as base64 or as a data URI. */
export function rendering(body: unknown): Rendering {
  const wire = decodeEntity(body, 'a rendering');
  const { imageBase64, imageUrl, messageId, caption, image: _image, ...others } = camelKeys(wire);
  const { width, height, format, renderTimeMs, sizeBytes, cacheHit, ...rest } = others;
  const encoded = string(imageBase64)?.replace(/^data:[^,]*,/, '');
  const result: Rendering = {};
  if (encoded !== undefined) result.image = Buffer.from(encoded, 'base64');
  put(result, 'imageUrl', string(imageUrl));
  put(result, 'messageId', string(messageId));
  put(result, 'caption', plain(caption));
  put(result, 'width', number(width));
  put(result, 'height', number(height));
  put(result, 'format', string(format));
  put(result, 'renderTimeMs', number(renderTimeMs));
  put(result, 'sizeBytes', number(sizeBytes));
  if (typeof cacheHit === 'boolean') result.cacheHit = cacheHit;
  if (Object.keys(result).length === 0) throw unexpectedShape('a rendering');
  return { ...rest, ...result };
}

/** Contract 1.3: the address is all that is needed of it. */
export function uploadedFile(body: unknown): UploadedFile {
  const wire = decodeEntity(body, 'an uploaded file');
  const url = string(wire.url) ?? '';
  if (!/^https?:/i.test(url) || !URL.canParse(url)) throw unexpectedShape('an uploaded file');
  const file: UploadedFile = { url };
  put(file, 'expiresAt', string(wire.expiresAt));
  return file;
}

/** Contract 1.11: a list of objects in one contract, of names in the other. @throws LinktorError `serialization` */
export function visualTemplates(body: unknown): VisualTemplate[] {
  const wire = decodeEntity(body, 'a list of templates');
  if (!Array.isArray(wire.templates)) throw unexpectedShape('a list of templates');
  return wire.templates.map((one): VisualTemplate => {
    if (isObject(one)) return { ...one, id: idOf(one, 'a template') };
    const id = string(one);
    if (id === undefined) throw unexpectedShape('a list of templates');
    return { id, name: id };
  });
}

/** Contract 1.8: `{chunks}` in most SDKs, `{results}` in two. */
export function queryResult(asked: string): Decode<QueryResult> {
  return (body) => {
    const wire = decodeEntity(body, 'a query result');
    const { chunks, results, query, model, usage, ...rest } = camelKeys(wire);
    const rows = chunks ?? results;
    if (!Array.isArray(rows)) throw unexpectedShape('a query result');
    const result: QueryResult = { ...rest, query: string(query) ?? asked, chunks: rows.map(chunk) };
    put(result, 'model', string(model));
    put(result, 'usage', usageOf({ usage }));
    return result;
  };
}

function chunk(wire: unknown): Chunk {
  if (!isObject(wire)) throw unexpectedShape('a query result');
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

/** Contract 5.7: any form that {@link readAnswer} knows. An answer without text is valid if it states a reason. */
export function completion(body: unknown): Completion {
  const wire = decodeEntity(body, 'a completion');
  const broken = brokenOff(wire);
  if (broken) throw broken;
  const { message: held, text, usage: used, ...answer } = readAnswer(wire);
  const says = [text, answer.refusal, answer.toolCalls, answer.finishReason].some((one) => one !== undefined);
  // A list that a filter has emptied was paid for.
  const isEmptied = used !== undefined && Array.isArray(wire.choices ?? wire.candidates);
  if (!says && !isEmptied) throw unexpectedShape('a completion');
  const message = { ...held, role: string(held?.role) ?? 'assistant', content: text ?? '' } as ChatMessage & Unknowns;
  const result: Completion = { text: text ?? '', message };
  put(result, 'usage', used);
  return Object.assign(result, answer);
}
