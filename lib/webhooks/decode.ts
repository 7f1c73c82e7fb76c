import { isUtf8 } from 'node:buffer';
import { isDeeper, isObject, type Json, object, parseJson, put, string } from '../contract/json';
import { message } from '../contract/message';
import { LinktorError } from '../errors';
import { type Event, ownValue } from '../model';
import { type VerifyInput, verify } from './verify';

/** Maximum nesting of an event. */
const MAX_EVENT_DEPTH = 64;

/** Event names of the documentation that differ from those of the SDKs. */
const CANONICAL_NAMES = new Map([
  ['conversation.closed', 'conversation.resolved'],
  ['conversation.transferred', 'conversation.assigned'],
]);

/**
 * Decode the event in the body of a delivery (contract 3.2), in either payload format. Unknown names are kept.
 * @param body the raw bytes, verified
 * @throws LinktorError `serialization` when it is no event
 */
export function decodeEvent(body: Buffer): Event {
  // Decoding replaces invalid UTF-8, so the text would differ from the signed bytes.
  if (!isUtf8(body)) throw new LinktorError('serialization', 'The delivery is not UTF-8.');
  let wire: unknown;
  try {
    wire = parseJson(body.toString('utf8'));
  } catch {
    throw new LinktorError('serialization', 'The delivery is not JSON.');
  }
  const named = isObject(wire) ? (string(wire.type) ?? string(wire.event)) : undefined;
  if (!isObject(wire) || named === undefined) throw new LinktorError('serialization', 'The delivery is no event.');
  if (isDeeper(wire, MAX_EVENT_DEPTH)) throw new LinktorError('serialization', 'The delivery is nested too deeply.');
  const data = dataOf(wire);
  const name = CANONICAL_NAMES.get(named) ?? named;
  const event: Event = { name, original: wire };
  put(event, 'id', string(wire.id));
  put(event, 'at', string(wire.timestamp));
  put(event, 'status', string(data.status));
  put(
    event,
    'conversationId',
    string(data.conversationId) ?? (name.startsWith('conversation.') ? string(data.id) : undefined),
  );
  if (name === 'message.received' || isObject(data.message)) addMessage(event, data);
  else if (name.startsWith('message.')) put(event, 'messageId', string(data.messageId) ?? string(data.id));
  if (name.startsWith('conversation.')) addChange(event, data);
  return event;
}

/** The field whose change is implied by the name of an event. */
const IMPLIED_CHANGES: Readonly<Record<string, readonly string[]>> = {
  'conversation.assigned': ['assignedTo'],
  'conversation.resolved': ['status'],
  'conversation.reopened': ['status'],
};

/** Add the fields with a given previous value, and the one implied by the name. */
function addChange(event: Event, data: Json): void {
  const previous: Event['previous'] = {};
  const { previousStatus, previousAssignedTo, status, assignedTo } = data;
  if (status !== undefined && previousStatus !== status) put(previous, 'status', string(previousStatus));
  if (previousAssignedTo !== assignedTo) put(previous, 'assignedTo', string(previousAssignedTo));
  const changed = new Set([...Object.keys(previous), ...(ownValue(IMPLIED_CHANGES, event.name) ?? [])]);
  if (changed.size > 0) event.changed = [...changed];
  if (Object.keys(previous).length > 0) event.previous = previous;
}

/** The documentation's `data: {id, type, attributes}` is the same as the SDKs' flat `data`. */
function dataOf(wire: Json): Json {
  const data = object(wire.data) ?? {};
  return isObject(data.attributes) ? { ...data.attributes, id: data.id } : data;
}

function addMessage(event: Event, data: Json): void {
  try {
    const held = message(isObject(data.message) ? data.message : data);
    held.conversationId ||= event.conversationId ?? '';
    event.message = held;
    event.messageId = held.id;
    if (event.conversationId === undefined && held.conversationId !== '') event.conversationId = held.conversationId;
  } catch {
    // A message that cannot be decoded leaves an event without a message.
  }
}

/**
 * Verify a delivery and decode it.
 * @throws LinktorError `webhook_verification` with the reason in `cause.serverCode`, `serialization` when it is no event
 */
export function constructEvent(input: VerifyInput): Event {
  const verdict = verify(input);
  if (verdict.valid) return decodeEvent(input.body);
  throw new LinktorError('webhook_verification', `The delivery was refused: ${verdict.reason}.`, {
    serverCode: verdict.reason,
    details: verdict.skew === undefined ? undefined : { skew: verdict.skew },
    hint: 'Check the secret on both sides, and that nothing on the way changes the body.',
  });
}
