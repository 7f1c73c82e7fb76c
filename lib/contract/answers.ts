import type { AlternativeAnswer, ToolCall, Usage } from '../model';
import { array, isObject, type Json, number, object, put, string } from './json';

/** The answer of a model, or a part of it, in a uniform format. */
export interface ModelAnswer {
  /** undefined: no text; `''`: an empty text */
  text?: string;
  /** the model's own words about why it does not answer */
  refusal?: string;
  toolCalls?: ToolCall[];
  /** stop, length, content_filter, tool_calls and the like */
  finishReason?: string;
  usage?: Usage;
  id?: string;
  model?: string;
  /** the message that holds the text, as the server wrote it */
  message?: Json;
  /** further answers, when several were requested */
  alternatives?: AlternativeAnswer[];
  /** what the answer relies on, as the server wrote it: texts or objects */
  sources?: unknown[];
}

/**
 * Find the answer of a model in any of the usual forms: `message`, `choices[].message`, `choices[].text`, `delta`,
 * `choices[].delta`, a plain `text`, `content` or `response`; content as a text or as parts.
 * @param wire an answer, or an event of a stream
 * @param isPiece an event of a stream may hold a piece of another answer alone
 * @returns the answer; fields that are not found are absent
 */
export function readAnswer(wire: Json, isPiece = false): ModelAnswer {
  const choices = array(wire.choices ?? wire.candidates).filter(isObject);
  const choice = choices.find((one) => (number(one.index) ?? 0) === 0) ?? (isPiece ? undefined : choices[0]);
  const held = heldIn(choice ?? {}) ?? heldIn(wire);
  const answer: ModelAnswer = {};
  const plainDelta = typeof wire.delta === 'string' ? wire.delta : undefined;
  const parts = partsOf(held ?? {});
  put(answer, 'text', plainDelta ?? parts.text ?? textOf(choice?.text) ?? (held ? undefined : partsOf(wire).text));
  put(answer, 'refusal', string(held?.refusal) ?? parts.refusal ?? string(wire.refusal));
  put(answer, 'toolCalls', toolCallsOf(held) ?? parts.toolCalls ?? toolCallsOf(wire));
  put(answer, 'finishReason', finishOf(choice) ?? finishOf(wire) ?? finishOf(object(wire.delta)) ?? blockOf(wire));
  put(answer, 'usage', usageOf(wire) ?? usageOf(object(wire.message)));
  put(answer, 'id', string(wire.id) ?? string(wire.responseId));
  put(answer, 'model', string(wire.model) ?? string(wire.modelVersion));
  put(answer, 'message', held);
  const others = choices.filter((one) => one !== choice).map(alternativeOf);
  if (others.length > 0) answer.alternatives = others;
  put(answer, 'sources', sourcesOf(held) ?? sourcesOf(wire));
  return answer;
}

/** The names of the list, by family. */
const SOURCES = ['sources', 'citations', 'annotations', 'search_results', 'searchResults'] as const;

function sourcesOf(wire: Json | undefined): unknown[] | undefined {
  return SOURCES.map((name) => array(wire?.[name])).find(({ length }) => length > 0);
}

function heldIn(wire: Json): Json | undefined {
  const inner =
    object(wire.message) ?? object(wire.delta) ?? object(wire.content) ?? object(object(wire.output)?.message);
  if (inner || !Array.isArray(wire.output)) return inner;
  const items = wire.output.filter(isObject);
  const content = items.flatMap((item) => (item.type === 'message' ? array(item.content) : []));
  const calls = items.filter(({ type }) => type === 'function_call');
  return items.length === 0 ? undefined : { content, ...(calls.length > 0 && { tool_calls: calls }) };
}

