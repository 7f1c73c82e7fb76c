import type { CompletionChunk } from '../../model';
import { unsupportedCall, write } from '../calls';
import * as entities from '../entities';
import type { Contract, SearchFilter, StreamCall } from '../index';
import { completionStep } from '../stream';
import { crud, duplicateCall, memberCalls } from './calls';

const agents = ['ai', 'agents'];
const bases = memberCalls(agents, entities.agent, 'knowledge-bases', 'knowledgeBaseIds');

/** A call that is answered in pieces. */
function streamed(path: readonly string[], input: object): StreamCall<CompletionChunk> {
  return {
    kind: 'costly',
    method: 'POST',
    path,
    body: { ...input, stream: true },
    headers: { Accept: 'text/event-stream, application/x-ndjson;q=0.5, application/json;q=0.1' },
    read: completionStep,
  };
}

/** Completions and embeddings (contract 1.7). */
export const ai: Contract['ai'] = {
  complete: (input) => write('POST', ['ai', 'completions'], entities.completion, { ...input, stream: false }, 'costly'),
  stream: (input) => streamed(['ai', 'completions'], input),
  // This POST changes nothing, so it may be repeated.
  embed: (input, model) => write('POST', ['ai', 'embeddings'], entities.embeddings(input), { input, model }, 'read'),
  providers: unsupportedCall('list models', 'Type the name of the model.'),
  classifyIntent: unsupportedCall('classify a text', 'Ask the model for one of your intents: AI, complete.'),
  analyzeSentiment: unsupportedCall('find out how a text sounds', 'Ask the model for it: AI, complete.'),
};

export const aiAgents: Contract['agents'] = {
  ...crud<ReturnType<typeof entities.agent>, SearchFilter>(agents, entities.agent, 'agents'),
  invoke: (id, input) =>
    write('POST', [...agents, id, 'invoke'], entities.agentAnswer, { ...input, stream: false }, 'costly'),
  invokeStream: (id, input) => streamed([...agents, id, 'invoke'], input),
  addKnowledgeBases: bases.add,
  removeKnowledgeBases: bases.remove,
  duplicate: duplicateCall(agents, entities.agent),
};
