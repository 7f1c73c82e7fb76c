import { type Fields, isFields } from '../wire/form';
import type { Answer } from '../wire/router';

/** The SDK families. Where they contradict each other, `union` follows the TypeScript, Python and Go family. */
export const FAMILIES = ['union', 'typescript', 'rust', 'java'] as const;
export type Family = (typeof FAMILIES)[number];

/** Converts an answer to the terms of one family, where the families contradict each other. */
export function adaptAnswer(family: Family, answer: Answer): Answer {
  if (family === 'union' || family === 'typescript' || answer.events || Buffer.isBuffer(answer.body)) return answer;
  // A copy as the client receives it: records are shared with the state.
  const body: unknown = answer.body === undefined ? undefined : JSON.parse(JSON.stringify(answer.body));
  return { ...answer, body: adapt(body) };
}

/** Rust and Java: identifiers are a map, a channel is connected or disconnected, a conversation is never snoozed. */
function adapt(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(adapt);
  if (!isFields(value)) return value;
  const fields: Fields = Object.fromEntries(Object.entries(value).map(([key, part]) => [key, adapt(part)]));
  if ('conversationCount' in fields && Array.isArray(fields.identifiers)) {
    fields.identifiers = Object.fromEntries(
      fields.identifiers.filter(isFields).map(({ channelType, identifier }) => [String(channelType), identifier]),
    );
  }
  if ('isConnected' in fields && 'connectionStatus' in fields) fields.status = fields.connectionStatus;
  if ('unreadCount' in fields && fields.status === 'snoozed') fields.status = 'pending';
  return fields;
}
