import { array, isObject, type Json, object } from './json';

/**
 * Some families name the kind of each event, and the same field then means something else in each kind. Their events
 * are brought into the one form that `readAnswer` knows, and what is no part of the answer is left out: thoughts, the
 * repetition of a finished text, the arguments of a tool.
 * @param type the kind of the event
 * @returns the same object for an event of another family
 */
export function inCommonForm(wire: Json, type = ''): Json {
  if (type.startsWith('response.')) return ofResponse(wire, type);
  if (/reasoning|thinking|thought/.test(type)) return {};
  switch (type) {
    case 'message_start':
      return factsOf(object(wire.message));
    case 'content_block_start':
      return ofBlock(wire, object(wire.content_block));
    case 'content_block_delta':
      return ofBlockDelta(wire, object(wire.delta));
    default:
      return wire;
  }
}

function factsOf({ id, model, usage }: Json = {}): Json {
  return { id, model, usage };
}

function ofResponse(wire: Json, type: string): Json {
  const { delta } = wire;
  if (type === 'response.output_text.delta') return { delta };
  if (type === 'response.refusal.delta') return { delta: { refusal: delta } };
  if (type !== 'response.completed' && type !== 'response.incomplete') return {};
  const response = object(wire.response) ?? {};
  const calls = array(response.output).filter((item) => isObject(item) && item.type === 'function_call');
  return { ...factsOf(response), incomplete_details: response.incomplete_details, tool_calls: calls };
}

function ofBlock({ index }: Json, { type, id, name, text }: Json = {}): Json {
  if (type !== 'tool_use') return { delta: { content: type === 'text' ? text : undefined } };
  return { delta: { tool_calls: [{ index, id, type: 'function', function: { name, arguments: '' } }] } };
}

function ofBlockDelta(wire: Json, { partial_json }: Json = {}): Json {
  if (typeof partial_json !== 'string') return wire;
  return { delta: { tool_calls: [{ index: wire.index, function: { arguments: partial_json } }] } };
}
