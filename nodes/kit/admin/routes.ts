import type { LinktorClient } from '../../../lib/client/index';
import { invalid, LinktorError, toLinktorError, unsupported } from '../../../lib/errors';
import { readList } from '../../../lib/text/index';
import { fenced } from '../fence';
import { type AdminHandler, type AdminResponse, type RED, runningNode } from '../red';
import { type Deployed, isSharedIdentity, storedOf, testSettings } from './diagnostics';
import { editorRoutes } from './guard';
import { isListable, listPart } from './pick-lists';

/** Register the editor's routes, once. Every route needs a permission; no response contains a credential. */
export function serveEditor(red: RED): void {
  const accountOf = (id: string) => runningNode<Deployed>(red, id)?.account;

  const listOf =
    (named?: string): AdminHandler =>
    ({ params, query }, response) => {
      const { id = '', what = named ?? '' } = params;
      const account = accountOf(id);
      if (!isListable(what)) return response.status(404).json({ code: 'not_found' });
      // A config node that is not deployed yet is not an error: the dialog shows a notice.
      if (!account) return response.json({ ok: false, code: 'not_deployed' });
      const text = (name: string) => (typeof query[name] === 'string' && query[name] !== '' ? query[name] : undefined);
      const page = Number(text('page')) || undefined;
      respond(response, () =>
        listPart(account.client(), what, { search: text('search'), cursor: text('cursor'), page }),
      );
    };

  const test: AdminHandler = ({ params, body }, response) => {
    respond(response, () => testSettings(objectBody(body), red, params.id ?? ''));
  };

  const twin: AdminHandler = ({ params }, response) => {
    respond(response, async () => ({ shared: isSharedIdentity(red, params.id ?? '') }));
  };

  const webhook: AdminHandler = ({ params, body }, response) => {
    respond(response, async () => {
      const account = accountOf(params.id ?? '');
      if (!account) throw invalid('The Linktor account is not deployed.', 'Deploy, then try again.');
      const secret = ownSecret(red, String(objectBody(body).node), params.id ?? '') || account.webhookSecrets[0];
      return registerWebhook(
        account.client(),
        String(objectBody(body).url),
        String(objectBody(body).events ?? ''),
        secret,
      );
    });
  };

  const routes = editorRoutes(red);
  // Users with read-only access to flows do not see names, numbers and addresses of customers.
  routes.get('/linktor/:id/list/contacts', 'linktor-config.write', listOf('contacts'));
  routes.get('/linktor/:id/list/conversations', 'linktor-config.write', listOf('conversations'));
  routes.get('/linktor/:id/list/users', 'linktor-config.write', listOf('users'));
  routes.get('/linktor/:id/list/:what', 'linktor-config.read', listOf());
  routes.get('/linktor/:id/twin', 'linktor-config.read', twin);
  routes.post('/linktor/:id/webhook', 'linktor-config.write', webhook);
  routes.post('/linktor/:id/test', 'linktor-config.write', test);
}

/** Answer a request of the editor with the result of the work, or with what went wrong: never throws. */
export function respond(response: AdminResponse, work: () => Promise<object>): void {
  // The HTTP status stays 200: the response describes another server, not a failure of Node-RED.
  const answer = async () => {
    try {
      return { ok: true, ...(await work()) };
    } catch (thrown) {
      return { ok: false, ...problemOf(toLinktorError(thrown)) };
    }
  };
  fenced(async () => response.json(await answer()))();
}

function problemOf({ code, message, cause }: LinktorError): object {
  return { code, message, hint: cause.hint, status: cause.status, requestId: cause.requestId };
}

/** @returns the JSON of a request, if it is an object; else `{}` */
export function objectBody(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** @returns the secret of a webhook node of this account; secrets of other nodes belong to other servers */
function ownSecret(red: RED, id: string, account: string): string | undefined {
  const { type, config } = storedOf(red, id);
  if (type !== 'linktor-webhook-in' || config !== account) return undefined;
  return runningNode<Deployed>(red, id)?.credentials?.secret;
}

/**
 * Register a webhook URL with the server, using the deployed secret. The secret is never sent to the browser; if the
 * server insists on its own secret, the dialog reports it.
 */
async function registerWebhook(
  client: LinktorClient,
  url: string,
  events: string,
  secret: string | undefined,
): Promise<object> {
  if (!/^https?:/i.test(url) || !URL.canParse(url)) throw invalid('This is no address that a server could send to.');
  if (!secret)
    throw invalid('There is no webhook secret yet.', 'Enter one in this node or in its account, and deploy.');
  const names = readList(events, 'events');
  // Servers do not support patterns: subscribe to all events instead.
  const wanted = { url, events: names.length > 0 && !names.some((one) => one.includes('*')) ? names : ['*'], secret };
  let known: string | undefined;
  try {
    for await (const one of client.webhooks.each()) if (one.url === url) known = one.id;
  } catch (error) {
    if (![404, 405, 501].includes((error as LinktorError).cause?.status ?? 0)) throw error;
    throw unsupported(
      'manage webhooks',
      'Paste the address above, and the secret, into the webhook settings of Linktor.',
    );
  }
  const { webhooks } = client;
  const writing = known ? webhooks.update(known, wanted) : webhooks.create(wanted);
  const { secret: theirs } = await writing.catch((thrown: unknown) => {
    // Some servers repeat the rejected values in their error.
    const { code, message, cause } = toLinktorError(thrown);
    throw new LinktorError(code, message.replaceAll(secret, '***'), cause);
  });
  if (typeof theirs === 'string' && theirs !== secret) return { outcome: 'otherSecret' };
  return { outcome: known ? 'updated' : 'created' };
}
