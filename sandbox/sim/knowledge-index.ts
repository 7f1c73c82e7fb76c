import type { State } from '../state';
import type { Document, KnowledgeBase } from '../state/entities';
import { type Hit, Ranking } from './ranking';
import { sentences, words } from './words';

export interface Chunk {
  id: string;
  documentId: string;
  content: string;
  chunkIndex: number;
  tokenCount: number;
}

export interface SearchResult extends Hit {
  chunk: Chunk;
  document: Document;
}

interface IndexedBase {
  chunks: Map<string, Chunk>;
  documents: Map<string, Document>;
  ranking: Ranking;
}

/** Chunks and search index of the knowledge bases. A base is indexed on its first search. */
export class KnowledgeIndex {
  readonly #bases = new Map<string, IndexedBase>();
  readonly #state: State;

  constructor(state: State) {
    this.#state = state;
  }

  /** Drops the index of a base after a change of its documents or settings. */
  invalidate(baseId: string): void {
    this.#bases.delete(baseId);
  }

  clear(): void {
    this.#bases.clear();
  }

  /** The chunks of a base that match the question, best first. */
  search(base: KnowledgeBase, question: string): SearchResult[] {
    const { ranking, chunks, documents } = this.#index(base);
    return ranking.search(question).flatMap((hit) => {
      const chunk = chunks.get(hit.id);
      const document = chunk && documents.get(chunk.documentId);
      return chunk && document ? [{ ...hit, chunk, document }] : [];
    });
  }

  chunks(base: KnowledgeBase): Chunk[] {
    return [...this.#index(base).chunks.values()];
  }

  chunksOf(base: KnowledgeBase, documentId: string): Chunk[] {
    return this.chunks(base).filter((chunk) => chunk.documentId === documentId);
  }

  #index(base: KnowledgeBase): IndexedBase {
    const known = this.#bases.get(base.id);
    if (known) return known;
    const documents = this.#state.documents.filter((document) => document.knowledgeBaseId === base.id);
    const chunks = documents.flatMap((document) => splitIntoChunks(document, base));
    const names = new Map(documents.map((document) => [document.id, document]));
    const shelved: IndexedBase = {
      chunks: new Map(chunks.map((chunk) => [chunk.id, chunk])),
      documents: names,
      ranking: new Ranking(
        chunks.map(({ id, documentId, content }) => ({ id, title: names.get(documentId)?.name ?? '', text: content })),
      ),
    };
    this.#bases.set(base.id, shelved);
    return shelved;
  }
}

/** A sentence with the number of its words. */
interface Sentence {
  text: string;
  count: number;
}

/** Splits a document into chunks of whole sentences, each of at most `chunkSize` words unless one sentence is longer. */
function splitIntoChunks(document: Document, { chunkSize, chunkOverlap }: KnowledgeBase): Chunk[] {
  const chunks: Sentence[][] = [];
  let current: Sentence[] = [];
  let size = 0;
  for (const text of sentences(document.content)) {
    const sentence = { text, count: words(text).length };
    if (current.length > 0 && size + sentence.count > chunkSize) {
      chunks.push(current);
      current = takeOverlap(current, Math.min(chunkOverlap, chunkSize - 1));
      size = countWords(current);
    }
    current.push(sentence);
    size += sentence.count;
  }
  if (current.length > 0) chunks.push(current);
  return chunks.map((part, chunkIndex) => ({
    id: `${document.id}_${chunkIndex}`,
    documentId: document.id,
    content: part.map(({ text }) => text).join(' '),
    chunkIndex,
    tokenCount: countWords(part),
  }));
}

/** The last sentences of at most `most` words together: the overlap with the next chunk. */
function takeOverlap(part: Sentence[], most: number): Sentence[] {
  let from = part.length;
  let size = 0;
  while (from > 1) {
    const { count } = part[from - 1] ?? { count: 0 };
    if (size + count > most) break;
    // Lines without a word would be carried from chunk to chunk.
    if (count === 0 && most === 0) break;
    size += count;
    from -= 1;
  }
  return part.slice(from);
}

function countWords(part: Sentence[]): number {
  return part.reduce((sum, { count }) => sum + count, 0);
}
