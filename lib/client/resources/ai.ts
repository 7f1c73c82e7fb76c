import type { ClassifyInput, CompletionInput, Contract, InvokeInput, SearchFilter } from '../../contract';
import { LinktorError } from '../../errors';
import type {
  Agent,
  AgentAnswer,
  AiProvider,
  ChatMessage,
  Completion,
  CompletionChunk,
  Embeddings,
  Intent,
  Sentiment,
} from '../../model';
import type { CallOptions, Perform } from '../options';
import { Crud } from './crud';

export type CompletionSettings = Omit<CompletionInput, 'messages'>;

/** AI (contract 1.7). Completions are billed, so they are never repeated once they may have arrived. */
export class Ai {
  readonly #perform: Perform;
  readonly agents: Agents;

  constructor(perform: Perform) {
    this.#perform = perform;
    this.agents = new Agents(perform);
  }

  create(input: CompletionInput, options?: CallOptions): Promise<Completion> {
    return this.#perform((contract) => contract.ai.complete(input), options);
  }

  /** One question, one answer. */
  complete(text: string, settings: CompletionSettings = {}, options?: CallOptions): Promise<Completion> {
    return this.create({ ...settings, messages: [{ role: 'user', content: text }] }, options);
  }

  chat(
    messages: readonly ChatMessage[],
    settings: CompletionSettings = {},
    options?: CallOptions,
  ): Promise<Completion> {
    return this.create({ ...settings, messages }, options);
  }

  /**
   * Stream an answer while it is generated. Leaving the loop, or the signal, ends it.
   * @throws LinktorError when the stream breaks off or ends without its end mark; `details` contain the text so far
   */
  stream(input: CompletionInput, options?: CallOptions): AsyncGenerator<CompletionChunk> {
    return keepReceived(this.#perform.stream((contract) => contract.ai.stream(input), options));
  }

  /** One text, one vector. */
  async embed(text: string, model?: string, options?: CallOptions): Promise<number[]> {
    const { vectors } = await this.#perform((contract) => contract.ai.embed(text, model), options);
    return vectors[0] as number[];
  }

  /** Many texts at once; the vectors come in the order of the texts. */
  embedAll(texts: readonly string[], model?: string, options?: CallOptions): Promise<Embeddings> {
    return this.#perform((contract) => contract.ai.embed(texts, model), options);
  }

  /** The providers of models, with their models. @throws LinktorError `not_supported` on the documented API */
  providers(options?: CallOptions): Promise<AiProvider[]> {
    return this.#perform((contract) => contract.ai.providers(), options);
  }

  /** Classify a text. @throws LinktorError `not_supported` on the documented API */
  classifyIntent(text: string, settings: Omit<ClassifyInput, 'text'> = {}, options?: CallOptions): Promise<Intent> {
    return this.#perform((contract) => contract.ai.classifyIntent({ ...settings, text }), options);
  }

  /** Analyse the sentiment of a text. @throws LinktorError `not_supported` on the documented API */
  analyzeSentiment(
    text: string,
    settings: Pick<ClassifyInput, 'provider'> = {},
    options?: CallOptions,
  ): Promise<Sentiment> {
    return this.#perform((contract) => contract.ai.analyzeSentiment(text, settings.provider), options);
  }
}

/** Pass the pieces on. The text before an error has been billed, so the error contains it. */
async function* keepReceived(chunks: AsyncIterable<CompletionChunk>): AsyncGenerator<CompletionChunk> {
  const received: CompletionChunk[] = [];
  try {
    for await (const chunk of chunks) {
      received.push(chunk);
      yield chunk;
    }
  } catch (error) {
    throw error instanceof LinktorError && received.length > 0 ? withReceived(error, received) : error;
  }
}

function withReceived({ code, message, cause }: LinktorError, chunks: readonly CompletionChunk[]): LinktorError {
  const text = chunks.map(({ delta }) => delta).join('');
  const usage = chunks.filter((chunk) => chunk.usage).at(-1)?.usage;
  const id = chunks.find((chunk) => chunk.id)?.id;
  const details = { ...(cause.details !== undefined && { reason: cause.details }), text, usage, id };
  return new LinktorError(code, message, { ...cause, details });
}

/** Agents: a model with instructions, tools and knowledge of its own. */
export class Agents extends Crud<Agent, SearchFilter, Contract['agents']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.agents);
  }

  invoke(id: string, input: InvokeInput, options?: CallOptions): Promise<AgentAnswer> {
    return this.call((calls) => calls.invoke(id, input), options);
  }

  /** Stream the answer of an agent, as `Ai.stream` does for a model. */
  invokeStream(id: string, input: InvokeInput, options?: CallOptions): AsyncGenerator<CompletionChunk> {
    return keepReceived(this.perform.stream((contract) => contract.agents.invokeStream(id, input), options));
  }

  addKnowledgeBases(id: string, bases: readonly string[], options?: CallOptions): Promise<Agent> {
    return this.call((calls) => calls.addKnowledgeBases(id, bases), options);
  }

  removeKnowledgeBases(id: string, bases: readonly string[], options?: CallOptions): Promise<Agent> {
    return this.call((calls) => calls.removeKnowledgeBases(id, bases), options);
  }

  /** A copy, as a draft. @param name of the copy */
  duplicate(id: string, name?: string, options?: CallOptions): Promise<Agent> {
    return this.call((calls) => calls.duplicate(id, name), options);
  }
}
