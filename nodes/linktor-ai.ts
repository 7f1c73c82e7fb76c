import { type AnswerSchema, compileSchema } from '../lib/ai/json-schema';
import { addAlternatives, addSources, addToolCalls } from '../lib/ai/pieces';
import { historyOf, instructionsOf, isTalk, knowledgeIn, questionOf, turnsOf } from '../lib/ai/prompt';
import type { CompletionInput } from '../lib/contract';
import { invalid, LinktorError, toLinktorError } from '../lib/errors';
import type { AlternativeAnswer, ChatMessage, CompletionChunk, Message, ToolCall } from '../lib/model';
import { idField } from './kit/action/resource';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, choice, defined, dynJson, dynNumber, number, typed, type Values } from './kit/fields';
import type { Msg } from './kit/red';

const operations = [
  ...(['complete', 'chat', 'agent', 'classifyIntent', 'analyzeSentiment'] as const),
  ...(['addBases', 'removeBases', 'duplicateAgent'] as const),
] as const;
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const talk = only('complete', 'chat');
const optional = { convert: as.string };
const id = { convert: as.id };

const fields = {
  operation: choice(operations, { icon: 'tasks' }),
  agent: idField('agentId', 'agents', ['agent', 'addBases', 'removeBases', 'duplicateAgent'], 'user-secret'),
  model: typed('model', { ...id, pick: 'models', icon: 'microchip', when: talk }),
  system: typed('system', { ...optional, mustache: true, icon: 'cog', when: talk }),
  prompt: typed('', { ...optional, mustache: true, icon: 'comment-o', when: only('complete') }),
  messages: typed('messages', { types: dynJson, icon: 'comments-o', when: only('chat') }),
  text: typed('payload', {
    ...optional,
    required: true,
    mustache: true,
    icon: 'comment-o',
    when: only('agent', 'classifyIntent', 'analyzeSentiment'),
  }),
  intents: typed('intents', { convert: as.list, icon: 'tags', when: only('classifyIntent') }),
  history: choice(['none', 'conversation', 'messages'], { icon: 'history', when: only('complete') }),
  conversation: typed('conversationId', {
    ...id,
    required: true,
    pick: 'conversations',
    icon: 'comments',
    when: { ...only('complete'), history: ['conversation'] },
  }),
  last: number(10, {
    min: 1,
    max: 100,
    icon: 'sort-amount-desc',
    when: { ...only('complete'), history: ['conversation'] },
  }),
  bases: typed('bases', {
    convert: as.list,
    pick: 'knowledgeBases',
    icon: 'book',
    when: only('complete', 'chat', 'addBases', 'removeBases'),
  }),
  facts: typed('', { types: dynJson, convert: as.object, icon: 'info-circle', advanced: true, when: only('agent') }),
  temperature: typed('temperature', {
    types: dynNumber,
    convert: as.number(0, 2),
    icon: 'thermometer-half',
    advanced: true,
    when: talk,
  }),
  maxTokens: typed('maxTokens', {
    types: dynNumber,
    convert: as.number(1),
    icon: 'arrows-h',
    advanced: true,
    when: talk,
  }),
  schema: typed('schema', { types: dynJson, convert: as.object, icon: 'code', advanced: true, when: talk }),
  stream: choice(['off', 'text', 'delta'], { icon: 'ellipsis-h', when: only('complete', 'chat', 'agent') }),
  timeout: number(60, { min: 1, max: 600, unit: 's', icon: 'clock-o', advanced: true }),
  provider: typed('provider', {
    ...id,
    pick: 'providers',
    icon: 'cloud',
    advanced: true,
    when: only('complete', 'chat', 'classifyIntent', 'analyzeSentiment'),
  }),
};

type Context = ActionContext<Values<typeof fields>>;

/**
 * Ask a language model. An empty prompt takes the result of the knowledge node, or else the payload, so that
 * message-in -> knowledge -> ai -> send works without configuration.
 */
