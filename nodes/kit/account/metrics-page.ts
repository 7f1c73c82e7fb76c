import { createHash, timingSafeEqual } from 'node:crypto';
import { invalid } from '../../../lib/errors';
import type { PageAnswer, Pages } from '../http/pages';
import type { HttpRequest } from '../red';
import { PROMETHEUS_TYPE } from './prometheus';

interface MetricsSettings {
  /** empty: the figures are not served */
  path: string;
  /** Bearer token that a request must carry */
  token: string;
  owner: string;
}

/**
 * Serve the figures of an account to Prometheus.
 * @param text returns the current figures
 * @returns the function that ends it
 * @throws LinktorError `validation` without access protection or for a path outside `/linktor/`; `conflict`
 */
export function serveMetrics(pages: Pages, { path, token, owner }: MetricsSettings, text: () => string): () => void {
  if (token === '' && !pages.isGuarded) {
    throw invalid(
      'The figures need a token: anybody could read them.',
      'Fill in the field "metricsToken", or empty "metricsPath".',
    );
  }
  const answer = ({ headers }: HttpRequest): PageAnswer => {
    // Node-RED's password occupies the header of the token.
    if (token !== '' && !pages.isGuarded && !isSame(headers.authorization ?? '', `Bearer ${token}`)) {
      return { status: 401, headers: { 'WWW-Authenticate': 'Bearer' } };
    }
    return { status: 200, headers: { 'Content-Type': PROMETHEUS_TYPE, 'Cache-Control': 'no-store' }, body: text() };
  };
  return pages.serve({ path, owner, answer });
}

/** Compare in constant time, for any lengths. */
function isSame(given: string, expected: string): boolean {
  const digest = (one: string) => createHash('sha256').update(one).digest();
  return timingSafeEqual(digest(given), digest(expected));
}
