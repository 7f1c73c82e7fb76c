import type { World } from '../../sim/world';
import { stamp, touch } from '../../state';
import type { Document, KnowledgeBase } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import { type Answer, type Call, gone, ok } from '../../wire/router';
import { added, bareList, said, wrapped } from '../envelope';
import { findStrictly, needed, textMap } from '../read';
import { absent, badRequest, unreadable } from '../refusal';
import type { Routes } from '../route';
import { sparse, texts, times } from '../views';

const TYPES = ['faq', 'documents', 'website'] as const;
const MOST_FOUND = 20;
const USUALLY_FOUND = 5;
const MOST_AT_ONCE = 100;

/** Knowledge bases. What the documented API calls a document is a question with an answer here. */
export const knowledgeRoutes: Routes = (on, { world }) => {
  const { bases, documents } = world.state;
  const path = '/knowledge-bases';
  const need = ({ params }: Call): KnowledgeBase => findStrictly(bases, params.id);
  const needItem = (call: Call): Document => {
    const item = findStrictly(documents, call.params.item);
    if (item.knowledgeBaseId !== need(call).id) throw absent('Item');
    return item;
  };
  on('GET', path, ({ query }) => bareList(bases.all(), query, (base) => baseView(world, base)));
  on('POST', path, ({ body }) => added(baseView(world, create(world, new Form(body)))));
  on('GET', `${path}/:id`, (call) => wrapped(baseView(world, need(call))));
  on('PUT', `${path}/:id`, (call) => wrapped(baseView(world, update(world, need(call), new Form(call.body)))));
  on('DELETE', `${path}/:id`, (call) => {
    const { id } = need(call);
    for (const item of itemsOf(world, id)) documents.remove(item.id);
    world.library.forget(id);
    bases.remove(id);
    return gone();
  });
  on('POST', `${path}/:id/search`, (call) => search(world, need(call), new Form(call.body)));
  on('POST', `${path}/:id/regenerate-embeddings`, (call) => {
    world.library.forget(need(call).id);
    return said('Embeddings regeneration started');
  });
  on('GET', `${path}/:id/items`, (call) => bareList(itemsOf(world, need(call).id), call.query, itemView));
  on('POST', `${path}/:id/items`, (call) => added(itemView(addItem(world, need(call), new Form(call.body)))));
  on('POST', `${path}/:id/items/bulk`, (call) => addItems(world, need(call), call.body));
  on('GET', `${path}/:id/items/:item`, (call) => wrapped(itemView(needItem(call))));
  on('PUT', `${path}/:id/items/:item`, (call) => {
    const item = needItem(call);
    fill(item, new Form(call.body));
    touch(item);
    world.library.forget(item.knowledgeBaseId);
    return wrapped(itemView(item));
  });
  on('DELETE', `${path}/:id/items/:item`, (call) => {
    const item = needItem(call);
    documents.remove(item.id);
    world.library.forget(item.knowledgeBaseId);
    return gone();
  });
};

function create(world: World, form: Form): KnowledgeBase {
  const { bases } = world.state;
  const base: KnowledgeBase = {
    ...stamp(bases.newId()),
    name: needed(form, 'name'),
    type: form.needChoice('type', TYPES),
    embeddingModel: 'sandbox-embedding',
    chunkSize: 80,
    chunkOverlap: 0,
    metadata: {},
  };
  return bases.add(update(world, base, form));
}

function update({ library }: World, base: KnowledgeBase, form: Form): KnowledgeBase {
  const config = form.form('config');
  base.name = form.text('name') || base.name;
  base.description = form.text('description') ?? base.description;
  base.embeddingModel = config?.text('embedding_model') ?? base.embeddingModel;
  base.chunkSize = config?.number('chunk_size', { min: 1, whole: true }) ?? base.chunkSize;
  base.chunkOverlap = config?.number('chunk_overlap', { min: 0, whole: true }) ?? base.chunkOverlap;
  touch(base);
  library.forget(base.id);
  return base;
}

function itemsOf({ state }: World, baseId: string): Document[] {
  return state.documents.filter(({ knowledgeBaseId }) => knowledgeBaseId === baseId);
}

/** Finds items by their words; each scores 1, so the order is all there is. */
function search(world: World, base: KnowledgeBase, form: Form): Answer {
  const query = needed(form, 'query');
  const limit = form.number('limit', { min: 0, max: MOST_FOUND, whole: true }) || USUALLY_FOUND;
  const found = [...new Set(world.library.search(base, query).map(({ document }) => document))].slice(0, limit);
  return ok({ results: found.map((item) => ({ item: itemView(item), score: 1 })), query, count: found.length });
}

function addItem({ state, library }: World, base: KnowledgeBase, form: Form): Document {
  const item: Document = {
    ...stamp(state.documents.newId()),
    knowledgeBaseId: base.id,
    name: needed(form, 'question'),
    type: 'txt',
    content: needed(form, 'answer'),
    status: 'completed',
    metadata: {},
  };
  fill(item, form);
  library.forget(base.id);
  return state.documents.add(item);
}

/** Adds what can be read and tells about the rest. */
function addItems(world: World, base: KnowledgeBase, body: unknown): Answer {
  if (!Array.isArray(body)) throw unreadable();
  if (body.length > MOST_AT_ONCE) throw badRequest(`At most ${MOST_AT_ONCE} items`);
  const items: Fields[] = [];
  const errors: string[] = [];
  for (const [index, one] of body.entries()) {
    try {
      items.push(itemView(addItem(world, base, new Form(one))));
    } catch {
      errors.push(`item ${index}: invalid`);
    }
  }
  return ok({ created: items.length, items, errors });
}

function fill(item: Document, form: Form): void {
  item.name = form.text('question') || item.name;
  item.content = form.text('answer') || item.content;
  item.keywords = form.texts('keywords') ?? item.keywords;
  item.sourceUrl = form.text('source') ?? item.sourceUrl;
  item.metadata = textMap(form, 'metadata') ?? item.metadata;
}

function itemView(item: Document): Fields {
  const { id, knowledgeBaseId, name, content, keywords, sourceUrl, metadata } = item;
  return {
    id,
    knowledge_base_id: knowledgeBaseId,
    question: name,
    answer: content,
    ...sparse({ keywords, source: sourceUrl, metadata: texts(metadata) }),
    ...times(item),
  };
}

function baseView(world: World, base: KnowledgeBase): Fields {
  const { id, tenantId, name, description, type = 'documents', embeddingModel, chunkSize, chunkOverlap } = base;
  return {
    id,
    tenant_id: tenantId,
    name,
    ...sparse({ description }),
    type,
    config: { embedding_model: embeddingModel, chunk_size: chunkSize, chunk_overlap: chunkOverlap },
    status: 'active',
    item_count: itemsOf(world, id).length,
    ...times(base),
  };
}
