import { createHash } from 'node:crypto';
import { documentOf, isDocument } from '../../../lib/ai/document';
import { invalid, LinktorError, partlyDone, toLinktorError } from '../../../lib/errors';
import type { FileBelow } from '../../../lib/files/index';
import { isObject, type KnowledgeDocument } from '../../../lib/model';
import type { Outcome } from '../define';
import type { KnowledgeContext } from './knowledge-fields';
import { type FailedRow, partlyDone as partlyWritten } from './rows';

type NewDocument = ReturnType<typeof documentOf>;

/** Add one document. */
export async function addOne(context: KnowledgeContext): Promise<Outcome> {
  const { msg, values, valuesOf } = context;
  return { result: await add(context, documentIn({ ...(await valuesOf(msg)), content: values.content })) };
}

function documentIn(given: KnowledgeContext['values']): NewDocument {
  const { content, title: name, filename, kind: type, metadata } = given;
  return documentOf(content, { name, filename, type, metadata });
}

function add({ client, values }: KnowledgeContext, document: NewDocument): Promise<KnowledgeDocument> {
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
export async function addAll(context: KnowledgeContext, rows: readonly unknown[]): Promise<Outcome> {
  const { signal, progress } = context;
  const documents: (KnowledgeDocument | null)[] = [];
  const summary = { total: rows.length, added: 0, skipped: 0, failed: [] as FailedRow[] };
  const fresh = await documentsIn(context, rows);
  const inBase = fresh.some((one) => !(one instanceof LinktorError)) ? await namesIn(context) : new Map();
  for (const [index, document] of fresh.entries()) {
    if (signal.aborted) throw interrupted(closed(), counted(summary), LIST_AGAIN);
    try {
      if (document instanceof LinktorError) throw document;
      const known = inBase.get(document.name);
      documents.push(known ?? (await add(context, document)));
      if (known) summary.skipped++;
      else summary.added++;
    } catch (thrown) {
      const { code, message, cause } = toLinktorError(thrown);
      if (!OF_THE_ROW.has(code)) throw interrupted(toLinktorError(thrown), counted(summary), LIST_AGAIN);
      documents.push(null);
      summary.failed.push({ index, error: { code, message, cause } });
    }
    progress(index + 1, rows.length);
  }
  const [first] = summary.failed;
  if (first && summary.failed.length === rows.length) {
    const { code, message, cause } = first.error as LinktorError;
    throw new LinktorError(code, `No document was added. The first: ${message}`, { ...cause, details: summary });
  }
  return { result: documents, properties: { summary }, ...partlyWritten(context, 'Not added:', summary) };
}

/** Expressions in the fields find the row in msg.payload; a file name of the message is none of the row. */
async function documentsIn(
  { msg, valuesOf }: KnowledgeContext,
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

async function namesIn({ client, values }: KnowledgeContext): Promise<Map<string | undefined, KnowledgeDocument>> {
  const found = new Map<string | undefined, KnowledgeDocument>();
  const documents = client.knowledgeBases.eachDocument(oneOf(values.base), { limit: PAGE_SIZE });
  for await (const document of documents) found.set(document.name, document);
  return found;
}

/** failures one after the other, after which the server is taken to be down */
const MAX_IN_A_ROW = 5;
/** failures that every further file would meet as well */
const OF_THE_ACCOUNT = new Set(['authentication', 'authorization', 'not_found']);

interface FolderSummary {
  /** wanted files */
  total: number;
  added: number;
  /** newer versions, whose older ones have been deleted */
  replaced: number;
  /** present: the base has it. changed: the base has an older version of it. The others were not read */
  skipped: { file: string; reason: string }[];
  failed: { file: string; error: FailedRow['error'] }[];
}

/** Where a file of a folder is in the base. */
interface Place {
  file: string;
  id: string;
  status?: string;
}

/**
 * Add the files of a folder one after the other, named by their path in it, except those that the base has already. A
 * file that fails does not stop the others.
 */
export async function addFolder(context: KnowledgeContext): Promise<Outcome> {
  const { values, files, signal, progress } = context;
  const isDeep = values.subfolders;
  const { files: found, others } = await files.below(values.folder, { isDeep, isWanted: isDocument, signal });
  const skipped = others.map(({ name: file, why: reason }) => ({ file, reason: reason as string }));
  const summary: FolderSummary = { total: found.length, added: 0, replaced: 0, skipped, failed: [] };
  const inBase = found.length > 0 ? await placesIn(context) : new Map<string, Known[]>();
  const places: Place[] = [];
  let failures = 0;
  for (const [index, one] of found.entries()) {
    if (signal.aborted) throw interrupted(closed(), { ...summary, present: places.length }, FOLDER_AGAIN);
    try {
      places.push(await addFile(context, one, inBase.get(one.name) ?? [], summary));
      failures = 0;
    } catch (thrown) {
      const { code, message, cause } = toLinktorError(thrown);
      summary.failed.push({ file: one.name, error: { code, message, cause } });
      failures = OF_THE_ROW.has(code) ? 0 : failures + 1;
      if (signal.aborted || OF_THE_ACCOUNT.has(code) || failures >= MAX_IN_A_ROW)
        throw interrupted(toLinktorError(thrown), { ...summary, present: places.length }, FOLDER_AGAIN);
    }
    progress(index + 1, found.length);
  }
  const [first] = summary.failed;
  if (first && summary.failed.length === found.length) {
    const { code, message, cause } = first.error as LinktorError;
    throw new LinktorError(code, `No file was added. ${first.file}: ${message}`, { ...cause, details: summary });
  }
  return { result: places, properties: { summary }, ...partlyWritten(context, 'Not added:', summary) };
}

interface Known {
  id: string;
  status?: string;
  /** digest of the file, if it came from a folder */
  digest?: string;
}

/**
 * @param known documents with its name
 * @returns where the file is in the base, added or found there
 */
async function addFile(
  context: KnowledgeContext,
  { name, path }: FileBelow,
  known: readonly Known[],
  summary: FolderSummary,
): Promise<Place> {
  const { msg, values, valuesOf, files } = context;
  const data = await files.read(path);
  const sha256 = createHash('sha256').update(data).digest('hex');
  const older = known.filter(({ digest }) => digest !== undefined && digest !== sha256);
  const same = known.find((one) => !older.includes(one));
  const [last] = older.slice(-1);
  const there = same ?? (values.replaceChanged ? undefined : last);
  if (there) {
    summary.skipped.push({ file: name, reason: same ? 'present' : 'changed' });
    // A run that has ended in between has left it.
    if (same && values.replaceChanged) await removeAll(context, older);
    return { file: name, id: there.id, status: there.status };
  }
  const { metadata } = await valuesOf({ ...msg, filename: name });
  const document = documentOf(data, { name, filename: name, metadata: { ...metadata, sha256 } });
  const { id, status } = await add(context, document);
  // The newer version is there first: no question meanwhile finds neither.
  await removeAll(context, older);
  if (last) summary.replaced++;
  else summary.added++;
  return { file: name, id, status };
}

async function removeAll({ client, values }: KnowledgeContext, documents: readonly Known[]): Promise<void> {
  for (const { id } of documents) {
    await client.knowledgeBases.removeDocument(oneOf(values.base), id).catch((error: unknown) => {
      if (toLinktorError(error).code !== 'not_found') throw error;
    });
  }
}

/** Their contents are left out: a base may be large. */
async function placesIn({ client, values }: KnowledgeContext): Promise<Map<string, Known[]>> {
  const found = new Map<string, Known[]>();
  const documents = client.knowledgeBases.eachDocument(oneOf(values.base), { limit: PAGE_SIZE });
  for await (const { id, name = '', status, metadata } of documents) {
    const digest = isObject(metadata) && typeof metadata.sha256 === 'string' ? metadata.sha256 : undefined;
    found.set(name, [...(found.get(name) ?? []), { id, status, digest }]);
  }
  return found;
}

const LIST_AGAIN = 'Send the same list again: only what is missing is added.';
const FOLDER_AGAIN = 'Send the message again: only what is missing is added.';

function counted<S extends { added: number; skipped: number }>(summary: S): S & { present: number } {
  return { ...summary, present: summary.added + summary.skipped };
}

function closed(): LinktorError {
  return new LinktorError('unexpected', 'The node was closed.');
}

/** @param present number of documents that are in the base */
function interrupted(
  error: LinktorError,
  { present, ...summary }: { total: number; present: number },
  again: string,
): LinktorError {
  return partlyDone(error, `${present} of ${summary.total} documents are in the base`, summary, again);
}

/** @throws LinktorError `validation` unless exactly one base is given; only queries support several */
export function oneOf(bases: readonly string[]): string {
  const [base, ...more] = bases;
  if (base !== undefined && more.length === 0) return base;
  throw base === undefined ? noBase() : invalid('This operation works on one "base" at a time.', 'Give one id.');
}

export function noBase() {
  return invalid('"base" is missing.', 'Fill in the field "base" or give msg.base to the node.');
}
