import { LinktorError } from '../errors';
import type { CompletionChunk } from '../model';
import { readAnswer } from './answers';
import { statedFailure } from './envelope';
import { array, isObject, type Json, object, put, tryJson } from './json';

/** One event of a stream, received as a server-sent event or as a line of JSON. */
export interface StreamEvent {
  /** the name of a server-sent event */
  name?: string;
  data: string;
}

/** A decoded event. */
export interface StreamStep<T> {
  piece?: T;
  /** the answer is complete, although something may follow, such as its usage */
  isEnd?: boolean;
  /** nothing follows, even if the server keeps the connection open */
  isLast?: boolean;
  /** the failure reported by the server */
  error?: LinktorError;
}

/** Events of other families that end a stream. */
const LAST_TYPES = new Set(['message_stop', 'response.completed', 'done']);
const MAX_HEARTBEAT_LENGTH = 100;
const ERROR_NAMES = new Set(['error', 'response.failed', 'response.error']);

const HEARTBEAT = /^(?:ping|pong|heartbeat|keep-?alive)$/i;

/** An event that only keeps the connection open, as a comment does. */
export function isHeartbeat({ name = '', data }: StreamEvent): boolean {
  if (name !== '') return HEARTBEAT.test(name);
  const text = data.trim();
  if (text === '' || text === '{}' || HEARTBEAT.test(text)) return true;
  // Only a short event can be one: parsing every event twice would be wasted.
  const wire = text.length <= MAX_HEARTBEAT_LENGTH ? tryJson(text) : undefined;
  return isObject(wire) && typeof wire.type === 'string' && HEARTBEAT.test(wire.type);
}

/**
 * Decode an event of a streamed completion (contract 1.7). The end must be explicit: a finish reason, `[DONE]`, or a
 * complete answer in place of a stream.
 * @returns an empty step for an event of another kind
 */
export function completionStep({ name, data }: StreamEvent): StreamStep<CompletionChunk> {
  if (data.trim() === '[DONE]') return { isEnd: true, isLast: true };
  if (isHeartbeat({ name, data })) return {};
  const wire = tryJson(data);
  if (name !== undefined && ERROR_NAMES.has(name)) return { error: errorOf(isObject(wire) ? wire : { error: data }) };
  if (!isObject(wire)) return {};
  if (isError(wire)) return { error: errorOf(wire) };
  const type = typeof wire.type === 'string' ? wire.type : name;
  const step: StreamStep<CompletionChunk> = LAST_TYPES.has(type ?? '') ? { isEnd: true, isLast: true } : {};
  if (type === 'message_start') return step;
  const inner =
    object(wire.data) && wire.choices === undefined && wire.delta === undefined ? (wire.data as Json) : wire;
  const { text, refusal, toolCalls, finishReason, usage, id, model } = readAnswer(inner);
  const chunk: CompletionChunk = { delta: text ?? '' };
  put(chunk, 'id', id);
  put(chunk, 'model', model);
  put(chunk, 'finishReason', finishReason);
  put(chunk, 'refusal', refusal);
  put(chunk, 'toolCalls', toolCalls);
  put(chunk, 'usage', usage);
  if (finishReason !== undefined || isWhole(inner) || inner.done === true) step.isEnd = true;
  const says = chunk.delta !== '' || [finishReason, refusal, toolCalls, usage].some((one) => one !== undefined);
  return says ? { ...step, piece: chunk } : step;
}

function isError(wire: Json): boolean {
  const { error, type, success } = wire;
  return (
    type === 'error' || success === false || (error !== undefined && error !== null && error !== false && error !== '')
  );
}

/** Does the answer have a complete message in place of a delta? Lines of Ollama have `done` as well. */
function isWhole(wire: Json): boolean {
  if (wire.done !== undefined || wire.delta !== undefined) return false;
  return isObject(wire.message) || array(wire.choices).some((choice) => isObject(object(choice)?.message));
}

function errorOf(wire: Json): LinktorError {
  const stated = statedFailure({ ...wire, success: false, data: undefined }, 200);
  const { code, message, cause } = stated ?? new LinktorError('server', 'The server broke off with an error.');
  return new LinktorError(code, message, { serverCode: cause.serverCode, details: cause.details, hint: cause.hint });
}
