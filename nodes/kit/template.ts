import mustache from 'mustache';
import { invalid, type LinktorError } from '../../lib/errors';
import { isObject } from '../../lib/model';
import { describe } from '../../lib/text/describe';
import { escapedFor } from '../../lib/text/markup';
import type { Msg } from './red';

/**
 * Fill in the `{{ }}` of a text that the author has written in the dialog. Texts of customers or models must never be
 * templates. The result goes to a chat, not into HTML, so nothing is escaped.
 * @param isEarlier the node was stored by 0.1.0: missing optional properties are blank, as in that version
 * @throws LinktorError `validation` for a name that the message does not have, and for an object
 */
export function renderTemplate(text: string, name: string, msg: Msg, given: Rendering): string {
  const { isEarlier, isPath = false, markup } = given;
  if (!text.includes('{{')) return text;
  try {
    const writer = isPath ? new PathWriter(name, isEarlier) : new StrictWriter(name, isEarlier, markup);
    // A placeholder at the beginning is the beginning of a path, not one segment.
    return writer.render(isPath ? text.replace(/^\s*\{\{(?=[\w$])/, '{{&') : text, msg, {});
  } catch (error) {
    if ((error as LinktorError).code === 'validation') throw error;
    throw invalid(`The {{ }} of the field "${name}" cannot be filled in: ${(error as Error).message}`);
  }
}

interface Rendering {
  isEarlier: boolean;
  /** each value is a path segment: it must not change the path, and must not be missing */
  isPath?: boolean;
  /** how the text is written */
  markup?: string;
}

type Context = InstanceType<typeof mustache.Context>;

/** Sections may test missing names; an inserted value must exist and must not be an object. */
class StrictWriter extends mustache.Writer {
  readonly #field: string;
  readonly #isEarlier: boolean;
  readonly #markup: string;

  constructor(field: string, isEarlier: boolean, markup = 'plain') {
    super();
    this.#markup = markup;
    this.#field = field;
    this.#isEarlier = isEarlier;
  }

  /** There is nothing that a partial could name. */
  override renderPartial(token: string[]): string {
    throw invalid(`{{> ${token[1]}}} in the field "${this.#field}" includes another template, and there is none.`);
  }

  override escapedValue(token: string[], context: Context): string {
    return escapedFor(this.#markup, this.written(token[1] ?? '', context));
  }

  override unescapedValue(token: string[], context: Context): string {
    return this.written(token[1] ?? '', context);
  }

  protected written(path: string, context: Context): string {
    const value: unknown = context.lookup(path);
    const whose = `{{${path}}} in the field "${this.#field}"`;
    if (value === undefined || value === null) {
      if (this.#isEarlier && isOptional(path)) return '';
      throw invalid(`${whose} comes to nothing: the message has no ${path}.`, hintFor(path));
    }
    if (isPlain(value) || isTime(value) || (Array.isArray(value) && value.every(isPlain))) return String(value);
    const [first] = isObject(value) ? Object.keys(value) : [];
    const example = first === undefined ? '' : `, such as {{${path}.${first}}}`;
    throw invalid(`${whose} is ${describe(value)}, not a text.`, `Name a text or a number in it${example}.`);
  }
}

/** Inserts each value as one encoded segment; three braces insert a path unchanged, which must be there. */
class PathWriter extends StrictWriter {
  override unescapedValue(token: string[], context: Context): string {
    const path = token[1] ?? '';
    const written = this.written(path, context);
    if (written.trim().replace(/^\/+/, '') !== '') return written;
    throw invalid(`{{${path}}} is no path: it is ${JSON.stringify(written)}.`, 'Give a path or an id there.');
  }

  override escapedValue(token: string[], context: Context): string {
    const path = token[1] ?? '';
    const segment = this.written(path, context);
    if (segment.trim() === '' || segment === '.' || segment === '..') {
      throw invalid(`{{${path}}} is no part of a path: it is ${JSON.stringify(segment)}.`, 'Give an id there.');
    }
    return encodeURIComponent(segment);
  }
}

function isTime(value: unknown): boolean {
  return value instanceof Date && !Number.isNaN(value.getTime());
}

function isPlain(value: unknown): boolean {
  return ['string', 'boolean', 'bigint'].includes(typeof value) || Number.isFinite(value);
}

function hintFor(path: string): string {
  const rest = /^msg\.(.+)$/.exec(path)?.[1];
  if (rest !== undefined) return `Leave out "msg.": write {{${rest}}}.`;
  return `Correct the name. Where it may be missing, say what to write instead: {{^${path}}}...{{/${path}}}.`;
}

/** Optional properties of trigger messages and table rows; flows of 0.1.0 rely on blanks there. */
const optional: Readonly<Record<string, readonly string[]>> = {
  name: [],
  choice: ['id', 'title', 'kind', 'index'],
  contact: ['id', 'name', 'email', 'phone', 'avatarUrl', 'externalId', 'language', 'customFields', 'metadata'],
  contactId: [],
  location: ['latitude', 'longitude', 'name', 'address'],
  sender: ['id', 'name', 'type'],
};

function isOptional(path: string): boolean {
  const [root = '', property] = path.split('.');
  if (!Object.hasOwn(optional, root)) return false;
  return property === undefined || optional[root]?.includes(property) === true;
}

/**
 * Reject a path with empty segments: an expression with a missing id would call another path.
 * @throws LinktorError `validation`
 */
export function refuseEmptyParts(path: unknown, name: string): void {
  if (typeof path !== 'string') return;
  const [place = ''] = path.split('?', 1);
  const parts = place.replace(/^\//, '').split('/');
  if (parts.every((part) => part.trim() !== '')) return;
  throw invalid(`The field "${name}" has an empty part: "${path}".`, 'Give every id that the expression takes.');
}
