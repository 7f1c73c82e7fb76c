import type { SearchResult } from '../sim/knowledge-index';
import type { World } from '../sim/world';
import { stamp } from '../state';
import type { Document, KnowledgeBase } from '../state/entities';
import { type Fields, Form } from '../wire/form';
import { type Answer, ok, type Router } from '../wire/router';
import { crudRoutes } from './crud';

/** Knowledge bases and the search in them. */
export function knowledgeRoutes(router: Router, world: World): void {
  const { state, knowledge } = world;
  const need = crudRoutes(router, {
    path: '/knowledge-bases',
    collection: state.bases,
    listing: {
      filters: { status: (base, wanted) => baseStatus(world, base) === wanted },
      search: ({ name, description }) => [name, description],
      sort: { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name.toLowerCase() },
      view: (base) => baseView(world, base),
    },
    create: (form) => ({
      ...stamp(state.bases.newId()),
      name: form.needText('name'),
      description: form.text('description'),
      embeddingModel: form.text('embeddingModel') ?? 'sandbox-embedding',
      chunkSize: form.number('chunkSize', { min: 10, max: 10_000, integer: true }) ?? 80,
      chunkOverlap: form.number('chunkOverlap', { min: 0, max: 1000, integer: true }) ?? 0,
      metadata: form.map('metadata') ?? {},
    }),
    update: (base, form) => {
      if (form.has('name')) base.name = form.needText('name');
      form.patch(base, 'description', (field) => form.text(field));
      base.metadata = { ...base.metadata, ...form.map('metadata') };
    },
    remove: (base) => {
      for (const { id } of documentsOf(world, base)) state.documents.remove(id);
      knowledge.invalidate(base.id);
    },
  });
  router
    .on('POST', '/knowledge-bases/:id/query', (call) => query(world, need(call), new Form(call.body)))
    .on('POST', '/knowledge-bases/:id/reprocess', (call) => {
      const base = need(call);
      knowledge.invalidate(base.id);
      return ok(baseView(world, base));
    })
    .on('GET', '/knowledge-bases/:id/stats', (call) => ok(stats(world, need(call))));
}

/** A document without its content. */
export function documentView({ knowledge }: World, base: KnowledgeBase, { content, ...document }: Document): Fields {
  return {
    ...document,
    title: document.name,
    size: Buffer.byteLength(content),
    chunkCount: knowledge.chunksOf(base, document.id).length,
  };
}

export function documentsOf({ state }: World, { id }: KnowledgeBase): Document[] {
  return state.documents.filter(({ knowledgeBaseId }) => knowledgeBaseId === id);
}

function baseView(world: World, base: KnowledgeBase): Fields {
  return {
    ...base,
    status: baseStatus(world, base),
    documentCount: documentsOf(world, base).length,
    totalChunks: world.knowledge.chunks(base).length,
  };
}

function baseStatus(world: World, base: KnowledgeBase): string {
  return documentsOf(world, base).length > 0 ? 'active' : 'empty';
}

function stats(world: World, base: KnowledgeBase): Fields {
  const documents = documentsOf(world, base);
  const chunks = world.knowledge.chunks(base);
  const totalTokens = chunks.reduce((sum, { tokenCount }) => sum + tokenCount, 0);
  return {
    documentCount: documents.length,
    totalChunks: chunks.length,
    totalTokens,
    avgChunkSize: chunks.length === 0 ? 0 : totalTokens / chunks.length,
    storageUsed: documents.reduce((sum, { content }) => sum + Buffer.byteLength(content), 0),
  };
}

function query(world: World, base: KnowledgeBase, form: Form): Answer {
  const question = form.needText('query');
  const topK = form.number('topK', { min: 1, max: 50, integer: true }) ?? 5;
  const least = form.number('threshold', { min: 0, max: 1 }) ?? form.number('minScore', { min: 0, max: 1 }) ?? 0;
  const filter = form.map('filter') ?? {};
  const found = world.knowledge
    .search(base, question)
    .filter((hit) => hit.score >= least && matchesFilter(hit, filter))
    .slice(0, topK);
  return ok({
    chunks: found.map((hit) => scoredChunkView(world, base, hit)),
    results: found.map(({ chunk, document, score }) => ({
      documentId: document.id,
      chunkId: chunk.id,
      content: chunk.content,
      score,
      metadata: document.metadata,
    })),
    query: question,
    model: base.embeddingModel,
  });
}

function scoredChunkView(world: World, base: KnowledgeBase, { chunk, document, score }: SearchResult): Fields {
  return { ...chunk, score, metadata: document.metadata, document: documentView(world, base, document) };
}

/** A filter names fields of the document or of its metadata, each with the value or the values it may have. */
function matchesFilter({ document }: SearchResult, filter: Fields): boolean {
  const { content: _, metadata, ...own } = document;
  const known: Fields = { ...metadata, ...own, documentId: document.id };
  return Object.entries(filter).every(([key, wanted]) =>
    Array.isArray(wanted) ? wanted.includes(known[key]) : known[key] === wanted,
  );
}
