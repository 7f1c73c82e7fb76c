import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem';

/**
 * Refuses requests under a foreign host name (DNS rebinding) and requests from web pages of other origins.
 *
 * @throws a 403 problem
 */
export function requireLocalCaller({ headers }: { headers: IncomingHttpHeaders }): void {
  const host = headers.host ?? '';
  if (!isLoopback(`http://${host}`)) throw new Problem(403, 'The control routes answer on this machine only');
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    throw new Problem(403, 'The control routes answer their own page only');
  }
}

/**
 * Refuses web pages of other origins, since the API key is public and webhooks reach other machines. Programs send no
 * `Origin`.
 *
 * @throws a 403 problem
 */
export function refuseForeignPages({ headers: { origin } }: { headers: IncomingHttpHeaders }): void {
  if (origin !== undefined && !isLoopback(origin)) throw new Problem(403, 'The sandbox answers no page on the web');
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
