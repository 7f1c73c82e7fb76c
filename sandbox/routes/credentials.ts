import type { IncomingHttpHeaders } from 'node:http';
import { API_KEY, type State, TENANT, USER } from '../state';
import { Problem } from '../wire/problem';
import type { Caller } from '../wire/router';

/**
 * Identifies the caller by `X-API-Key`, or else by `Authorization: Bearer` with the key or an access token.
 *
 * @throws a 401 problem
 */
export function authenticate(state: State, headers: IncomingHttpHeaders): Caller {
  const key = headers['x-api-key'];
  if (key !== undefined) return callerOfKey(String(key));
  const bearer = /^Bearer (.+)$/i.exec(headers.authorization ?? '')?.[1];
  if (bearer === undefined) throw new Problem(401, 'Sign in with X-API-Key or a bearer token');
  return bearer === API_KEY ? callerOfKey(bearer) : callerOfToken(state, bearer);
}

/** The same for a socket, whose credentials are in the query. */
export function authenticateSocket(state: State, query: URLSearchParams): Caller {
  const key = query.get('api_key');
  if (key !== null) return callerOfKey(key);
  const token = query.get('token');
  if (token === null) throw new Problem(401, 'Sign in with api_key or token');
  return token === API_KEY ? callerOfKey(token) : callerOfToken(state, token);
}

function callerOfKey(key: string): Caller {
  if (key !== API_KEY) throw new Problem(401, 'This API key is not known');
  return { userId: USER, tenantId: TENANT };
}

function callerOfToken(state: State, text: string): Caller {
  const token = state.tokens.get(text);
  if (token?.kind !== 'access' || token.expiresAt <= Date.now())
    throw new Problem(401, 'The token is not valid or has expired');
  return { userId: token.userId, tenantId: TENANT, token: text };
}
