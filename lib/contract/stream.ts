import { LinktorError } from '../errors';
import type { CompletionChunk } from '../model';
import { readAnswer } from './answers';
import { reasonIn, statedFailure, statesError } from './envelope';
import { array, isObject, type Json, object, tryJson } from './json';
import { inCommonForm } from './stream-families';

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
  /** the event says nothing known; this is what it says, to be told when no answer comes */
  unread?: string;
}

/** Events of other families that end a stream. */
const LAST_TYPES = new Set(['message_stop', 'response.completed', 'response.incomplete', 'done']);
const MAX_HEARTBEAT_LENGTH = 100;
const MAX_UNREAD_LENGTH = 500;
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
  if (data.trim().toUpperCase() === '[DONE]') return { isEnd: true, isLast: true };
  if (isHeartbeat({ name, data })) return {};
  const wire = tryJson(data);
  const type = isObject(wire) && typeof wire.type === 'string' ? wire.type : name;
  if (type !== undefined && ERROR_NAMES.has(type)) return { error: errorOf(isObject(wire) ? wire : { error: data }) };
  if (!isObject(wire)) return { unread: data.slice(0, MAX_UNREAD_LENGTH) };
  if (isError(wire)) return { error: errorOf(wire) };
  const isLast = LAST_TYPES.has(type ?? '');
  const step: StreamStep<CompletionChunk> = isLast ? { isEnd: true, isLast } : {};
  const inner =
    object(wire.data) && wire.choices === undefined && wire.delta === undefined ? (wire.data as Json) : wire;
  const common = inCommonForm(inner, type);
  const chunk = chunkOf(common);
  if (chunk.finishReason !== undefined || isWhole(common) || common.done === true) step.isEnd = true;
  const { delta, id: _id, model: _model, ...facts } = chunk;
  if (delta !== '' || Object.keys(facts).length > 0) return { ...step, piece: chunk };
  const isKnown = step.isEnd || common !== inner || ['choices', 'delta', 'message'].some((key) => isObject(inner[key]));
  if (isKnown || array(inner.choices).length > 0) return step;
  return { unread: (reasonIn(inner) ?? data).slice(0, MAX_UNREAD_LENGTH) };
}

function chunkOf(wire: Json): CompletionChunk {
  const { text, message: _message, ...facts } = readAnswer(wire, true);
  return { delta: text ?? '', ...facts };
}

function isError(wire: Json): boolean {
  const { error, success, choices } = wire;
  return success === false || statesError(error) || array(choices).some((one) => statesError(object(one)?.error));
}

/** Does the answer have a complete message in place of a delta? Lines of Ollama have `done` as well. */
function isWhole(wire: Json): boolean {
  if (wire.done !== undefined || wire.delta !== undefined) return false;
  return isObject(wire.message) || array(wire.choices).some((choice) => isObject(object(choice)?.message));
}

/** @returns the failure in an answer of a model, with the text before it, which has been billed */
export function brokenOff(wire: Json): LinktorError | undefined {
  if (!isError(wire)) return undefined;
  const { text, usage, id } = readAnswer(wire);
  const { code, message, cause } = errorOf(wire);
  const reason = cause.details === undefined ? {} : { reason: cause.details };
  return new LinktorError(code, message, { ...cause, details: { ...reason, text, usage, id } });
}

function errorOf(wire: Json): LinktorError {
  const inChoice = array(wire.choices).map((one) => object(one)?.error);
  const error = [wire.error, object(wire.response)?.error, ...inChoice].find(statesError);
  const stated = statedFailure(
    { ...wire, ...(error !== undefined && { error }), success: false, data: undefined },
    200,
  );
  const { code, message, cause } = stated ?? new LinktorError('server', 'The server broke off with an error.');
  return new LinktorError(code, message, { serverCode: cause.serverCode, details: cause.details, hint: cause.hint });
}
