import type { World } from '../../sim/world';
import { stamp, touch } from '../../state';
import type { Document, KnowledgeBase } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import { type Answer, type Call, noContent, ok } from '../../wire/router';
import { pageWithPagination, wrap, wrapCreated, wrapMessage } from '../envelope';
import { findByUuid, readTextMap, requireText } from '../read';
import { badRequest, invalidBody, notFound } from '../refusal';
import type { AddRoutes } from '../route';
import { omitEmpty, timesView, toTextMap } from '../views';

const TYPES = ['faq', 'documents', 'website'] as const;
const MAX_RESULTS = 20;
const DEFAULT_RESULTS = 5;
const MAX_BULK_ITEMS = 100;

/** Knowledge bases. An item is a question with its answer; the documented API calls it a document. */
export const knowledgeRoutes: AddRoutes = (on, { world }) => {
  const { bases, documents } = world.state;
  const path = '/knowledge-bases';
  const need = ({ params }: Call): KnowledgeBase => findByUuid(bases, params.id);
  const needItem = (call: Call): Document => {
    const item = findByUuid(documents, call.params.item);
    if (item.knowledgeBaseId !== need(call).id) throw notFound('Item');
    return item;
  };
  on('GET', path, ({ query }) => pageWithPagination(bases.all(), query, (base) => baseView(world, base)));
  on('POST', path, ({ body }) => wrapCreated(baseView(world, create(world, new Form(body)))));
  on('GET', `${path}/:id`, (call) => wrap(baseView(world, need(call))));
  on('PUT', `${path}/:id`, (call) => wrap(baseView(world, update(world, need(call), new Form(call.body)))));
  on('DELETE', `${path}/:id`, (call) => {
    const { id } = need(call);
    for (const item of itemsOf(world, id)) documents.remove(item.id);
    world.knowledge.invalidate(id);
    bases.remove(id);
    return noContent();
  });
  on('POST', `${path}/:id/search`, (call) => search(world, need(call), new Form(call.body)));
  on('POST', `${path}/:id/regenerate-embeddings`, (call) => {
    world.knowledge.invalidate(need(call).id);
    return wrapMessage('Embeddings regeneration started');
  });
  on('GET', `${path}/:id/items`, (call) => pageWithPagination(itemsOf(world, need(call).id), call.query, itemView));
  on('POST', `${path}/:id/items`, (call) => wrapCreated(itemView(addItem(world, need(call), new Form(call.body)))));
  on('POST', `${path}/:id/items/bulk`, (call) => addItems(world, need(call), call.body));
  on('GET', `${path}/:id/items/:item`, (call) => wrap(itemView(needItem(call))));
  on('PUT', `${path}/:id/items/:item`, (call) => {
    const item = needItem(call);
    fillItem(item, new Form(call.body));
    touch(item);
    world.knowledge.invalidate(item.knowledgeBaseId);
    return wrap(itemView(item));
  });
  on('DELETE', `${path}/:id/items/:item`, (call) => {
    const item = needItem(call);
    documents.remove(item.id);
    world.knowledge.invalidate(item.knowledgeBaseId);
    return noContent();
  });
};

function create(world: World, form: Form): KnowledgeBase {
  const { bases } = world.state;
  const base: KnowledgeBase = {
    ...stamp(bases.newId()),
    name: requireText(form, 'name'),
    type: form.needChoice('type', TYPES),
    embeddingModel: 'sandbox-embedding',
    chunkSize: 80,
    chunkOverlap: 0,
    metadata: {},
  };
  return bases.add(update(world, base, form));
}

function update({ knowledge }: World, base: KnowledgeBase, form: Form): KnowledgeBase {
  const config = form.form('config');
  base.name = form.text('name') || base.name;
  base.description = form.text('description') ?? base.description;
  base.embeddingModel = config?.text('embedding_model') ?? base.embeddingModel;
  base.chunkSize = config?.number('chunk_size', { min: 1, integer: true }) ?? base.chunkSize;
  base.chunkOverlap = config?.number('chunk_overlap', { min: 0, integer: true }) ?? base.chunkOverlap;
  touch(base);
  knowledge.invalidate(base.id);
  return base;
}

function itemsOf({ state }: World, baseId: string): Document[] {
  return state.documents.filter(({ knowledgeBaseId }) => knowledgeBaseId === baseId);
}

/** Searches items by keyword. Every score is 1. */
function search(world: World, base: KnowledgeBase, form: Form): Answer {
  const query = requireText(form, 'query');
  const limit = form.number('limit', { min: 0, max: MAX_RESULTS, integer: true }) || DEFAULT_RESULTS;
  const found = [...new Set(world.knowledge.search(base, query).map(({ document }) => document))].slice(0, limit);
  return ok({ results: found.map((item) => ({ item: itemView(item), score: 1 })), query, count: found.length });
}

function addItem({ state, knowledge }: World, base: KnowledgeBase, form: Form): Document {
  const item: Document = {
    ...stamp(state.documents.newId()),
    knowledgeBaseId: base.id,
    name: requireText(form, 'question'),
    type: 'txt',
    content: requireText(form, 'answer'),
    status: 'completed',
    metadata: {},
  };
  fillItem(item, form);
  knowledge.invalidate(base.id);
  return state.documents.add(item);
}

/** Adds the valid items and reports the others. */
function addItems(world: World, base: KnowledgeBase, body: unknown): Answer {
  if (!Array.isArray(body)) throw invalidBody();
  if (body.length > MAX_BULK_ITEMS) throw badRequest(`At most ${MAX_BULK_ITEMS} items`);
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

function fillItem(item: Document, form: Form): void {
  item.name = form.text('question') || item.name;
  item.content = form.text('answer') || item.content;
  item.keywords = form.texts('keywords') ?? item.keywords;
  item.sourceUrl = form.text('source') ?? item.sourceUrl;
  item.metadata = readTextMap(form, 'metadata') ?? item.metadata;
}

function itemView(item: Document): Fields {
  const { id, knowledgeBaseId, name, content, keywords, sourceUrl, metadata } = item;
  return {
    id,
    knowledge_base_id: knowledgeBaseId,
    question: name,
    answer: content,
    ...omitEmpty({ keywords, source: sourceUrl, metadata: toTextMap(metadata) }),
    ...timesView(item),
  };
}

function baseView(world: World, base: KnowledgeBase): Fields {
  const { id, tenantId, name, description, type = 'documents', embeddingModel, chunkSize, chunkOverlap } = base;
  return {
    id,
    tenant_id: tenantId,
    name,
    ...omitEmpty({ description }),
    type,
    config: { embedding_model: embeddingModel, chunk_size: chunkSize, chunk_overlap: chunkOverlap },
    status: 'active',
    item_count: itemsOf(world, id).length,
    ...timesView(base),
  };
}