export default action({
  type: 'linktor-ai',
  outputs: ['answer'],
  result: 'payload',
  busy: 'asking',
  resets: true,
  fields,
  async run(context): Promise<Outcome> {
    const { operation, agent, text, intents, provider, timeout } = context.values;
    const { ai } = context.client.with({ timeout });
    switch (operation) {
      case 'agent':
        return askAgent(context);
      case 'classifyIntent':
        return { result: await ai.classifyIntent(text, { intents, provider }) };
      case 'analyzeSentiment':
        return { result: await ai.analyzeSentiment(text, { provider }) };
      case 'addBases':
        return { result: await ai.agents.addKnowledgeBases(agent, basesOf(context)) };
      case 'removeBases':
        return { result: await ai.agents.removeKnowledgeBases(agent, basesOf(context)) };
      case 'duplicateAgent':
        return { result: await ai.agents.duplicate(agent) };
      default:
        return complete(context);
    }
  },
});

function basesOf({ values: { bases = [] } }: Context): readonly string[] {
  if (bases.length > 0) return bases;
  throw invalid('"bases" is missing.', 'Fill in the field "bases" or give msg.bases to the node.');
}

async function askAgent(context: Context): Promise<Outcome> {
  const { client, msg, values } = context;
  const { agent, text: message, facts, timeout } = values;
  const asked = { message, conversationId: conversationOf(msg), context: facts };
  const { agents } = client.with({ timeout }).ai;
  if (values.stream !== 'off') return stream(context, agents.invokeStream(agent, asked));
  const { text, message: _message, ...ai } = await agents.invoke(agent, asked);
  return { result: text, properties: { ai } };
}

async function complete(context: Context): Promise<Outcome> {
  const { client, msg, values } = context;
  const { operation, prompt, messages, model, provider, temperature, maxTokens, bases, timeout } = values;
  const shape = await shapeFor(context);
  const found = operation === 'complete' ? knowledgeIn(msg.knowledge, msg.payload) : undefined;
  const asked =
    operation === 'chat'
      ? turnsOf(messages ?? msg.payload, 'messages')
      : questionOf(prompt, found, msg.payload, { contentType: msg.contentType, attachments: msg.attachments });
  const past = operation === 'complete' ? await history(context, asked) : [];
  // An explicit prompt includes its own context, so knowledge is added only without one.
  const system = instructionsOf(values.system, prompt === undefined ? found : undefined, shape?.text);
  const input: CompletionInput = {
    messages: [...(system === '' ? [] : [{ role: 'system', content: system }]), ...past, ...asked],
    model,
    provider,
    temperature,
    maxTokens,
    knowledgeBaseIds: bases,
    conversationId: conversationOf(msg),
  };
  const { ai: models } = client.with({ timeout });
  if (values.stream !== 'off') return stream(context, models.stream(input), model);
  const { text, message: _message, ...ai } = await models.create(input);
  const words = requireWords(text, ai);
  return { result: shape ? readShape(shape, words, ai) : words, properties: { ai } };
}

/**
 * Emit a message for each piece; the last one is marked as complete.
 * @param model as requested, for a server that does not tell which one has answered
 */
async function stream(
  { values, signal, emit }: Context,
  pieces: AsyncIterable<CompletionChunk>,
  model?: string,
): Promise<Outcome> {
  const isWhole = values.stream === 'text';
  let text = '';
  let id: string | undefined;
  let finishReason: string | undefined;
  let facts: Partial<CompletionChunk> = {};
  const toolCalls: ToolCall[] = [];
  const alternatives: AlternativeAnswer[] = [];
  const sources: unknown[] = [];
  for await (const piece of pieces) {
    id ??= piece.id;
    finishReason = piece.finishReason ?? finishReason;
    // One event may tell the tokens of the question, and another those of the answer.
    const usage = piece.usage && { ...facts.usage, ...piece.usage };
    facts = { ...facts, ...defined({ model: piece.model, usage }) };
    addAlternatives(alternatives, piece.alternatives ?? []);
    if (piece.refusal !== undefined) facts.refusal = (facts.refusal ?? '') + piece.refusal;
    addToolCalls(toolCalls, piece.toolCalls ?? []);
    if (piece.sources) addSources(sources, piece.sources);
    text += piece.delta;
    if (piece.delta !== '') await emit({ result: isWhole ? text : piece.delta, properties: { complete: undefined } });
  }
  if (signal.aborted) {
    throw new LinktorError('unexpected', 'The answer was not whole when the node was closed.', {
      ambiguous: true,
      details: { text },
    });
  }
  const lists = Object.entries({ toolCalls, alternatives, sources }).filter(([, list]) => list.length > 0);
  const ai = { ...defined({ id, model, finishReason, ...facts }), ...Object.fromEntries(lists) };
  const words = requireWords(text, ai);
  return { result: isWhole ? words : text === '' ? words : '', properties: { complete: true, ai } };
}

