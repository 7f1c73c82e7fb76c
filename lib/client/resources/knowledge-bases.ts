import type {
  Contract,
  DocumentChanges,
  DocumentFilter,
  DocumentInput,
  QueryInput,
  SearchFilter,
  UploadInput,
} from '../../contract';
import type { KnowledgeBase, KnowledgeDocument, Page, QueryResult, Unknowns } from '../../model';
import type { CallOptions, Perform } from '../options';
import { items } from '../page';
import { Crud } from './crud';

/** Knowledge bases and their documents (contract 1.8). */
export class KnowledgeBases extends Crud<KnowledgeBase, SearchFilter, Contract['knowledgeBases']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.knowledgeBases);
  }

  /** Query a base, best chunks first. `minScore` is also applied here, in case the server ignores it. */
  async query(input: QueryInput, options?: CallOptions): Promise<QueryResult> {
    const result = await this.call((calls) => calls.query(input), options);
    const floor = input.minScore ?? Number.NEGATIVE_INFINITY;
    return { ...result, chunks: result.chunks.filter((chunk) => chunk.score >= floor) };
  }

  stats(id: string, options?: CallOptions): Promise<Unknowns> {
    return this.call((calls) => calls.stats(id), options);
  }

  documents(id: string, filter: DocumentFilter = {}, options?: CallOptions): Promise<Page<KnowledgeDocument>> {
    return this.call((calls) => calls.documents(id, filter), options);
  }

  /** Yield all documents of a base, page by page; `limit` is the page size. */
  eachDocument(id: string, filter: DocumentFilter = {}, options?: CallOptions): AsyncGenerator<KnowledgeDocument> {
    return items((slice) => this.documents(id, { ...filter, ...slice }, options), filter.limit);
  }

  document(id: string, documentId: string, options?: CallOptions): Promise<KnowledgeDocument> {
    return this.call((calls) => calls.document(id, documentId), options);
  }

  /** A text, or an address that the server fetches. */
  addDocument(id: string, input: DocumentInput, options?: CallOptions): Promise<KnowledgeDocument> {
    return this.call((calls) => calls.addDocument(id, input), options);
  }

  /** A file, at most 25 MB. */
  uploadDocument(id: string, input: UploadInput, options?: CallOptions): Promise<KnowledgeDocument> {
    return this.call((calls) => calls.uploadDocument(id, input), options);
  }

  /** @param changes only these fields change; a new content is split anew */
  updateDocument(
    id: string,
    documentId: string,
    changes: DocumentChanges,
    options?: CallOptions,
  ): Promise<KnowledgeDocument> {
    return this.call((calls) => calls.updateDocument(id, documentId, changes), options);
  }

  removeDocument(id: string, documentId: string, options?: CallOptions): Promise<void> {
    return this.call((calls) => calls.removeDocument(id, documentId), options);
  }

  /** Split all documents and compute their vectors again; the server may take long. */
  reprocess(id: string, options?: CallOptions): Promise<KnowledgeBase> {
    return this.call((calls) => calls.reprocess(id), options);
  }

  reprocessDocument(id: string, documentId: string, options?: CallOptions): Promise<KnowledgeDocument> {
    return this.call((calls) => calls.reprocessDocument(id, documentId), options);
  }

  /** @returns the chunks of a document, `{content, index}` each */
  chunks(id: string, documentId: string, options?: CallOptions): Promise<Unknowns[]> {
    return this.call((calls) => calls.chunks(id, documentId), options);
  }
}
