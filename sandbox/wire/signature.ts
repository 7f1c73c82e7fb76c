import { createHmac } from 'node:crypto';

type Scheme = 'body' | 'timestamp';

/**
 * The value of `X-Linktor-Signature`: HMAC-SHA256 in lower-case hex, over the body alone or, with `sha256=` in front,
 * over `timestamp.body`.
 *
 * @param timestamp seconds since 1970, as text
 */
export function signature(scheme: Scheme, secret: string, timestamp: string, body: string): string {
  const hmac = createHmac('sha256', secret);
  if (scheme === 'body') return hmac.update(body).digest('hex');
  return `sha256=${hmac.update(`${timestamp}.${body}`).digest('hex')}`;
}
