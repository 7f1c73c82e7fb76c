import { Problem } from './problem';
import type { Answer } from './router';

/** @throws a 404 problem for an unknown path, 405 for a verb that the path does not have */
export function noRoute(method: string, path: string, allow?: string[]): never {
  if (!allow) throw new Problem(404, `There is nothing at ${path}`);
  throw new Problem(405, `${method} is not possible here`, { headers: { Allow: allow.join(', ') } });
}

/** The flat error `{code, message, details?}` of a Problem; undefined for any other error. */
export function flatError(error: unknown): Answer | undefined {
  if (!(error instanceof Problem)) return undefined;
  const { status, headers } = error;
  const seconds = headers['Retry-After'];
  // Some SDKs read the seconds from the body.
  return { status, headers, body: { ...error.body(), ...(seconds && { retry_after: Number(seconds) }) } };
}