interface Facts {
  finishReason?: string;
  refusal?: string;
  toolCalls?: readonly ToolCall[];
}

/** @throws LinktorError, with the reason of the model, when it returns neither text nor tool calls */
function requireWords(text: string, { finishReason, refusal, ...facts }: Facts): string {
  if (text.trim() !== '' || facts.toolCalls?.length) return text;
  if (refusal !== undefined) return refusal;
  const why = finishReason === undefined ? '' : `: it ended with ${finishReason}`;
  throw new LinktorError('unexpected', `The model gave no answer${why}.`, {
    details: { finishReason, ...facts },
    hint:
      finishReason === 'length'
        ? 'All tokens were used up before the first word: raise "maxTokens".'
        : 'Word the question or the instructions in another way.',
  });
}

/** @throws LinktorError `serialization`, with a hint when the answer was truncated */
function readShape(shape: AnswerSchema, text: string, { finishReason, ...facts }: Facts): unknown {
  try {
    return shape.read(text);
  } catch (error) {
    const { code, message, cause } = toLinktorError(error);
    const isCut = /length|max_tokens/i.test(finishReason ?? '');
    throw new LinktorError(code, isCut ? 'The answer was cut off before its JSON was complete.' : message, {
      ...cause,
      details: { ...(cause.details as object), finishReason, ...facts },
      ...(isCut && { hint: 'Raise "maxTokens", or ask for less. What has come is in cause.details.' }),
    });
  }
}

/** Compile the schema once, not for every message. */
async function shapeFor({ values: { schema, stream }, notes }: Context): Promise<AnswerSchema | undefined> {
  if (schema === undefined) return undefined;
  if (stream !== 'off') {
    throw new LinktorError('validation', 'An answer in pieces cannot be held against a JSON schema.', {
      hint: 'Set the field "stream" to off, or leave "schema" empty.',
    });
  }
  const shape = await compileSchema(schema, notes.get('shape') as AnswerSchema | undefined);
  notes.set('shape', shape);
  return shape;
}

/** @returns the history as configured: none, from the conversation, or from the message */
async function history({ client, msg, values }: Context, asked: readonly ChatMessage[]): Promise<ChatMessage[]> {
  if (values.history === 'none') return [];
  if (values.history === 'messages') return isNoHistory(msg.messages) ? [] : turnsOf(msg.messages, 'messages');
  const answered = new Set<unknown>(Array.isArray(msg.merged) ? msg.merged : [msg.messageId]);
  const newest: Message[] = [];
  const limit = Math.min(values.last + answered.size, 100);
  for await (const message of client.conversations.eachMessage(values.conversation, { limit })) {
    if (answered.has(message.id) || !isTalk(message)) continue;
    if (newest.push(message) === values.last) break;
  }
  return historyOf(newest.reverse(), asked);
}

function isNoHistory(value: unknown): boolean {
  return value === undefined || value === null || value === '' || (Array.isArray(value) && value.length === 0);
}

function conversationOf({ conversationId }: Readonly<Msg>): string | undefined {
  return typeof conversationId === 'string' ? conversationId : undefined;
}
