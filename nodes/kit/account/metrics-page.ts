import { createHash, timingSafeEqual } from 'node:crypto';
import { invalid } from '../../../lib/errors';
import type { PageAnswer, Pages } from '../http/pages';
import type { HttpRequest } from '../red';
import { PROMETHEUS_TYPE } from './prometheus';

interface MetricsSettings {
  /** empty: nobody can fetch the figures */
  path: string;
  /** who fetches them gives it as a Bearer token */
  token: string;
  owner: string;
}

/**
 * Let Prometheus fetch the figures of an account.
 * @param text the figures as they are now
 * @returns the function that ends it
 * @throws LinktorError `validation` where anybody could read them, or the path is not ours; `conflict`
 */
export function serveMetrics(pages: Pages, { path, token, owner }: MetricsSettings, text: () => string): () => void {
  if (token === '' && !pages.isGuarded) {
    throw invalid(
      'The figures need a token: anybody could read them.',
      'Fill in the field "metricsToken", or empty "metricsPath".',
    );
  }
  const answer = ({ headers }: HttpRequest): PageAnswer => {
    // With a password of Node-RED in front, its header has no room for ours.
    if (token !== '' && !pages.isGuarded && !isSame(headers.authorization ?? '', `Bearer ${token}`)) {
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };
    }
    return { status: 200, headers: { 'Content-Type': PROMETHEUS_TYPE, 'Cache-Control': 'no-store' }, body: text() };
  };
  return pages.serve({ path, owner, answer });
}

/** In constant time, whatever the lengths. */
function isSame(given: string, expected: string): boolean {
  const digest = (one: string) => createHash('sha256').update(one).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
