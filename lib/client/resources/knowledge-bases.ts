import type { QueryInput, SearchFilter } from '../../contract';
import type { KnowledgeBase, Page, QueryResult } from '../../model';
import type { CallOptions, Perform } from '../index';

/** Knowledge bases (contract 1.8). Every method throws LinktorErrors only. */
export class KnowledgeBases {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  list(filter: SearchFilter = {}, options?: CallOptions): Promise<Page<KnowledgeBase>> {
    return this.#perform((contract) => contract.knowledgeBases.list(filter), options);
  }

  /** Best chunks first. A server that ignores `minScore` does not get away with it: it is applied here as well. */
  async query(input: QueryInput, options?: CallOptions): Promise<QueryResult> {
    const result = await this.#perform((contract) => contract.knowledgeBases.query(input), options);
    const floor = input.minScore ?? Number.NEGATIVE_INFINITY;
    return { ...result, chunks: result.chunks.filter((chunk) => chunk.score >= floor) };
  }
}
