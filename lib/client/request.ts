import { randomUUID } from 'node:crypto';
import type { Call, Contract, Credentials } from '../contract';
import { invalid } from '../errors';
import { writeBody } from './body';
import type { Peer } from './detect';
import type { CallOptions } from './options';
import type { HttpRequest } from './transport';
import { joinUrl } from './url';

const MAX_BODY_BYTES = 25 * 1024 * 1024;
/** Room for the boundaries and headers around the parts of a form. */
const FORM_RESERVE_BYTES = 65_536;

/**
 * Build the request of a call, without credentials, so that a repetition with other credentials is the same request.
 * A write gets an Idempotency-Key unless the option is null.
 * @throws LinktorError `validation` for an invalid id, or a body that cannot be encoded as JSON
 */
export function buildRequest({ base }: Peer, call: Omit<Call<unknown>, 'decode'>, options: CallOptions): HttpRequest {
  const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
  requireHeaders(headers);
  const { idempotencyKey = randomUUID(), traceparent } = options;
  if (traceparent !== undefined) headers.traceparent = traceparent;
  if (call.kind !== 'read' && idempotencyKey !== null) headers['Idempotency-Key'] = idempotencyKey;
  const body = bodyOf(call, headers);
  const url = joinUrl(base, call.path, call.query);
  return { method: call.method, url, headers, body, ...(call.anyFormat && { keepsBytes: true }) };
}

/** Encode the body, and set its Content-Type. @throws LinktorError `validation` */
function bodyOf(call: Omit<Call<unknown>, 'decode'>, headers: Record<string, string>): HttpRequest['body'] {
  if (call.upload) return toForm(call.upload);
  if (call.body === undefined) return undefined;
  if (!call.anyFormat) {
    headers['Content-Type'] = 'application/json';
    return requireSize(toJson(call.body));
  }
  const name = Object.keys(headers).find((one) => /^content-type$/i.test(one)) ?? 'Content-Type';
  const { body, type } = writeBody(call.body, headers[name]);
  if (type === undefined) delete headers[name];
  else headers[name] = type;
  return requireSize(body);
}

/** @returns the request with its authentication headers */
export function withCredentials(
  contract: Contract,
  request: HttpRequest,
  credentials: Credentials | undefined,
): HttpRequest {
  if (!credentials) return request;
  return { ...request, headers: { ...request.headers, ...contract.authHeaders(credentials) } };
}

/** Node.js would refuse invalid headers only on sending, which looks like a network failure. */
function requireHeaders(headers: Record<string, string>): void {
  for (const [name, value] of Object.entries(headers)) {
    if (/^(content-length|transfer-encoding|connection|upgrade|trailer)$/i.test(name)) {
      throw invalid(`The header "${name}" is made with the request.`, 'Leave it out.');
    }
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
  const around = Object.values(fields).reduce((sum, text = '') => sum + Buffer.byteLength(text), FORM_RESERVE_BYTES);
  if (file.length + around > MAX_BODY_BYTES) {
    const size = Math.round(((file.length + around - FORM_RESERVE_BYTES) / 1024 / 1024) * 10) / 10;
    throw invalid(
      `The file has ${size} MB with what is told of it, and 25 MB are the limit.`,
      'Split it, or let the server fetch it by its address.',
    );
  }
  const form = new FormData();
  for (const [name, value] of Object.entries(fields)) if (value !== undefined) form.append(name, value);
  form.append('file', new Blob([new Uint8Array(file)], { type: mimeType ?? 'application/octet-stream' }), filename);
  return form;
}

function toJson(body: unknown): string {
  try {
    return JSON.stringify(body);
  } catch {
    throw invalid('The request cannot be written as JSON.', 'Leave out circular references and BigInt values.');
  }
}

function requireSize<T extends string | Buffer | FormData>(body: T): T {
  // A UTF-16 unit has at most three bytes, so most texts need not be measured.
  const isLarge =
    typeof body === 'string'
      ? body.length * 3 > MAX_BODY_BYTES && Buffer.byteLength(body) > MAX_BODY_BYTES
      : (Buffer.isBuffer(body) ? body.length : sizeOf(body)) > MAX_BODY_BYTES;
  if (isLarge) throw invalid('The request is larger than 25 MB.', 'Send less at a time.');
  return body;
}

function sizeOf(form: FormData): number {
  let sum = FORM_RESERVE_BYTES;
  form.forEach((one, name) => {
    sum += Buffer.byteLength(name) + (typeof one === 'string' ? Buffer.byteLength(one) : one.size);
  });
  return sum;
}
