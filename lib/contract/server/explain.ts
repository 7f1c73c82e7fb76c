import { LinktorError } from '../../errors';
import type { Call } from '../index';
import { object } from '../json';

const UUID = /^[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}$/i;
/** Resources without a check of the id: an id that is no UUID is an internal error (contract 6.1.37). */
const UNCHECKED = new Map([
  ['channels', 'channel'],
  ['bots', 'bot'],
  ['flows', 'flow'],
  ['knowledge-bases', 'knowledge base'],
]);

/** The same for what is named below one of them. */
const BELOW = new Map([
  ['channels', 'channel'],
  ['items', 'document'],
]);

/** @returns the innermost id of a call that is none, and what it should be the id of */
function badId({ path, body }: Named): { what: string; id: string } | undefined {
  const [collection = '', id, part = '', inner] = path;
  const what = UNCHECKED.get(collection);
  if (what === undefined) return undefined;
  const { channel_id, knowledge_base_id } = object(body) ?? {};
  const named: [what: string | undefined, id: unknown][] = [
    ['knowledge base', knowledge_base_id],
    ['channel', channel_id],
    [BELOW.get(part), inner],
    [what, id],
  ];
  for (const [name, given] of named)
    if (name !== undefined && typeof given === 'string' && !UUID.test(given)) return { what: name, id: given };
  return undefined;
}

type Named = Pick<Call<unknown>, 'path' | 'body'>;

/** @returns the error with its meaning, if this server itself does not state it */
export function explain(call: Named, error: LinktorError): LinktorError {
  const { status, requestId } = error.cause;
  const [collection = '', id] = call.path;
  if (collection === 'auth' && id === 'login' && status === 400) {
    return new LinktorError('authentication', 'The server takes no such e-mail address or password.', {
      status,
      requestId,
      hint: 'Check both: a password of this server has at least six characters.',
    });
  }
  const bad = status === 500 ? badId(call) : undefined;
  if (bad) {
    const hint = 'The ids of this server are UUIDs: choose it from the list, or copy the whole id.';
    return new LinktorError('not_found', `There is no ${bad.what} with the id "${bad.id}".`, {
      status,
      requestId,
      hint,
    });
  }
  if (collection === 'ai' && error.code === 'network') {
    const hint =
      'The server breaks off answers that take longer than 15 seconds: ask for fewer tokens, or take a faster model.';
    return new LinktorError(error.code, error.message, { ...error.cause, hint });
  }
  return error;
}
