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

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname } = new URL(url);
  return hostname === 'localhost' || hostname === '[::1]' || /^127\.\d+\.\d+\.\d+$/.test(hostname);
}
