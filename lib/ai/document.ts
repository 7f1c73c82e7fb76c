import type { DocumentChanges, DocumentInput, UploadInput } from '../contract/index';
import { invalid } from '../errors';

interface About {
  name?: string;
  filename?: string;
  /** pdf, txt, docx, html, markdown, csv, json */
  type?: string;
  metadata?: Record<string, unknown>;
}

/** @returns whether a knowledge base can read a file with this name */
export function isDocument(filename: string): boolean {
  return /\.(pdf|txt|docx|html?|markdown|md|csv|json)$/i.test(filename);
}

/**
 * Build a new document of a knowledge base from a file, a text, a URL that the server fetches, or an object.
 * @param given a buffer, a text, a text that is an http URL, or `{name, content, ...}` with a text or a buffer
 * @param about further fields; they override fields of the object
 * @throws LinktorError `validation` when the document has no name or no content
 */
export function documentOf(given: unknown, about: About): UploadInput | DocumentInput {
  const { type, metadata } = about;
  const filename = about.filename?.split(/[\\/]/).at(-1);
  if (Buffer.isBuffer(given)) {
    if (given.length === 0) throw invalid('The file is empty.', 'Give its content as a buffer in msg.payload.');
    const called = named(filename ?? about.name, 'filename');
    return { file: given, filename: called, name: about.name ?? called, type, metadata };
  }
  const inside = fileIn(given);
  if (inside) {
    const { content, ...own } = inside;
    return documentOf(content, { ...own, ...defined(about) });
  }
  const { name, ...rest } = typeof given === 'string' ? said(given) : own(given);
  return {
    ...rest,
    ...defined({ type, metadata }),
    name: named(about.name ?? name ?? filename ?? rest.sourceUrl, 'title'),
  };
}

/**
 * @param given the new text, or `{name, content, metadata}`
 * @param about further fields; they override fields of the object
 * @throws LinktorError `validation` when nothing would change, or for a file
 */
export function changesOf(given: unknown, about: Pick<About, 'name' | 'metadata'>): DocumentChanges {
  if (Buffer.isBuffer(given) || fileIn(given))
    throw invalid(
      'A file cannot take the place of a document.',
      'Delete the document and add the file, or give its text.',
    );
  const { name, content, metadata } = (typeof given === 'string' ? { content: given } : (given ?? {})) as About & {
    content?: unknown;
  };
  const text = typeof content === 'string' && content.trim() !== '' ? { content } : {};
  const changes = { ...defined({ name, metadata }), ...text, ...defined(about) };
  if (Object.keys(changes).length > 0) return changes;
  throw invalid('Nothing of the document would change.', 'Give its new text, or {name, content, metadata}.');
}

/** @returns the parts of an object whose content is a file */
function fileIn(given: unknown): (About & { content: Buffer }) | undefined {
  const { content, name, filename, type, metadata } = (given ?? {}) as About & { content?: unknown };
  return Buffer.isBuffer(content) ? { content, name, filename, type, metadata } : undefined;
}

function defined(about: About): About {
  return Object.fromEntries(Object.entries(about).filter(([, value]) => value !== undefined));
}

/** @param text a URL is fetched by the server, any other text is the content */
function said(text: string): Partial<DocumentInput> {
  const sourceUrl = text.trim();
  if (sourceUrl === '') throw invalid('The document is empty.', 'Give its text in msg.payload.');
  return /^https?:\/\/\S+$/i.test(sourceUrl) ? { sourceUrl } : { content: text };
}

function own(given: unknown): Partial<DocumentInput> {
  const { name, type, content, sourceUrl, metadata } = (given ?? {}) as Partial<DocumentInput>;
  const holds = [content, sourceUrl].some((one) => typeof one === 'string' && one.trim() !== '');
  if (holds) return { name, type, content, sourceUrl, metadata };
  throw invalid(
    'The document must be a text, a file, a web address or {name, content}.',
    'Give one of them in msg.payload; a file as a buffer with its name in msg.filename.',
  );
}

function named(name: string | undefined, field: string): string {
  if (name !== undefined && name.trim() !== '') return name;
  throw invalid('The document has no name.', `Fill in the field "${field}" or give msg.filename.`);
}
