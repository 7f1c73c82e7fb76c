import type { ActionContext } from '../define';
import { as, choice, confirmation, dynJson, dynNumber, flag, typed, type Values } from '../fields';
import { listFields } from './list';

const operations = [
  ...([
    'query',
    'list',
    'get',
    'create',
    'update',
    'delete',
    'documents',
    'addDocument',
    'addFolder',
    'updateDocument',
    'deleteDocument',
  ] as const),
  ...(['reprocess', 'reprocessDocument', 'chunks', 'document', 'stats'] as const),
] as const;
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const written = only('create', 'update');
const optional = { convert: as.string };
const listable = only('list', 'documents');
/** evaluated for each document of a list or file of a folder */
const each = only('addDocument', 'addFolder');

/** The fields of linktor-knowledge. */
export const knowledgeFields = {
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
  folder: typed('folder', { convert: as.string, required: true, icon: 'folder-open-o', when: only('addFolder') }),
  subfolders: flag(false, { icon: 'sitemap', when: only('addFolder') }),
  replaceChanged: flag(false, { icon: 'refresh', when: only('addFolder') }),
  title: typed('', {
    ...optional,
    icon: 'font',
    each,
    when: only('create', 'update', 'addDocument', 'updateDocument'),
  }),
  filename: typed('filename', { ...optional, icon: 'file-o', each, when: only('addDocument') }),
  description: typed('', { ...optional, icon: 'align-left', when: written }),
  settings: typed('', { types: dynJson, convert: as.object, icon: 'sliders', advanced: true, when: written }),
  kind: typed('', {
    convert: as.word,
    icon: 'file-code-o',
    advanced: true,
    each,
    when: only('documents', 'addDocument'),
  }),
  metadata: typed('', {
    types: dynJson,
    convert: as.object,
    icon: 'tags',
    advanced: true,
    each,
    when: only('addDocument', 'addFolder', 'updateDocument'),
  }),
  document: typed('documentId', {
    convert: as.id,
    required: true,
    icon: 'file-text-o',
    when: only('updateDocument', 'deleteDocument', 'reprocessDocument', 'chunks', 'document'),
  }),
  search: typed('', { convert: as.id, icon: 'search', when: listable }),
  // Not `status`: Node-RED's editor uses this property for the status of the node.
  state: typed('', { convert: as.word, icon: 'flag-o', when: listable }),
  ...listFields(listable),
  confirm: confirmation({ when: only('delete', 'deleteDocument') }),
};

export type KnowledgeContext = ActionContext<Values<typeof knowledgeFields>>;
