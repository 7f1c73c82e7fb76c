import type { CompletionInput } from '../../contract';
import type { ChatMessage, Completion } from '../../model';
import type { CallOptions, Perform } from '../index';

export type CompletionSettings = Omit<CompletionInput, 'messages'>;

/** AI completions (contract 1.7). Paid by the piece, so never repeated once they may have arrived. */
export class Ai {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
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
}
