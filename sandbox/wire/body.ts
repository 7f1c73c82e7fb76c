import type { IncomingMessage } from 'node:http';
import busboy from 'busboy';
import { Problem } from './problem';
import type { Upload } from './router';

const MAX_JSON_BYTES = 1024 * 1024;
const MAX_UPLOAD_BYTES = 20 * 1024 * 1024;

export interface Body {
  body: unknown;
  files: Upload[];
}

/**
 * Reads the body of a request: multipart forms, everything else as JSON. An absent body is undefined.
 *
 * @throws a 400 Problem for malformed input, 413 for more than 1 MiB of JSON or 20 MiB of upload
 */
export async function readBody(request: IncomingMessage): Promise<Body> {
  const type = request.headers['content-type'] ?? '';
  if (type.startsWith('multipart/form-data')) return readMultipart(request);
  const bytes = await readBytes(request, MAX_JSON_BYTES);
  if (bytes.length === 0) return { body: undefined, files: [] };
  return { body: parseJson(bytes), files: [] };
}

function readBytes(request: IncomingMessage, most: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const parts: Buffer[] = [];
    let size = 0;
    request.on('data', (part: Buffer) => {
      size += part.length;
      // The rest is still read and dropped, so that the client can receive the refusal.
      if (size <= most) parts.push(part);
      else reject(tooLarge(most));
    });
    request.on('end', () => resolve(Buffer.concat(parts)));
    request.on('error', reject);
    request.on('close', () => {
      if (!request.complete) reject(new Problem(400, 'The body ended early'));
    });
  });
}

function parseJson(bytes: Buffer): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes));
  } catch {
    throw new Problem(400, 'The body is not valid JSON');
  }
}

function readMultipart(request: IncomingMessage): Promise<Body> {
  return new Promise((resolve, reject) => {
    const fields: Record<string, string> = {};
    const files: Upload[] = [];
    const malformed = (): void => reject(new Problem(400, 'The form is malformed'));
    let parser: busboy.Busboy;
    try {
      parser = busboy({ headers: request.headers, limits: { fileSize: MAX_UPLOAD_BYTES, files: 10, fields: 100 } });
    } catch {
      malformed();
      return;
    }
    parser.on('field', (name, value) => {
      fields[name] = value;
    });
    parser.on('file', (name, stream, { filename, mimeType }) => {
      const parts: Buffer[] = [];
      stream.on('data', (part: Buffer) => parts.push(part));
      stream.on('limit', () => reject(tooLarge(MAX_UPLOAD_BYTES)));
      stream.on('close', () => files.push({ name, filename: filename ?? name, mimeType, data: Buffer.concat(parts) }));
    });
    parser.on('error', malformed);
    parser.on('close', () => resolve({ body: fields, files }));
    request.on('error', malformed);
    request.on('aborted', malformed);
    request.pipe(parser);
  });
}

function tooLarge(most: number): Problem {
  return new Problem(413, `The body is larger than ${most} bytes`, { headers: { Connection: 'close' } });
}
