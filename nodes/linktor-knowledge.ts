import { changesOf, documentOf } from '../lib/ai/document';
import { textOf } from '../lib/ai/prompt';
import { invalid, LinktorError, toLinktorError } from '../lib/errors';
import type { Chunk, KnowledgeDocument } from '../lib/model';
import { listFields, runList } from './kit/action/list';
import { runCrud } from './kit/action/resource';
import { type FailedRow, partlyDone } from './kit/action/rows';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, bodyOf, choice, confirmation, dynJson, dynNumber, typed, type Values } from './kit/fields';

const operations = [
  ...([
    'query',
    'list',
    'get',
    'create',
    'delete',
    'documents',
    'addDocument',
    'updateDocument',
    'deleteDocument',
  ] as const),
  ...(['reprocess', 'reprocessDocument', 'chunks'] as const),
] as const;
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const optional = { convert: as.string };
const listable = only('list', 'documents');
/** evaluated for each document of a list */
const each = only('addDocument');

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
    when: only('addDocument', 'updateDocument'),
  }),
  title: typed('', { ...optional, icon: 'font', each, when: only('create', 'addDocument', 'updateDocument') }),
  filename: typed('filename', { ...optional, icon: 'file-o', each, when: only('addDocument') }),
  description: typed('', { ...optional, icon: 'align-left', when: only('create') }),
  settings: typed('', { types: dynJson, convert: as.object, icon: 'sliders', advanced: true, when: only('create') }),
  kind: typed('', { ...optional, icon: 'file-code-o', advanced: true, each, when: only('documents', 'addDocument') }),
  metadata: typed('', {
    types: dynJson,
    convert: as.object,
    icon: 'tags',
    advanced: true,
    each,
    when: only('addDocument', 'updateDocument'),
  }),
  document: typed('documentId', {
    convert: as.id,
    required: true,
    icon: 'file-text-o',
    when: only('updateDocument', 'deleteDocument', 'reprocessDocument', 'chunks'),
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
    const { client, msg, values, valuesOf } = context;
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
        if (Array.isArray(values.content)) return addAll(context, values.content);
        return { result: await add(context, documentIn({ ...(await valuesOf(msg)), content: values.content })) };
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

type Given = Context['values'];
type NewDocument = ReturnType<typeof documentOf>;

function documentIn({ content, title: name, filename, kind: type, metadata }: Given): NewDocument {
  return documentOf(content, { name, filename, type, metadata });
}

function add({ client, values }: Context, document: NewDocument): Promise<KnowledgeDocument> {
  const base = oneOf(values.base);
  return 'file' in document
    ? client.knowledgeBases.uploadDocument(base, document)
    : client.knowledgeBases.addDocument(base, document);
}

/** size of the pages in which the documents of a base are read */
const PAGE_SIZE = 100;
/** failures of a document that say nothing about the others */
const OF_THE_ROW = new Set(['validation', 'not_supported', 'conflict']);

/**
 * Add the documents of a list one after the other, except those whose name the base has already: after an interruption
 * the same list adds the rest.
 */
async function addAll(context: Context, rows: readonly unknown[]): Promise<Outcome> {
  const { signal, progress } = context;
  const documents: (KnowledgeDocument | null)[] = [];
  const summary = { total: rows.length, added: 0, skipped: 0, failed: [] as FailedRow[] };
  const fresh = await documentsIn(context, rows);
  const inBase = fresh.some((one) => !(one instanceof LinktorError)) ? await namesIn(context) : new Map();
  for (const [index, document] of fresh.entries()) {
    if (signal.aborted) throw interrupted(new LinktorError('unexpected', 'The node was closed.'), summary);
    try {
      if (document instanceof LinktorError) throw document;
      const known = inBase.get(document.name);
      documents.push(known ?? (await add(context, document)));
      if (known) summary.skipped++;
      else summary.added++;
    } catch (thrown) {
      const { code, message, cause } = toLinktorError(thrown);
      if (!OF_THE_ROW.has(code)) throw interrupted(toLinktorError(thrown), summary);
      documents.push(null);
      summary.failed.push({ index, error: { code, message, cause } });
    }
    progress(index + 1);
  }
  const [first] = summary.failed;
  if (first && summary.failed.length === rows.length) {
    const { code, message, cause } = first.error as LinktorError;
    throw new LinktorError(code, `No document was added. The first: ${message}`, { ...cause, details: summary });
  }
  return { result: documents, properties: { summary }, ...partlyDone(context, 'Not added:', summary) };
}

/** Expressions in the fields find the row in msg.payload; a file name of the message is none of the row. */
async function documentsIn(
  { msg, valuesOf }: Context,
  rows: readonly unknown[],
): Promise<(NewDocument | LinktorError)[]> {
  const documents: (NewDocument | LinktorError)[] = [];
  for (const row of rows) {
    const filename = (row as { filename?: unknown } | null)?.filename;
    try {
      const own = await valuesOf({ ...msg, payload: row, filename });
      documents.push(documentIn({ ...own, content: row }));
    } catch (thrown) {
      documents.push(toLinktorError(thrown));
    }
  }
  return documents;
}

async function namesIn({ client, values }: Context): Promise<Map<string | undefined, KnowledgeDocument>> {
  const found = new Map<string | undefined, KnowledgeDocument>();
  const documents = client.knowledgeBases.eachDocument(oneOf(values.base), { limit: PAGE_SIZE });
  for await (const document of documents) found.set(document.name, document);
  return found;
}

/** @returns the error with how far the list has come */
function interrupted(
  { code, message, cause }: LinktorError,
  summary: { total: number; added: number; skipped: number },
): LinktorError {
  const { total, added, skipped } = summary;
  return new LinktorError(code, `${message} (${added + skipped} of ${total} documents are in the base)`, {
    ...cause,
    details: { ...summary, ...(cause.details !== undefined && { reason: cause.details }) },
    hint: [cause.hint, 'Send the same list again: only what is missing is added.'].filter(Boolean).join(' '),
  });
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
