import type { CompletionChunk } from '../model';
import { array, isObject, object, put, string, tryJson } from './json';

const data = /^data:\s?(.*)$/s;

/** The end mark: nothing comes after it, even where the server keeps the connection. */
export function isLast(line: string): boolean {
  return data.exec(line)?.[1]?.trim() === '[DONE]';
}

/**
 * A line of an event stream (contract 1.7). Lines that are not `data:`, and data that is not JSON, are skipped.
 * @returns the piece, or undefined when the line says nothing
 */
export function chunk(line: string): CompletionChunk | undefined {
  const text = data.exec(line)?.[1];
  if (text === undefined) return undefined;
  const wire = tryJson(text);
  if (!isObject(wire)) return undefined;
  const choice = object(array(wire.choices)[0]);
  const delta = object(wire.delta) ?? object(choice?.delta);
  const said = typeof wire.delta === 'string' ? wire.delta : delta?.content;
  const result: CompletionChunk = { delta: typeof said === 'string' ? said : '' };
  put(result, 'id', string(wire.id));
  put(result, 'finishReason', string(wire.finishReason) ?? string(choice?.finishReason));
  return result.delta === '' && result.finishReason === undefined ? undefined : result;
}
