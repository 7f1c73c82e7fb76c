import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../wire/router';
import { Refusal } from './refusal';
import type { Tokens } from './tokens';

/**
 * Who sends this request: only a bearer token counts, spelt exactly so; an API key is never looked at.
 *
 * @throws a 401 refusal
 */
export function callerOf(tokens: Tokens, { authorization }: IncomingHttpHeaders): Caller {
  if (!authorization) throw new Refusal(401, 'UNAUTHORIZED', 'missing authorization header', 'flat');
  const token = authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined;
  if (token === undefined) throw new Refusal(401, 'UNAUTHORIZED', 'invalid authorization header format', 'flat');
  const claims = tokens.read(token);
  // Expired and forged are told apart nowhere.
  if (!claims) throw new Refusal(401, 'TOKEN_INVALID', 'invalid or expired token', 'flat');
  return { userId: claims.user_id, tenantId: claims.tenant_id, token, role: claims.role };
}

/**
 * Who opens a socket: the header has to have a good token, and the query has to name the user by another or the same.
 *
 * @throws a 401 refusal
 */
export function socketCaller(tokens: Tokens, headers: IncomingHttpHeaders, query: URLSearchParams): string {
  callerOf(tokens, headers);
  const token = query.get('token');
  if (!token) throw new Refusal(401, '', 'missing token', 'bare');
  const claims = tokens.read(token);
  if (!claims) throw new Refusal(401, '', 'invalid token', 'bare');
  return claims.user_id;
}

/** @throws a 403 refusal for everybody but an admin, the owner included */
export function onlyAdmins({ role }: Caller): void {
  if (role !== 'admin') throw new Refusal(403, 'FORBIDDEN', 'insufficient permissions', 'flat');
}
