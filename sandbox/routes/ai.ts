import { completeTurns, readTurns, type Usage } from '../sim/completion';
import { cosine, DIMENSION, vector } from '../sim/embedding';
import { words } from '../sim/words';
import type { World } from '../sim/world';
import { newId } from '../state/collection';
import { type Fields, Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Answer, ok, type Router } from '../wire/router';

/** Completions and embeddings, made here without any model. */
export function aiRoutes(router: Router, world: World): void {
  router
    .on('POST', '/ai/completions', ({ body }) => completion(world, new Form(body)))
    .on('POST', '/ai/completions/chat', ({ body }) => completion(world, new Form(body)))
    .on('POST', '/ai/embeddings', ({ body }) => embeddings(new Form(body)))
    .on('POST', '/ai/embeddings/search', ({ body }) => searchEmbeddings(world, new Form(body)));
}

function completion(world: World, form: Form): Answer {
  const prompt = form.text('prompt');
  const turns = readTurns(form) ?? (prompt?.trim() ? [{ role: 'user' as const, content: prompt }] : undefined);
  if (!turns) throw invalid('messages', 'is required');
  form.number('temperature', { min: 0, max: 2 });
  form.number('maxTokens', { min: 1, integer: true });
  const model = form.text('model') ?? 'sandbox-model';
  const { text, usage } = completeTurns(world, turns, form.texts('knowledgeBaseIds') ?? []);
  if (form.flag('stream')) {
    const id = newId('cmpl');
    return streamAnswer(text, (delta, finishReason) => ({ id, model, delta: { content: delta }, finishReason }));
  }
  return ok({ ...completionBody(model, text, usage), ...(prompt !== undefined && { text }) });
}

/** A finished completion with the fields of every SDK family. */
export function completionBody(model: string, text: string, usage: Usage): Fields {
  const message = { role: 'assistant', content: text };
  return {
    id: newId('cmpl'),
    object: 'chat.completion',
    created: Math.floor(Date.now() / 1000),
    model,
    message,
    choices: [{ index: 0, message, finishReason: 'stop' }],
    usage,
    finishReason: 'stop',
  };
}

/** Sends a text word by word as server-sent events; the last one has the finish reason, followed by `[DONE]`. */
export function streamAnswer(text: string, piece: (delta: string, finishReason?: string) => Fields): Answer {
  const parts = text.match(/\S+\s*/g) ?? [];
  const events = [...parts.map((part) => piece(part)), piece('', 'stop')].map((event) => JSON.stringify(event));
  return { status: 200, events: [...events, '[DONE]'] };
}

function embeddings(form: Form): Answer {
  const given = form.raw('input');
  const texts =
    typeof given === 'string' ? [given] : (form.texts('input') ?? form.texts('inputs') ?? form.texts('texts'));
  if (!texts || texts.length === 0) throw invalid('input', 'is required');
  if (texts.some((text) => text.trim() === '')) throw invalid('input', 'must not be empty');
  const vectors = texts.map(vector);
  const promptTokens = texts.reduce((sum, text) => sum + words(text).length, 0);
  return ok({
    object: 'list',
    data: vectors.map((embedding, index) => ({ object: 'embedding', index, embedding })),
    embeddings: vectors,
    model: form.text('model') ?? 'sandbox-embedding',
    dimension: DIMENSION,
    usage: { promptTokens, completionTokens: 0, totalTokens: promptTokens },
  });
}

/** Ranks the given texts, or the chunks of a base, by how close their vectors are to the query's. */
function searchEmbeddings({ state, knowledge }: World, form: Form): Answer {
  const query = form.needText('query');
  const topK = form.number('topK', { min: 1, max: 100, integer: true }) ?? 5;
  const baseId = form.text('knowledgeBaseId');
  const texts = form.texts('texts') ?? form.texts('documents');
  if (!texts && baseId === undefined) throw invalid('texts', 'is required, or knowledgeBaseId');
  const items: { text: string; documentId?: string; chunkId?: string }[] =
    texts?.map((text) => ({ text })) ??
    knowledge
      .chunks(state.bases.need(baseId ?? ''))
      .map(({ id, documentId, content }) => ({ text: content, documentId, chunkId: id }));
  const wanted = vector(query);
  const results = items
    .map((item, index) => ({ ...item, index, score: cosine(wanted, vector(item.text)) }))
    .sort((a, b) => b.score - a.score)
    .slice(0, topK);
  return ok({ query, model: form.text('model') ?? 'sandbox-embedding', results });
}
