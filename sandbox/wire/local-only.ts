import type { IncomingHttpHeaders } from 'node:http';
import { Problem } from './problem';

/**
 * A page on the web could name this machine under a host name of its own, or call from its visitor's browser; neither is
 * let in.
 *
 * @throws a 403 problem
 */
export function refuseStrangers({ headers }: { headers: IncomingHttpHeaders }): void {
  const host = headers.host ?? '';
  if (!isLoopback(`http://${host}`)) throw new Problem(403, 'The control routes answer on this machine only');
  if (headers.origin !== undefined && headers.origin !== `http://${host}`) {
    throw new Problem(403, 'The control routes answer their own page only');
  }
}

/**
 * The key of the API is known to everybody, and what it may do reaches further than this machine: no page of another one
 * may use it, whatever name it gives us. Programs do not say where they come from.
 *
 * @throws a 403 problem
 */
export function refusePages({ headers: { origin } }: { headers: IncomingHttpHeaders }): void {
  if (origin !== undefined && !isLoopback(origin)) throw new Problem(403, 'The sandbox answers no page on the web');
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