function alternativeOf(choice: Json): AlternativeAnswer {
  const held = heldIn(choice);
  const parts = partsOf(held ?? {});
  const result: AlternativeAnswer = { text: parts.text ?? textOf(choice.text) ?? '' };
  put(result, 'index', number(choice.index));
  put(result, 'refusal', string(held?.refusal) ?? parts.refusal);
  put(result, 'toolCalls', toolCallsOf(held) ?? parts.toolCalls);
  put(result, 'finishReason', finishOf(choice));
  return result;
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined;
}

/** The content of a message: a text, or parts, whose texts are joined. Without any, there is no text. */
function partsOf(held: Json): Pick<ModelAnswer, 'text' | 'refusal' | 'toolCalls'> {
  const content = held.content ?? held.parts ?? held.text ?? held.response;
  if (typeof content === 'string') return { text: content };
  if (!Array.isArray(content)) return {};
  const found: Pick<ModelAnswer, 'text' | 'refusal' | 'toolCalls'> = {};
  for (const part of content) {
    if (typeof part === 'string') found.text = (found.text ?? '') + part;
    if (!isObject(part)) continue;
    const called = toolCallsOf(part);
    if (part.type === 'refusal') found.refusal = string(part.refusal) ?? string(part.text);
    else if (part.type === 'tool_use' || part.type === 'toolCall') found.toolCalls = [...(found.toolCalls ?? []), part];
    else if (called) found.toolCalls = [...(found.toolCalls ?? []), ...called];
    else if (!isThought(part) && typeof part.text === 'string') found.text = (found.text ?? '') + part.text;
  }
  return found;
}

function isThought({ type, thought }: Json): boolean {
  return type === 'thinking' || type === 'reasoning' || thought === true;
}

function toolCallsOf(held: Json | undefined): ToolCall[] | undefined {
  const calls = array(held?.toolCalls ?? held?.tool_calls).filter(isObject);
  if (calls.length > 0) return calls;
  const call = object(held?.functionCall) ?? object(held?.function_call);
  return call && [{ type: 'function', function: call }];
}

/** Some servers write that there is none yet as a word. */
function finishOf(wire: Json | undefined): string | undefined {
  if (!wire) return undefined;
  const { finishReason, finish_reason, stop_reason, stopReason, done_reason } = wire;
  return [finishReason, finish_reason, stop_reason, stopReason, done_reason]
    .map(string)
    .find((one) => one !== undefined && !/^(?:null|none)$/i.test(one));
}

/** The reason why a question was not answered at all, or not to its end, beside the answer. */
function blockOf({ promptFeedback, incomplete_details }: Json): string | undefined {
  return string(object(promptFeedback)?.blockReason) ?? string(object(incomplete_details)?.reason);
}

const COSTS = ['cost', 'totalCost', 'total_cost'] as const;

/** The names of the counts and of the price, by family. */
const COUNTS: readonly [keyof Usage, readonly string[]][] = [
  [
    'promptTokens',
    ['promptTokens', 'prompt_tokens', 'input_tokens', 'inputTokens', 'promptTokenCount', 'prompt_eval_count'],
  ],
  [
    'completionTokens',
    ['completionTokens', 'completion_tokens', 'output_tokens', 'outputTokens', 'candidatesTokenCount', 'eval_count'],
  ],
  ['totalTokens', ['totalTokens', 'total_tokens', 'tokens_used', 'tokensUsed', 'totalTokenCount']],
  ['cost', COSTS],
];

/** @param wire an answer: its `usage`, or counts beside the text */
export function usageOf(wire: Json | undefined): Usage | undefined {
  const held = object(wire?.usage) ?? object(wire?.usageMetadata) ?? wire ?? {};
  const usage: Usage = {};
  for (const [name, names] of COUNTS)
    put(
      usage,
      name,
      names.map((one) => number(held[one])).find((one) => one !== undefined),
    );
  // It may stand beside the counts.
  if (usage.cost === undefined)
    put(
      usage,
      'cost',
      COSTS.map((one) => number(wire?.[one])).find((one) => one !== undefined),
    );
  return Object.keys(usage).length > 0 ? usage : undefined;
}
