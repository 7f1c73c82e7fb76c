/** First segments of the routes of both contracts. A custom call may have any path. */
const RESOURCES: ReadonlySet<string> = new Set(
  (
    'agents ai analytics api-keys auth bots channels contacts conversations flows knowledge-bases me media messages ' +
    'organizations templates tenant users vre webhooks'
  ).split(' '),
);

/** Further segments that are no ids. */
const STEPS: ReadonlySet<string> = new Set(
  (
    'activate analyze-sentiment assign cancel capabilities change-password chunks classify-intent complete ' +
    'completions config connect counts dashboard deactivate disconnect documents duplicate embeddings enabled ' +
    'escalate execute executions export identities import invoke items login logout merge models node-types ' +
    'overview password preview providers query reactions read ready realtime refresh regenerate ' +
    'regenerate-embeddings render render-and-send reopen reports reprocess resolve search snooze stats status tags test ' +
    'unassign upload validate webhook'
  ).split(' '),
);

/** @returns the first segment of a path; `other` for a path outside the contracts */
export function resourceOf([first = '']: readonly string[]): string {
  return RESOURCES.has(first) ? first : 'other';
}

/**
 * @returns the path for a log, such as `/conversations/:id/messages`. An id, or a word that somebody has put into the
 * path of a custom call, may look like any segment, so only those of the contracts are shown
 */
export function routeOf(path: readonly string[]): string {
  return path.map((part) => (RESOURCES.has(part) || STEPS.has(part) ? `/${part}` : '/:id')).join('');
}
