import mustache from 'mustache';
import { invalid, type LinktorError } from '../../lib/errors';
import { isObject } from '../../lib/model';
import { describe } from '../../lib/text/describe';
import type { Msg } from './red';

/**
 * Fill in the `{{ }}` of a text that the author has written in the dialog. Only that is a template: what customers or
 * models write must never be one. The text goes to a chat, not into HTML, so nothing is escaped.
 * @param isEarlier the node was stored by 0.1.0: what a message may be without is blank, as it was then
 * @throws LinktorError `validation` for a name that the message does not have, and for an object
 */
export function renderTemplate(text: string, name: string, msg: Msg, { isEarlier, isPath = false }: Rendering): string {
  if (!text.includes('{{')) return text;
  try {
    const writer = isPath ? new PathWriter(name, isEarlier) : new StrictWriter(name, isEarlier);
    // What a path begins with is not one part of it but the whole.
    return writer.render(isPath ? text.replace(/^\s*\{\{(?=[\w$])/, '{{&') : text, msg, {});
  } catch (error) {
    if ((error as LinktorError).code === 'validation') throw error;
    throw invalid(`The {{ }} of the field "${name}" cannot be filled in: ${(error as Error).message}`);
  }
}

interface Rendering {
  isEarlier: boolean;
  /** what is filled in is a part of a path: it must not lead elsewhere, and must not be missing */
  isPath?: boolean;
}

type Context = InstanceType<typeof mustache.Context>;

/** Sections may ask for what is not there; to be written, a name must be known, and no object. */
class StrictWriter extends mustache.Writer {
  readonly #field: string;
  readonly #isEarlier: boolean;

  constructor(field: string, isEarlier: boolean) {
    super();
    this.#field = field;
    this.#isEarlier = isEarlier;
  }

  override escapedValue(token: string[], context: Context): string {
    return this.written(token[1] ?? '', context);
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
    if (isPlain(value) || value instanceof Date || (Array.isArray(value) && value.every(isPlain))) return String(value);
    const [first] = isObject(value) ? Object.keys(value) : [];
    const example = first === undefined ? '' : `, such as {{${path}.${first}}}`;
    throw invalid(`${whose} is ${describe(value)}, not a text.`, `Name a text or a number in it${example}.`);
  }
}

/** Fills in one encoded segment each; three braces write a path as it is. */
class PathWriter extends StrictWriter {
  override escapedValue(token: string[], context: Context): string {
    const path = token[1] ?? '';
    const segment = this.written(path, context);
    if (segment.trim() === '' || segment === '.' || segment === '..') {
      throw invalid(`{{${path}}} is no part of a path: it is ${JSON.stringify(segment)}.`, 'Give an id there.');
    }
    return encodeURIComponent(segment);
  }
}

function isPlain(value: unknown): boolean {
  return ['string', 'boolean', 'bigint'].includes(typeof value) || Number.isFinite(value);
}

function hintFor(path: string): string {
  const rest = /^msg\.(.+)$/.exec(path)?.[1];
  if (rest !== undefined) return `Leave out "msg.": write {{${rest}}}.`;
  return `Correct the name. Where it may be missing, say what to write instead: {{^${path}}}...{{/${path}}}.`;
}

/** What a message of a trigger, or a row of a table, may be without; flows of 0.1.0 count on a blank there. */
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
 * An expression that joins a path with nothing would call another path.
 * @throws LinktorError `validation`
 */
export function refuseEmptyParts(path: unknown, name: string): void {
  if (typeof path !== 'string') return;
  const [place = ''] = path.split('?', 1);
  const parts = place.replace(/^\//, '').split('/');
  if (parts.every((part) => part.trim() !== '')) return;
  throw invalid(`The field "${name}" has an empty part: "${path}".`, 'Give every id that the expression takes.');
}
