import type { Call, Contract } from '../contract';
import type { Peer } from './detect';
import type { Failed } from './retry';
import type { Transport } from './transport';

const READY_TIMEOUT_MS = 5000;
/** The answer to a sign-in by a server without its database (contract 6.1.37). */
const SIGN_IN_CODES = new Set(['INVALID_CREDENTIALS', 'TOKEN_INVALID']);

/** @returns true for a refusal that a server of this contract also gives when it cannot reach its database */
export function mayBeOutage(
  { error }: Failed,
  { path }: Pick<Call<unknown>, 'path'>,
  { readyPath }: Contract,
): boolean {
  const { status, serverCode } = error.cause;
  if (readyPath === undefined || serverCode === undefined) return false;
  return status === 404 || (status === 401 && path[0] === 'auth' && SIGN_IN_CODES.has(serverCode));
}

/** Ask the server whether it is ready. @returns true when it states that it is not; false without an answer */
export async function isOutage(transport: Transport, { base, contract }: Peer, signal: AbortSignal): Promise<boolean> {
  const url = [new URL(base).origin, ...(contract.readyPath ?? [])].join('/');
  const request = { method: 'GET', url, headers: { Accept: 'application/json' } };
  const answer = await transport.send(request, READY_TIMEOUT_MS, signal);
  return !('fault' in answer) && answer.status === 503;
}
