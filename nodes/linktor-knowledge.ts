import { documentOf } from '../lib/ai/document';
import { textOf } from '../lib/ai/prompt';
import { invalid, LinktorError, toLinktorError } from '../lib/errors';
import type { Chunk } from '../lib/model';
import { listFields, runList } from './kit/action/list';
import { runCrud } from './kit/action/resource';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, bodyOf, choice, confirmation, dynJson, dynNumber, typed, type Values } from './kit/fields';

const operations = [
  ...(['query', 'list', 'get', 'create', 'delete', 'documents', 'addDocument', 'deleteDocument'] as const),
  ...(['reprocess', 'reprocessDocument', 'chunks'] as const),
] as const;
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const optional = { convert: as.string };
const listable = only('list', 'documents');

const fields = {
  operation: choice(operations, { icon: 'tasks' }),
  base: typed('base', {
    required: true,
    convert: as.list,
    pick: 'knowledgeBases',
    icon: 'book',
    when: only(...operations.filter((one) => one !== 'list' && one !== 'create')),
  }),
  question: typed('payload', { ...optional, area: true, icon: 'question', when: only('query') }),
  topK: typed('topK', { types: dynNumber, convert: as.number(1, 100), icon: 'list-ol', when: only('query') }),
  minScore: typed('minScore', { types: dynNumber, convert: as.number(), icon: 'filter', when: only('query') }),
  returns: choice(['chunks', 'text', 'best'], { icon: 'reply', when: only('query') }),
  content: typed('payload', {
    types: ['msg', 'str', 'json', 'flow', 'global', 'env', 'jsonata'],
    required: true,
    icon: 'file-text-o',
    when: only('addDocument'),
  }),
  title: typed('', { ...optional, icon: 'font', when: only('create', 'addDocument') }),
  filename: typed('filename', { ...optional, icon: 'file-o', when: only('addDocument') }),
  description: typed('', { ...optional, icon: 'align-left', when: only('create') }),
  settings: typed('', { types: dynJson, convert: as.object, icon: 'sliders', advanced: true, when: only('create') }),
  kind: typed('', { ...optional, icon: 'file-code-o', advanced: true, when: only('documents', 'addDocument') }),
  metadata: typed('', {
    types: dynJson,
    convert: as.object,
    icon: 'tags',
    advanced: true,
    when: only('addDocument'),
  }),
  document: typed('documentId', {
    convert: as.id,
    required: true,
    icon: 'file-text-o',
    when: only('deleteDocument', 'reprocessDocument', 'chunks'),
  }),
  search: typed('', { ...optional, icon: 'search', when: listable }),
  // Not `status`: Node-RED's editor uses this property for the status of the node.
  state: typed('', { ...optional, icon: 'flag-o', when: listable }),
  ...listFields(listable),
  confirm: confirmation({ when: only('delete', 'deleteDocument') }),
};

type Context = ActionContext<Values<typeof fields>>;

/** Query and manage knowledge bases. Without a result, the unchanged message leaves by the second output. */
export default action({
  type: 'linktor-knowledge',
  outputs: ['found', 'none'],
  result: 'payload',
  busy: 'asking',
  fields,
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
        return { result: await addDocument(context) };
      case 'deleteDocument':
        await knowledgeBases.removeDocument(oneOf(values.base), values.document);
        return { result: { id: values.document, deleted: true } };
      case 'reprocess':
        return { result: await knowledgeBases.reprocess(oneOf(values.base)) };
      case 'reprocessDocument':
        return { result: await knowledgeBases.reprocessDocument(oneOf(values.base), values.document) };
      case 'chunks':
        return { result: await knowledgeBases.chunks(oneOf(values.base), values.document) };
      default:
        return runCrud(context, knowledgeBases, {
          ...values,
          id: operation === 'get' || operation === 'delete' ? oneOf(values.base) : '',
          filter: { search, status },
          body: () => bodyOf({ name, description, ...settings }, msg.payload),
        });
    }
  },
});

/** Query one or several bases in parallel, and return the best results of all. */
async function query({ client, msg, values }: Context): Promise<Outcome> {
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
        const { chunks, model } = await client.knowledgeBases.query({ base, query: question, topK, minScore });
        return { chunks: chunks.map((chunk) => ({ ...chunk, base })), model };
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
  const model = results.map((result) => ('model' in result ? result.model : undefined)).find(Boolean);
  const unanswered = failed.map((one) => ({ base: one.base, code: one.error.code, message: one.error.message }));
  const knowledge = {
    query: question,
    chunks,
    best,
    model,
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

function addDocument({ client, values }: Context): Promise<unknown> {
  const base = oneOf(values.base);
  const { title: name, filename, kind: type, metadata } = values;
  const input = documentOf(values.content, { name, filename, type, metadata });
  return 'file' in input
    ? client.knowledgeBases.uploadDocument(base, input)
    : client.knowledgeBases.addDocument(base, input);
}

/** @throws LinktorError `validation` unless exactly one base is given; only queries support several */
function oneOf(bases: readonly string[]): string {
  const [base, ...more] = bases;
  if (base !== undefined && more.length === 0) return base;
  throw base === undefined ? noBase() : invalid('This operation works on one "base" at a time.', 'Give one id.');
}

function noBase() {
  return invalid('"base" is missing.', 'Fill in the field "base" or give msg.base to the node.');
}
