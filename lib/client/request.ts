import { randomUUID } from 'node:crypto';
import type { Call, Contract, Credentials } from '../contract';
import { invalid } from '../errors';
import type { Peer } from './detect';
import type { CallOptions } from './options';
import type { HttpRequest } from './transport';
import { joinUrl } from './url';

/**
 * The request of a call, without credentials, so that a repetition with other credentials is the same request.
 * A write gets an Idempotency-Key unless the options say null.
 * @throws LinktorError `validation` for an id that is none, or a body that cannot be written as JSON
 */
export function buildRequest({ base }: Peer, call: Omit<Call<unknown>, 'decode'>, options: CallOptions): HttpRequest {
  const headers: Record<string, string> = { Accept: 'application/json', ...call.headers };
  if (call.body !== undefined) headers['Content-Type'] = 'application/json';
  const { idempotencyKey = randomUUID() } = options;
  if (call.kind !== 'read' && idempotencyKey !== null) headers['Idempotency-Key'] = idempotencyKey;
  const body = call.upload ? toForm(call.upload) : call.body === undefined ? undefined : toJson(call.body);
  return { method: call.method, url: joinUrl(base, call.path, call.query), headers, body };
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

function toForm({ file, filename, mimeType, fields }: NonNullable<Call<unknown>['upload']>): FormData {
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
