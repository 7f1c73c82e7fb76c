import type { ServerEvents } from '../sim/server-events';
import type { Faults } from '../wire/faults';
import { type Answer, ok } from '../wire/router';
import { internalError, notFound, Refusal } from './refusal';

/** Services that answer 404 for every error of their repository, with the code of each (contract 6.1.37). */
const NOT_FOUND: readonly (readonly [path: RegExp, noun: string, code: string])[] = [
  [/^\/conversations(-v2)?\/:id/, 'Conversation', 'CONVERSATION_NOT_FOUND'],
  [/^\/contacts\/:id/, 'Contact', 'CONTACT_NOT_FOUND'],
  [/^\/messages\/:id/, 'Message', 'MESSAGE_NOT_FOUND'],
  [/^\/me/, 'User', 'USER_NOT_FOUND'],
];

/** Routes without a query of the database. */
const WITHOUT_DATABASE = /^\/(?:vre|ai\/(?:complete|providers|classify-intent|analyze-sentiment))/;

/**
 * Answers as the server does without its database.
 *
 * @param path pattern of the route
 * @throws a Refusal: an outage looks like a missing record for some services, and like an internal error for the others
 */
export function refuseInOutage(path: string): void {
  if (WITHOUT_DATABASE.test(path)) return;
  if (path === '/auth/login') throw new Refusal(401, 'INVALID_CREDENTIALS', 'Invalid email or password');
  if (path === '/auth/refresh') throw new Refusal(401, 'TOKEN_INVALID', 'User not found');
  if (path.startsWith('/webhooks/')) throw new Refusal(404, '', 'channel not found', 'bare');
  const known = NOT_FOUND.find(([pattern]) => pattern.test(path));
  throw known ? notFound(known[1], known[2]) : internalError();
}

/** The answer of `GET /ready`: the only place where an outage of the database is visible as one. */
export function readyAnswer({ database, nats }: Faults['outage'], events?: ServerEvents): Answer {
  if (database) return { status: 503, body: { status: 'not ready', error: 'database unavailable' } };
  return ok({ status: 'ready', nats: nats || events?.isConnected === false ? 'disconnected' : 'connected' });
}
