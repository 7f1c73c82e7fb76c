import { ignoreAnswer, read, write } from '../calls';
import * as entities from '../entities';
import type { Contract, SearchFilter } from '../index';
import { changed, crud, listOf, listQuery, wholeList } from './calls';

const path = ['knowledge-bases'];

/** Knowledge bases and their documents (contract 1.8). */
export const knowledgeBases: Contract['knowledgeBases'] = {
  ...crud<ReturnType<typeof entities.knowledgeBase>, SearchFilter>(path, entities.knowledgeBase, 'knowledge bases'),
  // This POST changes nothing, so it may be repeated.
  query: ({ base, query, topK, minScore, filter }) =>
    write(
      'POST',
      [...path, base, 'query'],
      entities.queryResult(query),
      { query, topK, threshold: minScore, minScore, filter },
      'read',
    ),
  stats: (id) => read([...path, id, 'stats'], entities.facts),
  documents: (id, filter) => listOf([...path, id, 'documents'], entities.document, 'documents', listQuery(filter)),
  document: (id, documentId) => read([...path, id, 'documents', documentId], entities.document),
  addDocument: (id, input) => write('POST', [...path, id, 'documents'], entities.document, input),
  uploadDocument: (id, { file, filename, mimeType, name, type, metadata }) => ({
    ...write('POST', [...path, id, 'documents'], entities.document),
    upload: {
      file,
      filename,
      mimeType,
      fields: { name, type, metadata: metadata && JSON.stringify(metadata) },
    },
  }),
  updateDocument: (id, documentId, changes) =>
    changed(
      [...path, id, 'documents'],
      documentId,
      entities.document,
      write('PATCH', [...path, id, 'documents', documentId], entities.document, changes),
    ),
  reprocess: (id) =>
    changed(path, id, entities.knowledgeBase, write('POST', [...path, id, 'reprocess'], entities.knowledgeBase)),
  reprocessDocument: (id, documentId) =>
    changed(
      [...path, id, 'documents'],
      documentId,
      entities.document,
      write('POST', [...path, id, 'documents', documentId, 'reprocess'], entities.document),
    ),
  chunks: (id, documentId) => wholeList([...path, id, 'documents', documentId, 'chunks'], 'chunks', ['chunks']),
  removeDocument: (id, documentId) => write('DELETE', [...path, id, 'documents', documentId], ignoreAnswer),
};
