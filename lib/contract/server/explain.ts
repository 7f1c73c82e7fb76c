import { LinktorError } from '../../errors';
import type { Call } from '../index';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Resources without a check of the id: an id that is no UUID is an internal error (contract 6.1.37). */
const UNCHECKED = new Map([
  ['channels', 'channel'],
  ['bots', 'bot'],
  ['flows', 'flow'],
  ['knowledge-bases', 'knowledge base'],
]);

/** @returns the error with its meaning, if this server itself does not state it */
export function explain({ path }: Pick<Call<unknown>, 'path'>, error: LinktorError): LinktorError {
  const { status, requestId } = error.cause;
  const [collection = '', id] = path;
  if (collection === 'auth' && id === 'login' && status === 400) {
    return new LinktorError('authentication', 'The server takes no such e-mail address or password.', {
      status,
      requestId,
      hint: 'Check both: a password of this server has at least six characters.',
    });
  }
  const what = UNCHECKED.get(collection);
  if (status === 500 && what !== undefined && id !== undefined && !UUID.test(id)) {
    const hint = 'The ids of this server are UUIDs: choose it from the list, or copy the whole id.';
    return new LinktorError('not_found', `There is no ${what} with the id "${id}".`, { status, requestId, hint });
  }
  if (collection === 'ai' && error.code === 'network') {
    const hint =
      'The server breaks off answers that take longer than 15 seconds: ask for fewer tokens, or take a faster model.';
    return new LinktorError(error.code, error.message, { ...error.cause, hint });
  }
  return error;
}
