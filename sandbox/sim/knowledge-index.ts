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

export interface Found extends Hit {
  chunk: Chunk;
  document: Document;
}

interface Shelved {
  chunks: Map<string, Chunk>;
  documents: Map<string, Document>;
  ranking: Ranking;
}

/** The chunks of the knowledge bases and the search in them. A base is indexed when it is first asked. */
export class Library {
  readonly #bases = new Map<string, Shelved>();

  constructor(private readonly state: State) {}

  /** Forgets the index of a base whose documents or settings changed. */
  forget(baseId: string): void {
    this.#bases.delete(baseId);
  }

  clear(): void {
    this.#bases.clear();
  }

  /** The chunks of a base that share something with the question, best first. */
  search(base: KnowledgeBase, question: string): Found[] {
    const { ranking, chunks, documents } = this.#open(base);
    return ranking.search(question).flatMap((hit) => {
      const chunk = chunks.get(hit.id);
      const document = chunk && documents.get(chunk.documentId);
      return chunk && document ? [{ ...hit, chunk, document }] : [];
    });
  }

  chunks(base: KnowledgeBase): Chunk[] {
    return [...this.#open(base).chunks.values()];
  }

  chunksOf(base: KnowledgeBase, documentId: string): Chunk[] {
    return this.chunks(base).filter((chunk) => chunk.documentId === documentId);
  }

  #open(base: KnowledgeBase): Shelved {
    const known = this.#bases.get(base.id);
    if (known) return known;
    const documents = this.state.documents.filter((document) => document.knowledgeBaseId === base.id);
    const chunks = documents.flatMap((document) => split(document, base));
    const names = new Map(documents.map((document) => [document.id, document]));
    const shelved: Shelved = {
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

/** Cuts a document into chunks of whole sentences, each at most `chunkSize` words where the sentences allow. */
function split(document: Document, { chunkSize, chunkOverlap }: KnowledgeBase): Chunk[] {
  const chunks: string[][] = [];
  let current: string[] = [];
  for (const sentence of sentences(document.content)) {
    if (current.length > 0 && count(current) + count([sentence]) > chunkSize) {
      chunks.push(current);
      current = tail(current, chunkOverlap);
    }
    current.push(sentence);
  }
  if (current.length > 0) chunks.push(current);
  return chunks.map((part, chunkIndex) => ({
    id: `${document.id}_${chunkIndex}`,
    documentId: document.id,
    content: part.join(' '),
    chunkIndex,
    tokenCount: count(part),
  }));
}

/** The last sentences that together have at most `most` words, for the start of the next chunk. */
function tail(part: string[], most: number): string[] {
  let from = part.length;
  while (from > 1 && count(part.slice(from - 1)) <= most) from -= 1;
  return part.slice(from);
}

function count(part: string[]): number {
  return part.reduce((sum, sentence) => sum + words(sentence).length, 0);
}
