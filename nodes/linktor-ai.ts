import { invalid } from '../lib/errors';
import type { ChatMessage, Chunk } from '../lib/model';
import { action, type Msg } from './kit/define';
import { as, choice, dynJson, dynNumber, figure, typed } from './kit/fields';

/**
 * Ask a language model. An empty prompt takes what the knowledge node found, or else the payload, so that
 * message-in -> knowledge -> ai -> send works by wiring alone.
 */
export default action({
  type: 'linktor-ai',
  outputs: ['answer'],
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(['complete', 'chat'], { icon: 'tasks' }),
    model: typed('model', { convert: as.string, icon: 'microchip' }),
    system: typed('system', { convert: as.string, mustache: true, icon: 'cog' }),
    prompt: typed('', { convert: as.string, mustache: true, icon: 'comment-o', when: { operation: ['complete'] } }),
    messages: typed('messages', { types: dynJson, icon: 'comments-o', when: { operation: ['chat'] } }),
    bases: typed('bases', { convert: as.strings, pick: 'knowledgeBases', icon: 'book' }),
    temperature: typed('temperature', { types: dynNumber, convert: as.number(0, 2), icon: 'thermometer-half' }),
    maxTokens: typed('maxTokens', { types: dynNumber, convert: as.number(1), icon: 'arrows-h' }),
    timeout: figure(60, { min: 1, max: 600, unit: 's', icon: 'clock-o' }),
  },
  async run({ client, msg, values }) {
    const { operation, model, system, prompt, messages, bases, temperature, maxTokens, timeout } = values;
    const said = operation === 'chat' ? chat(messages ?? msg.payload, 'messages') : complete(prompt, msg);
    const context = operation === 'complete' && prompt === undefined ? found(msg) : undefined;
    const instruction = [system, context && numbered(context.chunks)].filter(Boolean).join('\n\n');
    const { id, text, usage, finishReason, ...answer } = await client.with({ timeout }).ai.create({
      messages: instruction === '' ? said : [{ role: 'system', content: instruction }, ...said],
      model,
      temperature,
      maxTokens,
      knowledgeBaseIds: bases,
      conversationId: typeof msg.conversationId === 'string' ? msg.conversationId : undefined,
    });
    return { result: text, also: { ai: { id, model: answer.model, usage, finishReason } } };
  },
});

interface Found {
  query: string;
  chunks: Chunk[];
}

/** What a knowledge node before this one has left. */
function found({ knowledge }: Msg): Found | undefined {
  const { query, chunks } = (knowledge ?? {}) as Partial<Found>;
  return typeof query === 'string' && Array.isArray(chunks) ? { query, chunks } : undefined;
}

function complete(prompt: string | undefined, msg: Msg): ChatMessage[] {
  const said = prompt ?? found(msg)?.query ?? msg.payload;
  if (Array.isArray(said)) return chat(said, 'payload');
  if (typeof said !== 'string' || said.trim() === '') {
    throw invalid('There is nothing to ask.', 'Fill in the field "prompt" or give a text in msg.payload.');
  }
  return [{ role: 'user', content: said }];
}

function chat(given: unknown, name: string): ChatMessage[] {
  const list = typeof given === 'string' && given !== '' ? [{ role: 'user', content: given }] : given;
  const fits = (one: Partial<ChatMessage> | null) => typeof one?.role === 'string' && typeof one.content === 'string';
  if (Array.isArray(list) && list.length > 0 && list.every(fits)) return list as ChatMessage[];
  throw invalid(`"${name}" must be a list of {role, content}.`, `Give such a list in msg.${name}.`);
}

function numbered(chunks: readonly Chunk[]): string {
  return chunks.map(({ content }, index) => `[${index + 1}] ${content}`).join('\n');
}
