import { invalid } from '../errors';
import { chatOf } from '../messages/transcript';
import type { ChatMessage, Chunk, Message } from '../model';
import { describe } from '../text';

/** The result of a knowledge search in a message. */
interface Knowledge {
  query: string;
  chunks: readonly Chunk[];
  /** the payload at that time, if it was not the question */
  payload?: string;
}

/**
 * @param payload the current payload of the message
 * @returns the result of a knowledge node in `msg.knowledge`; undefined once another node has put a new question into
 * the payload, because the passages then belong to an earlier question
 */
export function knowledgeIn(knowledge: unknown, payload: unknown): Knowledge | undefined {
  const given = (knowledge ?? {}) as Partial<Knowledge>;
  if (typeof given.query !== 'string' || !Array.isArray(given.chunks)) return undefined;
  const found = { ...given, chunks: given.chunks.map(passage) };
  return isNews(payload, found as Knowledge) ? undefined : (found as Knowledge);
}

/** Another search may have set the passages, also as texts. @throws LinktorError `validation` for one without a text */
function passage(given: unknown, index: number): Chunk {
  if (typeof given === 'string') return { content: given } as Chunk;
  if (typeof (given as Partial<Chunk> | null)?.content === 'string') return given as Chunk;
  throw invalid(
    `msg.knowledge.chunks[${index}] is ${describe(given)}, not a passage.`,
    'Give texts or {content, score}, or delete msg.knowledge before this node.',
  );
}

/** A text or a chat other than the question and the answer of a knowledge search. */
function isNews(payload: unknown, { query, chunks, payload: before }: Knowledge): boolean {
  if (Array.isArray(payload)) return payload.some((one) => typeof one?.role === 'string');
  if (typeof payload !== 'string' || payload.trim() === '' || payload === query || payload === before) return false;
  return payload !== textOf(chunks) && !chunks.some(({ content }) => content === payload);
}

/** @returns passages as one text, each with the title of its document */
export function textOf(chunks: readonly Chunk[]): string {
  return chunks.map(({ content, title }) => (title === undefined ? content : `${content}\n(${title})`)).join('\n\n');
}

/** Properties that a trigger sets on a message. */
interface Received {
  contentType?: unknown;
  attachments?: unknown;
}

/**
 * Describe a message without text, such as a picture or a location, so that a model can answer it.
 * @returns the kind and the file names, such as `[image plan.png]`; undefined for a message that was not received
 */
function wordless({ contentType, attachments }: Received): string | undefined {
  if (typeof contentType !== 'string') return undefined;
  const files = Array.isArray(attachments) ? attachments.map((one) => one?.filename) : [];
  const kind = contentType === 'text' ? 'empty message' : contentType;
  return `[${[kind, ...files.filter((name) => typeof name === 'string')].join(' ')}]`;
}

/**
 * @returns the question: the prompt, else the query of the knowledge search, else the payload, which may be a chat,
 * else the description of a received message without text
 * @throws LinktorError `validation` when there is none
 */
export function questionOf(
  prompt: string | undefined,
  found: Knowledge | undefined,
  payload: unknown,
  received: Received = {},
): ChatMessage[] {
  const asked = prompt ?? found?.query ?? payload;
  const isNothing = asked === undefined || (typeof asked === 'string' && asked.trim() === '');
  const said = (isNothing ? wordless(received) : undefined) ?? asked;
  if (Array.isArray(said)) return turnsOf(said, 'payload');
  if (typeof said !== 'string' || said.trim() === '') {
    const instead = said === undefined || said === '' ? '' : `: there is ${describe(said)}`;
    throw invalid(`There is nothing to ask${instead}.`, 'Fill in the field "prompt" or give a text in msg.payload.');
  }
  return [{ role: 'user', content: said }];
}

/**
 * Read a chat; a text is a chat of one message.
 * @param name the property with the value
 * @throws LinktorError `validation` when it is no chat
 */
export function turnsOf(given: unknown, name: string): ChatMessage[] {
  const list = typeof given === 'string' && given !== '' ? [{ role: 'user', content: given }] : given;
  // A turn may have parts, such as pictures, or tool calls in place of a text.
  const fits = (one: (Partial<ChatMessage> & { tool_calls?: unknown; toolCalls?: unknown }) | null) =>
    typeof one?.role === 'string' &&
    (typeof one.content === 'string' || Array.isArray(one.content) || Boolean(one.toolCalls ?? one.tool_calls));
  const wrong = Array.isArray(list) ? list.findIndex((one) => !fits(one)) : -1;
  if (Array.isArray(list) && list.length > 0 && wrong < 0) return list as ChatMessage[];
  const what = wrong < 0 ? describe(given) : `${describe((list as unknown[])[wrong])} as number ${wrong + 1}`;
  throw invalid(`"${name}" must be a list of {role, content}, not ${what}.`, `Give such a list in msg.${name}.`);
}

/** @returns all instructions to the model, joined; `''` when there are none */
export function instructionsOf(
  system: string | undefined,
  found: Knowledge | undefined,
  schema: string | undefined,
): string {
  const passages = found?.chunks.map(({ content }, index) => `[${index + 1}] ${content}`).join('\n');
  const form = schema && `Answer with JSON alone, without any other words. It must fit this JSON schema:\n${schema}`;
  return [system, passages, form].filter(Boolean).join('\n\n');
}

/** Is this a message of the conversation itself? Notes of the system are of no use to a model. */
export function isTalk({ senderType, status }: Message): boolean {
  // A failed message never reached the customer.
  return senderType !== 'system' && status !== 'failed';
}

/**
 * @returns the chat before the question
 * @param messages oldest first, without the one that is being answered
 * @param asked the current question; a last message with the same text is the question itself and is removed
 */
export function historyOf(messages: readonly Message[], asked: readonly ChatMessage[]): ChatMessage[] {
  const past = chatOf(messages.filter(isTalk)).filter(({ content }) => content.trim() !== '');
  const last = past.at(-1);
  const isAsked = last?.role === 'user' && last.content === asked.at(-1)?.content;
  return isAsked ? past.slice(0, -1) : past;
}
