import { placeIn } from '../lib/client';
import { invalid } from '../lib/errors';
import { listFields, runList } from './kit/action/list';
import { action, type Outcome } from './kit/define';
import { as, choice, dynJson, flag, typed } from './kit/fields';

const methods = ['GET', 'POST', 'PUT', 'PATCH', 'DELETE', 'HEAD', 'OPTIONS'] as const;
type Method = (typeof methods)[number];

const safe = new Set<Method>(['GET', 'HEAD', 'OPTIONS']);

/** Call any route of the API, with the usual sign-in, retries and limits. */
export default action({
  type: 'linktor-api',
  result: 'payload',
  busy: 'asking',
  fields: {
    operation: choice(['call', 'list'], { icon: 'tasks' }),
    method: choice(['msg', ...methods], { icon: 'exchange', when: { operation: ['call'] } }),
    path: typed('path', { required: true, convert: as.pasted, mustache: 'path', area: false, icon: 'link' }),
    query: typed('query', { types: dynJson, convert: as.object, icon: 'question' }),
    body: typed('body', { types: dynJson, icon: 'file-code-o', when: { operation: ['call'] } }),
    headers: typed('', { types: dynJson, convert: as.object, icon: 'list', advanced: true }),
    returns: choice(['body', 'data', 'full'], { icon: 'reply', when: { operation: ['call'] } }),
    ...listFields({ operation: ['list'] }),
    repeat: flag(false, { icon: 'repeat', advanced: true, when: { operation: ['call'] } }),
    sensitive: flag(false, { icon: 'unlock', advanced: true }),
  },
  async run(context): Promise<Outcome | undefined> {
    const { client, msg, values } = context;
    const { operation, path, query, body, returns, repeat, sensitive } = values;
    if (!sensitive) refuseSensitive(path);
    const call = { path, query, headers: textsOf(values.headers) };
    if (operation === 'list')
      return runList(context, { ...values, place: placeIn(path, query) }, (slice) => client.requestPage(call, slice));
    const method = methodOf(values.method === 'msg' ? (msg.method ?? 'GET') : values.method);
    const reads = safe.has(method);
    if (!reads) requireTarget(path);
    const answer = await client.request({
      ...call,
      method,
      body: reads ? undefined : body,
      repeatable: reads || repeat,
    });
    const { status: statusCode, headers } = answer;
    const result = returns === 'full' ? answer : returns === 'data' ? answer.data : answer.body;
    return { result, properties: { statusCode, headers } };
  },
});

/** Reject an empty id, which would make the call apply to the whole list. */
function requireTarget(path: string): void {
  const [place = ''] = path.trim().split('?');
  if (place.length > 1 && place.endsWith('/')) {
    throw invalid(
      'The path ends with a slash: an id is missing there.',
      'Leave out the slash if you mean all of them.',
    );
  }
}

function methodOf(given: unknown): Method {
  const method = methods.find((one) => one === String(given).toUpperCase());
  if (method) return method;
  throw invalid('"method" is none that an API knows.', `Give one of ${methods.join(', ')}.`);
}

/** Reject calls that affect access, unless the author of the flow allows them. */
function refuseSensitive(path: string): void {
  const [place = ''] = path.split('?');
  // Ignore empty parts and surrounding spaces, as the client and a lenient server may.
  const plain = place
    .split('/')
    .map(partOf)
    .filter((part) => part !== '');
  if (!/(^|\/)(auth|api-keys|me\/password)(\/|$)/i.test(plain.join('/'))) return;
  throw invalid(
    'This path signs in or handles keys.',
    'Use another node, or tick "sensitive" in this one if you mean it.',
  );
}

function partOf(written: string): string {
  try {
    return decodeURIComponent(written).trim();
  } catch {
    // The client reports the invalid path.
    return written;
  }
}

function textsOf(headers: Record<string, unknown> | undefined): Record<string, string> | undefined {
  if (!headers) return undefined;
  return Object.fromEntries(
    Object.entries(headers).map(([name, value]) => [name, as.string(value, `headers.${name}`)]),
  );
}
