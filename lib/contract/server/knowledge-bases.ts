import { invalid, unsupported } from '../../errors';
import type { KnowledgeBase, KnowledgeDocument } from '../../model';
import { chain, ignoreAnswer, inLane, read, unsupportedCall, write } from '../calls';
import { decodeEntity } from '../envelope';
import type { Contract } from '../index';
import { object, put, string } from '../json';
import { found, item, knowledgeBase } from './entities';
import { containsText, isWanted, pagedList } from './lists';
import { toServerFields, toTextMap } from './words';

const path = ['knowledge-bases'];
/** Maximum number of search results (contract 1.8). */
const MAX_RESULTS = 20;
const plain = new Set([undefined, '', 'txt', 'markdown', 'html', 'csv', 'json']);
const keeps = 'It keeps name, description, embeddingModel, chunkSize and chunkOverlap.';
const pairs = 'Its documents are texts: a question (the name) and its answer (the content).';

const fields = { name: 'name', description: 'description' };
const made = { ...fields, type: 'type' };
const settings = { embeddingModel: 'embedding_model', chunkSize: 'chunk_size', chunkOverlap: 'chunk_overlap' };

/** Some fields of the model are settings here. */
function split({ embeddingModel, chunkSize, chunkOverlap, ...rest }: Record<string, unknown>, known: typeof fields) {
  const config = toServerFields({ embeddingModel, chunkSize, chunkOverlap }, settings, 'a knowledge base', keeps);
  return { body: toServerFields(rest, known, 'a knowledge base', keeps), config };
}

/** @returns the text of a file; undefined for one that is no text */
function textOf(file: Buffer, kind: string): string | undefined {
  if (/(^|\.)(pdf|docx)$/i.test(kind) || file.includes(0)) return undefined;
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(file);
  } catch {
    return undefined;
  }
}

/** Knowledge bases and their documents, which are pairs of question and answer here (contract 1.8). */
export const knowledgeBases: Contract['knowledgeBases'] = {
  list: ({ status, search, ...slice }) => {
    const keep = (one: KnowledgeBase) =>
      isWanted(status, one.status) && containsText(search, one.name, one.description);
    return pagedList(path, knowledgeBase, 'knowledge bases', slice, status || search ? keep : undefined);
  },
  get: (id) => read([...path, id], knowledgeBase),
  create(input) {
    const { body, config } = split({ type: 'faq', ...input }, made);
    return write('POST', path, knowledgeBase, Object.keys(config).length > 0 ? { ...body, config } : body);
  },
  update(id, changes) {
    const { body, config } = split(changes, fields);
    const put = (whole: object) => write('PUT', [...path, id], knowledgeBase, whole);
    if (Object.keys(config).length === 0) return inLane(id, put(body));
    // The settings are one object, so unchanged ones must be sent as well.
    const now = read([...path, id], (answer) => object(decodeEntity(answer, 'a knowledge base').config) ?? {});
    return inLane(
      id,
      chain(now, (kept) => put({ ...body, config: { ...kept, ...config } })),
    );
  },
  remove: (id) => write('DELETE', [...path, id], ignoreAnswer),
  // This POST changes nothing, so it may be repeated. `minScore` is applied by the resource.
  query({ base, query, topK, filter }) {
    if (filter && Object.keys(filter).length > 0)
      throw unsupported('filter a search in a knowledge base', 'Choose among the results.');
    const limit = topK && Math.min(topK, MAX_RESULTS);
    return write('POST', [...path, base, 'search'], found(query), { query, limit }, 'read');
  },
  stats: unsupportedCall('tell the figures of a knowledge base', 'Read the knowledge base: it has documentCount.'),
  documents: (id, { status, type, search, ...slice }) => {
    if (type) throw unsupported('list documents by type', pairs);
    const keep = (one: KnowledgeDocument) =>
      isWanted(status, one.status) && containsText(search, one.name, one.content);
    return pagedList([...path, id, 'items'], item, 'documents', slice, status || search ? keep : undefined);
  },
  document: (id, documentId) => read([...path, id, 'items', documentId], item),
  addDocument(id, { name, type, content, sourceUrl, metadata }) {
    if (!plain.has(type)) throw unsupported(`read a document of type "${type}"`, pairs);
    if (!content) {
      if (sourceUrl) throw unsupported('fetch a document from an address', 'Read it yourself and give its content.');
      throw invalid('The document has no content.', pairs);
    }
    const body: Record<string, unknown> = { question: name, answer: content };
    put(body, 'source', string(sourceUrl));
    if (metadata) body.metadata = toTextMap(metadata, 'metadata');
    return write('POST', [...path, id, 'items'], item, body);
  },
  uploadDocument(id, { file, filename, name, type, metadata }) {
    const content = textOf(file, type || filename);
    if (content === undefined) throw unsupported('take a file that is no text into a knowledge base', pairs);
    return knowledgeBases.addDocument(id, { name, content, metadata });
  },
  updateDocument: (id, documentId, { name, content, metadata }) =>
    write('PUT', [...path, id, 'items', documentId], item, {
      question: name,
      answer: content,
      ...(metadata && { metadata: toTextMap(metadata, 'metadata') }),
    }),
  removeDocument: (id, documentId) => write('DELETE', [...path, id, 'items', documentId], ignoreAnswer),
  reprocess: (id) =>
    chain(write('POST', [...path, id, 'regenerate-embeddings'], ignoreAnswer), () => knowledgeBases.get(id)),
  reprocessDocument: unsupportedCall('process a document anew', 'Process the whole knowledge base anew.'),
  chunks: unsupportedCall('tell the chunks of a document', 'A document is one question with its answer here.'),
};
