import { randomUUID } from 'node:crypto';
import type { Call, Contract, Credentials } from '../contract';
import { invalid } from '../errors';
import type { Peer } from './detect';
import type { CallOptions } from './options';
import type { HttpRequest } from './transport';
import { joinUrl } from './url';

const MAX_BODY_BYTES = 25 * 1024 * 1024;
/** With room for the fields beside the file, below what the transport sends. */
const MAX_UPLOAD_BYTES = MAX_BODY_BYTES - 65_536;

/**
 * The request of a call, without credentials, so that a repetition with other credentials is the same request.
 * A write gets an Idempotency-Key unless the options say null.
 * @throws LinktorError `validation` for an id that is none, or a body that cannot be written as JSON
 */
export function buildRequest({ base }: Peer, call: Omit<Call<unknown>, 'decode'>, options: CallOptions): HttpRequest {
  const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
  requireHeaders(headers);
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  const { idempotencyKey = randomUUID() } = options;
  if (call.kind !== 'read' && idempotencyKey !== null) headers['Idempotency-Key'] = idempotencyKey;
  const body = call.upload ? toForm(call.upload) : call.body === undefined ? undefined : toJson(call.body);
  const url = joinUrl(base, call.path, call.query);
  return { method: call.method, url, headers, body, ...(call.anyFormat && { keepsBytes: true }) };
}

/** @returns the request with the headers that say who we are */
export function withCredentials(
  contract: Contract,
  request: HttpRequest,
  credentials: Credentials | undefined,
): HttpRequest {
  if (!credentials) return request;
  return { ...request, headers: { ...request.headers, ...contract.authHeaders(credentials) } };
}

/** Node.js itself would refuse them on the way, which looks like a network that fails. */
function requireHeaders(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (!/^[!#$%&'*+.^`|~\w-]+$/.test(name)) throw invalid(`"${name}" is not the name of a header.`);
    if (/[^\t\x20-\x7e\x80-\xff]/.test(value)) {
      throw invalid(
        `The header "${name}" holds characters that a header cannot have.`,
        'Leave out line breaks, and encode other letters.',
      );
    }
  }
}

function toForm({ file, filename, mimeType, fields }: NonNullable<Call<unknown>['upload']>): FormData {
  if (file.length > MAX_UPLOAD_BYTES) {
    const size = Math.ceil(file.length / 1024 / 1024);
    throw invalid(
      `The file has ${size} MB, and 25 MB are the limit.`,
      'Split it, or let the server fetch it by its address.',
    );
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)], { type: mimeType ?? 'application/octet-stream' }), filename);
  return form;
}

function toJson(body: unknown): string {
  let text: string;
  try {
    text = JSON.stringify(body);
  } catch {
    throw invalid('The request cannot be written as JSON.', 'Leave out circular references and BigInt values.');
  }
  // A character has three bytes at most, so that most texts need not be counted.
  if (text?.length * 3 > MAX_BODY_BYTES && Buffer.byteLength(text) > MAX_BODY_BYTES) {
    throw invalid('The request is larger than 25 MB.', 'Send less at a time.');
  }
  return text;
}
