import type { CompletionChunk } from '../model';
import { array, isObject, object, parseJson, put, string } from './json';

/**
 * A line of an event stream (contract 1.7). Lines that are not `data:`, and data that is not JSON, are skipped.
 * @returns the piece, or undefined when the line says nothing; the end marker says nothing, the stream ends by itself
 */
export function chunk(line: string): CompletionChunk | undefined {
  const data = /^data:\s?(.*)$/.exec(line)?.[1];
  if (data === undefined || data === '[DONE]') return undefined;
  let wire: unknown;
  try {
    wire = parseJson(data);
  } catch {
    return undefined;
  }
  if (!isObject(wire)) return undefined;
  const choice = object(array(wire.choices)[0]);
  const delta = object(wire.delta) ?? object(choice?.delta);
  const text = typeof wire.delta === 'string' ? wire.delta : delta?.content;
  const result: CompletionChunk = { delta: typeof text === 'string' ? text : '' };
  put(result, 'id', string(wire.id));
  put(result, 'finishReason', string(wire.finishReason) ?? string(choice?.finishReason));
  return result.delta === '' && result.finishReason === undefined ? undefined : result;
}
