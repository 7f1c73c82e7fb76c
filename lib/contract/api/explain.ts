import { LinktorError } from '../../errors';
import type { Call } from '../index';

const SENDS_ANOTHER = 'Send another one that puts it right.';

/** @returns the error with its meaning, if the server itself does not state it */
export function explain({ path }: Pick<Call<unknown>, 'path'>, error: LinktorError): LinktorError {
  const { status, serverCode } = error.cause;
  // Only messages that are deleted have this path, and not every server has the route (contract 1.3).
  if (path.length !== 2 || path[0] !== 'messages') return error;
  if (serverCode === 'DELETE_NOT_SUPPORTED' || status === 405) {
    return new LinktorError('not_supported', error.message, { ...error.cause, hint: SENDS_ANOTHER });
  }
  if (serverCode === 'DELETE_WINDOW_EXPIRED') {
    return new LinktorError(error.code, error.message, { ...error.cause, hint: SENDS_ANOTHER });
  }
  if (status !== 404 || serverCode === 'MESSAGE_NOT_FOUND') return error;
  const hint = 'Check the id. If the message is there, this server cannot delete messages.';
  return new LinktorError(error.code, error.message, { ...error.cause, hint });
}
