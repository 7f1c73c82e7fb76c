import { invalid, unsupported } from '../../errors';
import { read, unsupportedCall, write } from '../calls';
import { completion } from '../entities';
import type { CompletionInput, Contract } from '../index';
import { aiProviders, intent, sentiment } from './entities';
import { unsupportedCrud } from './unsupported';

const ask = 'Ask a model directly: AI, with provider and model.';

/** Completions and other model operations (contract 1.7), without streams, embeddings and agents. */
export const ai: Contract['ai'] = {
  complete(input) {
    const { messages, maxTokens, temperature, tools, agentId, knowledgeBaseIds } = input;
    if (tools?.length) throw unsupported('lend a model tools', 'Leave out the tools.');
    if (agentId) throw unsupported('ask an agent', ask);
    if (knowledgeBaseIds?.length)
      throw unsupported(
        'ask a model about a knowledge base',
        'Query the knowledge base first and ask with the result.',
      );
    const body = { ...modelOf(input), messages, max_tokens: maxTokens, temperature };
    return write('POST', ['ai', 'complete'], completion, body, 'costly');
  },
  stream: unsupportedCall('stream an answer', 'Ask for the whole answer.'),
  embed: unsupportedCall('make embeddings', 'Query a knowledge base: the server searches it by itself.'),
  providers: () => read(['ai', 'providers'], aiProviders),
  // These POSTs change nothing, so they may be repeated.
  classifyIntent: ({ text, intents, provider }) =>
    write('POST', ['ai', 'classify-intent'], intent, { message: text, intents, provider }, 'read'),
  analyzeSentiment: (text, provider) =>
    write('POST', ['ai', 'analyze-sentiment'], sentiment, { message: text, provider }, 'read'),
};

const providers = ['openai', 'anthropic', 'ollama'];
const makers: readonly [RegExp, string][] = [
  [/^(gpt-|chatgpt-|o\d)/i, 'openai'],
  [/^claude/i, 'anthropic'],
];

/** The server requires both; `ollama/llama3` names both, and the names of some models imply the provider. */
function modelOf({ model, provider }: CompletionInput): { provider: string; model: string } {
  if (!model) throw invalid('This server needs the field "model".', 'Name it with its provider, as in ollama/llama3.');
  const [first = '', ...rest] = model.split('/');
  if (provider) return { provider, model: first === provider && rest.length > 0 ? rest.join('/') : model };
  if (providers.includes(first) && rest.length > 0) return { provider: first, model: rest.join('/') };
  const maker = makers.find(([names]) => names.test(model))?.[1];
  if (maker) return { provider: maker, model };
  throw invalid(
    `This server needs to know whose model "${model}" is.`,
    `Put the provider in front: ${providers.map((one) => `${one}/...`).join(', ')}.`,
  );
}

export const aiAgents: Contract['agents'] = {
  ...unsupportedCrud('agents', ask),
  invoke: unsupportedCall('ask an agent', ask),
  invokeStream: unsupportedCall('ask an agent', ask),
  addKnowledgeBases: unsupportedCall('give an agent knowledge bases', ask),
  removeKnowledgeBases: unsupportedCall('take knowledge bases from an agent', ask),
  duplicate: unsupportedCall('duplicate an agent', ask),
};
