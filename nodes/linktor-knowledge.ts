import { changesOf } from '../lib/ai/document';
import { textOf } from '../lib/ai/prompt';
import { LinktorError, toLinktorError } from '../lib/errors';
import type { Chunk } from '../lib/model';
import { addAll, addFolder, addOne, noBase, oneOf } from './kit/action/add-documents';
import { type KnowledgeContext, knowledgeFields } from './kit/action/knowledge-fields';
import { runList } from './kit/action/list';
import { runCrud } from './kit/action/resource';
import { action, type Outcome } from './kit/define';
import { bodyOf } from './kit/fields';

/** Query and manage knowledge bases. Without a result, the unchanged message leaves by the second output. */
export default action({
  type: 'linktor-knowledge',
  outputs: ['found', 'none'],
  result: 'payload',
  busy: 'asking',
  fields: knowledgeFields,
  async run(context) {
    const { client, msg, values } = context;
    const { operation, title: name, description, settings, search, state: status, kind: type } = values;
    const { knowledgeBases } = client;
    switch (operation) {
      case 'query':
        return query(context);
      case 'documents': {
        const base = oneOf(values.base);
        return runList(context, values, (slice) => knowledgeBases.documents(base, { search, status, type, ...slice }));
      }
      case 'addDocument':
        return Array.isArray(values.content) ? addAll(context, values.content) : addOne(context);
      case 'addFolder':
        return addFolder(context);
      case 'updateDocument': {
        const changes = changesOf(values.content, { name, metadata: values.metadata });
        return { result: await knowledgeBases.updateDocument(oneOf(values.base), values.document, changes) };
      }
      case 'deleteDocument':
        await knowledgeBases.removeDocument(oneOf(values.base), values.document);
        return { result: { id: values.document, deleted: true } };
      case 'reprocess':
        return { result: await knowledgeBases.reprocess(oneOf(values.base)) };
      case 'reprocessDocument':
        return { result: await knowledgeBases.reprocessDocument(oneOf(values.base), values.document) };
      case 'chunks':
        return { result: await knowledgeBases.chunks(oneOf(values.base), values.document) };
      case 'document':
        return { result: await knowledgeBases.document(oneOf(values.base), values.document) };
      case 'stats':
        return { result: await knowledgeBases.stats(oneOf(values.base)) };
      default:
        return runCrud(context, knowledgeBases, {
          ...values,
          id: operation === 'list' || operation === 'create' ? '' : oneOf(values.base),
          filter: { search, status },
          body: () => bodyOf({ name, description, ...settings }, msg.payload),
        });
    }
  },
});

/** Query one or several bases in parallel, and return the best results of all. */
async function query({ client, msg, values }: KnowledgeContext): Promise<Outcome> {
  const { question = '', topK = 5, minScore, returns } = values;
  const bases = [...new Set(values.base)];
  if (bases.length === 0) throw noBase();
  // Lets the AI node recognise an unchanged payload.
  const before = typeof msg.payload === 'string' && msg.payload !== question ? { payload: msg.payload } : {};
  // A message without text, such as an image, has no results.
  if (question.trim() === '') {
    const knowledge = { query: question, chunks: [], base: bases.length === 1 ? bases[0] : bases, took: 0, ...before };
    return { result: undefined, keepPayload: true, port: 1, properties: { knowledge } };
  }
  const began = Date.now();
  const results = await Promise.all(
    bases.map(async (base) => {
      try {
        const {
          chunks,
          query: _query,
          ...facts
        } = await client.knowledgeBases.query({
          ...{ base, query: question, topK, minScore },
        });
        return { chunks: chunks.map((chunk) => ({ ...chunk, base })), facts };
      } catch (thrown) {
        return { chunks: [], failed: { base, error: toLinktorError(thrown) } };
      }
    }),
  );
  const failed = results.flatMap((result) => ('failed' in result && result.failed ? [result.failed] : []));
  const [problem] = failed;
  // Failed bases are only recorded in the result; if all fail, the first error is thrown.
  if (problem && failed.length === bases.length) throw named(problem, bases.length);
  const chunks = results
    .flatMap((result) => result.chunks)
    .sort((one, other) => other.score - one.score)
    .slice(0, topK);
  const best = chunks[0];
  const base = bases.length === 1 ? bases[0] : bases;
  const [facts] = results.flatMap((result) => ('facts' in result && result.facts ? [result.facts] : []));
  const unanswered = failed.map((one) => ({ base: one.base, code: one.error.code, message: one.error.message }));
  const knowledge = {
    // What else an answer says is about the one base that was asked.
    ...(bases.length === 1 ? facts : { model: facts?.model }),
    query: question,
    chunks,
    best,
    base,
    took: Date.now() - began,
    ...before,
    ...(unanswered.length > 0 && { failed: unanswered }),
  };
  if (!best) return { result: undefined, keepPayload: true, port: 1, properties: { knowledge } };
  return { result: answer(returns, chunks, best), properties: { knowledge } };
}

/** @returns the error, with the name of the base if several were queried */
function named({ base, error }: { base: string; error: LinktorError }, count: number): LinktorError {
  if (count === 1) return error;
  return new LinktorError(error.code, `The knowledge base "${base}": ${error.message}`, {
    ...error.cause,
    details: { base, ...(error.cause.details !== undefined && { reason: error.cause.details }) },
  });
}

function answer(returns: string, chunks: readonly Chunk[], best: Chunk): unknown {
  if (returns === 'best') return best.content;
  if (returns === 'text') return textOf(chunks);
  return chunks.map(({ content, score, documentId, title, metadata }) => ({
    content,
    score,
    documentId,
    title,
    metadata,
  }));
}
