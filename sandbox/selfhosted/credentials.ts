import type { IncomingHttpHeaders } from 'node:http';
import type { Caller } from '../wire/router';
import { Refusal } from './refusal';
import type { Tokens } from './tokens';

/**
 * Identifies the caller by `Authorization: Bearer`, case-sensitive. API keys are ignored.
 *
 * @throws a 401 Refusal
 */
export function authenticate(tokens: Tokens, { authorization }: IncomingHttpHeaders): Caller {
  if (!authorization) throw new Refusal(401, 'UNAUTHORIZED', 'missing authorization header', 'flat');
  const token = authorization.startsWith('Bearer ') ? authorization.slice('Bearer '.length) : undefined;
  if (token === undefined) throw new Refusal(401, 'UNAUTHORIZED', 'invalid authorization header format', 'flat');
  const claims = tokens.read(token);
  // Expired and forged tokens get the same answer.
  if (!claims) throw new Refusal(401, 'TOKEN_INVALID', 'invalid or expired token', 'flat');
  return { userId: claims.user_id, tenantId: claims.tenant_id, token, role: claims.role };
}

/**
 * Identifies the user of a socket. The header needs a valid token; the token of the query names the user.
 *
 * @throws a 401 Refusal
 */
export function authenticateSocket(tokens: Tokens, headers: IncomingHttpHeaders, query: URLSearchParams): string {
  authenticate(tokens, headers);
  const token = query.get('token');
  if (!token) throw new Refusal(401, '', 'missing token', 'bare');
  const claims = tokens.read(token);
  if (!claims) throw new Refusal(401, '', 'invalid token', 'bare');
  return claims.user_id;
}

/** @throws a 403 Refusal for every role except `admin`, `owner` included */
export function requireAdmin({ role }: Caller): void {
  if (role !== 'admin') throw new Refusal(403, 'FORBIDDEN', 'insufficient permissions', 'flat');
}
