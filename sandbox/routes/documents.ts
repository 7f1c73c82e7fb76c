import type { World } from '../sim/world';
import { stamp, touch } from '../state';
import type { Document, KnowledgeBase } from '../state/entities';
import { type Fields, Form, isFields } from '../wire/form';
import { htmlToText } from '../wire/html-text';
import { list } from '../wire/paging';
import { invalid, notFound } from '../wire/problem';
import { type Answer, type Call, created, noContent, ok, type Router, type Upload } from '../wire/router';
import { documentsOf, documentView } from './knowledge';

const TYPES = ['pdf', 'txt', 'docx', 'html', 'markdown', 'csv', 'json'] as const;
/** Formats whose text the sandbox cannot extract. */
const OPAQUE: readonly string[] = ['pdf', 'docx'];
const ENDINGS: Readonly<Record<string, (typeof TYPES)[number]>> = { md: 'markdown', htm: 'html' };

/** The documents of a knowledge base. */
export function documentRoutes(router: Router, world: World): void {
  const { state, knowledge } = world;
  const path = '/knowledge-bases/:id/documents';
  const baseOf = ({ params }: Call): KnowledgeBase => state.bases.need(params.id ?? '');
  const need = (call: Call): Document => {
    const document = state.documents.get(call.params.document ?? '');
    if (document?.knowledgeBaseId !== baseOf(call).id) throw notFound('Document');
    return document;
  };
  const view = (base: KnowledgeBase, document: Document): Fields => ({
    ...documentView(world, base, document),
    content: document.content,
  });
  const show = (call: Call): Answer => ok(view(baseOf(call), need(call)));
  const changed = (call: Call): Answer => {
    knowledge.invalidate(baseOf(call).id);
    touch(need(call));
    return show(call);
  };
  router
    .on('GET', path, (call) => {
      const base = baseOf(call);
      return list(documentsOf(world, base), call.query, {
        filters: { status: ({ status }, wanted) => status === wanted, type: ({ type }, wanted) => type === wanted },
        search: ({ name, content }) => [name, content],
        sort: { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name.toLowerCase() },
        view: (document) => view(base, document),
      });
    })
    .on('POST', path, (call) => {
      const base = baseOf(call);
      const document = state.documents.add({
        ...stamp(state.documents.newId()),
        knowledgeBaseId: base.id,
        status: 'completed',
        ...readDocument(new Form(withoutEmpty(call.body)), call.files),
      });
      knowledge.invalidate(base.id);
      return created(view(base, document));
    })
    .on('GET', `${path}/:document`, show)
    .on('PATCH', `${path}/:document`, (call) => {
      update(need(call), new Form(call.body));
      return changed(call);
    })
    .on('DELETE', `${path}/:document`, (call) => {
      state.documents.remove(need(call).id);
      knowledge.invalidate(baseOf(call).id);
      return noContent();
    })
    .on('POST', `${path}/:document/reprocess`, changed)
    .on('GET', `${path}/:document/chunks`, (call) => {
      const chunks = knowledge.chunksOf(baseOf(call), need(call).id);
      return ok({ chunks: chunks.map((chunk) => ({ ...chunk, index: chunk.chunkIndex })) });
    });
}

type Read = Pick<Document, 'name' | 'type' | 'content' | 'sourceUrl' | 'metadata'>;

/** An upload of the TypeScript SDK always has `name`, `type` and `metadata`, empty when they are not given. */
function withoutEmpty(body: unknown): unknown {
  if (!isFields(body)) return body;
  return Object.fromEntries(Object.entries(body).filter(([, value]) => value !== ''));
}

/** Reads a document: as JSON in the terms of any family, as base64 in JSON, or as an uploaded file. */
function readDocument(form: Form, files: Upload[]): Read {
  const file = files.find(({ name }) => name === 'file') ?? files[0];
  const sourceUrl = form.text('sourceUrl') ?? form.text('url');
  const name = form.text('name')?.trim() || form.text('title')?.trim() || file?.filename || sourceUrl;
  if (!name) throw invalid('name', 'is required');
  const type = form.choice('type', TYPES) ?? form.choice('fileType', TYPES) ?? typeOf(file?.filename ?? name);
  const packed = form.text('base64Content');
  const bytes = file?.data ?? (packed === undefined ? undefined : Buffer.from(packed, 'base64'));
  if (bytes && OPAQUE.includes(type)) throw invalid('type', `${type} cannot be read in a sandbox, plain text can`);
  const content = bytes?.toString('utf8') ?? form.text('content') ?? '';
  if (content.trim() === '' && !sourceUrl) throw invalid('content', 'is required');
  return {
    name,
    type,
    content: type === 'html' ? htmlToText(content) : content,
    sourceUrl,
    metadata: readMetadata(form),
  };
}

function update(document: Document, form: Form): void {
  const name = form.text('name') ?? form.text('title');
  if (name !== undefined && name.trim() === '') throw invalid('name', 'must not be empty');
  document.name = name ?? document.name;
  document.content = form.text('content') ?? document.content;
  document.metadata = { ...document.metadata, ...readMetadata(form) };
}

/** In a multipart form the metadata is JSON in a text field. */
function readMetadata(form: Form): Fields {
  const given = form.raw('metadata');
  if (typeof given !== 'string') return form.map('metadata') ?? {};
  try {
    const parsed: unknown = JSON.parse(given);
    if (isFields(parsed)) return parsed;
  } catch {
    // Reported below with the name of the field.
  }
  throw invalid('metadata', 'must be a JSON object');
}

function typeOf(filename: string): string {
  const ending = filename.toLowerCase().split('.').at(-1) ?? '';
  return ENDINGS[ending] ?? TYPES.find((type) => type === ending) ?? 'txt';
}
