import { invalid, LinktorError } from '../errors';
import { isObject, kindOf, lostInJson } from '../model';
import { queryText } from './url';

/** A request's body and its Content-Type; none for a form, which sets its own boundary. */
export interface WrittenBody {
  body: string | Buffer | FormData;
  type?: string;
}

const JSON_TYPE = /^application\/(?:[\w.+-]+\+)?json\b/i;
const FORM_TYPE = /^application\/x-www-form-urlencoded\b/i;
const MULTIPART_TYPE = /^multipart\/form-data\b/i;

/**
 * Encode the body of a custom call as intended: a text that is already JSON is not encoded twice, and no value is
 * changed silently.
 * @param type the Content-Type given by the user; by default it follows from the body
 * @throws LinktorError `validation` when the body cannot be sent as this type
 */
export function writeBody(body: unknown, type?: string): WrittenBody {
  const bytes = bytesOf(body);
  if (bytes) return { body: bytes, type: type ?? 'application/octet-stream' };
  if (body instanceof FormData) return asMultipart(body, type);
  if (body instanceof URLSearchParams)
    return { body: body.toString(), type: type ?? 'application/x-www-form-urlencoded' };
  if (typeof body === 'string') return writeText(body, type);
  if (type === undefined || JSON_TYPE.test(type)) return { body: strictJson(body), type: type ?? 'application/json' };
  if (isObject(body) && FORM_TYPE.test(type)) return { body: formText(body), type };
  if (isObject(body) && MULTIPART_TYPE.test(type)) return asMultipart(formOf(body), type);
  if (typeof body === 'number' || typeof body === 'boolean') return { body: String(body), type };
  throw invalid(`The body cannot be sent as ${type}.`, 'Give it as a text or a Buffer, or leave out the Content-Type.');
}

function bytesOf(body: unknown): Buffer | undefined {
  if (Buffer.isBuffer(body)) return body;
  if (ArrayBuffer.isView(body)) return Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  return kindOf(body) === 'ArrayBuffer' ? Buffer.from(body as ArrayBuffer) : undefined;
}

function asMultipart(form: FormData, type = 'multipart/form-data'): WrittenBody {
  if (MULTIPART_TYPE.test(type)) return { body: form };
  throw invalid(`A form with parts cannot be sent as ${type}.`, 'Leave out the Content-Type.');
}

/** A text with a type is sent unchanged; without a type it is JSON, or is encoded as JSON. */
function writeText(text: string, type: string | undefined): WrittenBody {
  const isWritten = type === undefined ? /^\s*[[{]/.test(text) : JSON_TYPE.test(type);
  if (isWritten && !isJson(text)) {
    throw invalid(
      'The body is a text that looks like JSON and is none.',
      'Correct it, give an object, or say with the header Content-Type what it is.',
    );
  }
  const charset = /charset="?([\w.:-]+)/i.exec(type ?? '')?.[1];
  if (charset !== undefined && !/^utf-?8$/i.test(charset)) {
    throw invalid(`A text cannot be written in ${charset} here.`, 'Give a Buffer, or use UTF-8.');
  }
  if (type !== undefined && MULTIPART_TYPE.test(type) && !/boundary=/i.test(type)) {
    throw invalid('A text of several parts needs its boundary in the Content-Type.', 'Or give an object of fields.');
  }
  if (type !== undefined) return { body: text, type };
  return { body: isWritten ? text : JSON.stringify(text), type: 'application/json' };
}

function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}

/** Refuse values that JSON would silently turn into null, an empty object or another one, or drop. */
function strictJson(body: unknown): string {
  let text: string | undefined;
  try {
    text = JSON.stringify(body, function (this: Record<string, unknown>, key, written) {
      const what = lostInJson(this[key], written);
      if (what !== undefined) throw unwritable(key, what);
      return written;
    });
  } catch (error) {
    if (error instanceof LinktorError) throw error;
    throw invalid('The request cannot be written as JSON.', 'Leave out circular references and BigInt values.');
  }
  if (text === undefined) throw unwritable('', `a ${typeof body}`);
  return text;
}

function unwritable(key: string, what: string) {
  const where = key === '' ? 'The body' : `"${key}" in the body`;
  return invalid(
    `${where} is ${what}, which JSON cannot hold.`,
    'Give texts, numbers, true, false, null, objects, lists; a file as the whole body, or as a part of a form.',
  );
}

function formText(fields: Record<string, unknown>): string {
  const form = new URLSearchParams();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) form.append(name, queryText(name, one));
  }
  return form.toString();
}

/** Fields in the format of the core node *http request*: texts, Buffers, `{value, options: {filename, contentType}}` */
function formOf(fields: Record<string, unknown>): FormData {
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) {
    if (value === undefined || value === null) continue;
    for (const one of Array.isArray(value) ? value : [value]) appendPart(form, name, one);
  }
  return form;
}

function appendPart(form: FormData, name: string, given: unknown): void {
  const isPart = isObject(given) && !bytesOf(given) && 'value' in given;
  const value = isPart ? given.value : given;
  const options = isPart && isObject(given.options) ? given.options : {};
  const bytes = bytesOf(value) ?? (isPart && typeof value === 'string' ? Buffer.from(value) : undefined);
  if (!bytes) return form.append(name, queryText(name, value));
  const { filename = name, contentType = 'application/octet-stream' } = options;
  form.append(name, new Blob([new Uint8Array(bytes)], { type: String(contentType) }), String(filename));
}
