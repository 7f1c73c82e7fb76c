import type { LinktorClient } from '../../lib/client';
import { invalid, type LinktorError, unsupported } from '../../lib/errors';
import type { Page } from '../../lib/model';
import { type Account, type AccountSettings, clientOf } from './account';
import { failure } from './failure';
import type { Listable } from './fields';
import type { RED } from './red';
import { routeOf } from './route';

interface Request {
  params: Record<string, string>;
  query: Record<string, unknown>;
  body?: unknown;
}
interface Response {
  status(code: number): Response;
  json(body: unknown): void;
}
type Handler = (request: Request, response: Response) => void;

interface Item {
  value: string;
  label: string;
}

type Listing = (client: LinktorClient, search: string | undefined) => Promise<Item[]>;

const listed = 50;
const items = <T extends { id: string }>(page: Page<T>, label: (item: T) => string | undefined): Item[] =>
  page.items.map((item) => ({ value: item.id, label: label(item) ?? item.id }));

/** What pick lists can be filled with. */
const listings: Record<Listable, Listing> = {
  channels: async (client, search) =>
    items(await client.channels.list({ limit: listed, search }), ({ name, type }) => name && `${name} (${type})`),
  contacts: async (client, search) =>
    items(await client.contacts.list({ limit: listed, search }), ({ name, phone }) => name ?? phone),
  conversations: async (client, search) =>
    items(
      await client.conversations.list({ limit: listed, search }),
      ({ contact, channelType }) => contact?.name && `${contact.name} (${channelType})`,
    ),
  knowledgeBases: async (client, search) =>
    items(await client.knowledgeBases.list({ limit: listed, search }), ({ name }) => name),
};

/** The editor's questions. Registered once; every route needs a permission; no answer ever holds a credential. */
export function serveEditor(red: RED): void {
  const accountOf = (id: string) => (red.nodes.getNode(id) as unknown as { account?: Account } | null)?.account;
  const may = (permission: string) => red.auth.needsPermission(permission);

  const list: Handler = ({ params, query }, response) => {
    const listing = Object.hasOwn(listings, params.what ?? '') ? listings[params.what as Listable] : undefined;
    const account = accountOf(params.id ?? '');
    if (!listing) return response.status(404).json({ code: 'not_found' });
    // A config node that is only in the editor yet is nobody's fault: the dialog says so.
    if (!account) return response.status(409).json({ code: 'not_deployed' });
    const search = typeof query.search === 'string' && query.search !== '' ? query.search : undefined;
    answer(response, async () => ({ items: await listing(account.client(), search) }));
  };

  const test: Handler = ({ params, body }, response) => {
    answer(response, () => tested(given(body), red, params.id ?? ''));
  };

  const webhook: Handler = ({ params, body }, response) => {
    answer(response, async () => {
      const account = accountOf(params.id ?? '');
      if (!account) throw invalid('The Linktor config node is not deployed.', 'Deploy, then try again.');
      const node = red.nodes.getNode(String(given(body).node)) as unknown as Deployed | null;
      const secret = node?.credentials?.secret || account.webhookSecrets[0];
      return registered(account.client(), String(given(body).url), String(given(body).events ?? ''), secret);
    });
  };

  red.httpAdmin.get('/linktor/:id/list/:what', may('linktor-config.read') as never, list as never);
  red.httpAdmin.post('/linktor/:id/webhook', may('linktor-config.write') as never, webhook as never);
  red.httpAdmin.post('/linktor/:id/test', may('linktor-config.write') as never, test as never);
}

function answer(response: Response, work: () => Promise<object>): void {
  // The status stays 200: these are answers to the dialog about another server, not failures of Node-RED's.
  Promise.resolve()
    .then(work)
    .then(
      (result) => response.json({ ok: true, ...result }),
      (thrown: unknown) => response.json({ ok: false, ...told(failure(thrown)) }),
    );
}

function told({ code, message, cause }: LinktorError): object {
  return { code, message, hint: cause.hint, status: cause.status, requestId: cause.requestId };
}

function given(body: unknown): Record<string, unknown> {
  return typeof body === 'object' && body !== null ? (body as Record<string, unknown>) : {};
}

/** A running config node; Node-RED has put the environment's values into its credentials. */
interface Deployed {
  deployedUrl?: string;
  credentials?: Record<string, string>;
}

const secrets = ['apiKey', 'accessToken', 'email', 'password'] as const;
type Credentials = Pick<AccountSettings, (typeof secrets)[number]>;

/** What the editor puts into a password field whose value it does not know. */
const unknown = '__PWRD__';

/**
 * Try the settings of the dialog. Stored credentials stand in for those that were not typed anew, but they go to the
 * host they were deployed for and to no other: whoever may edit a config node may not lead its key away.
 */
async function tested(body: Record<string, unknown>, red: RED, id: string): Promise<object> {
  const node = red.nodes.getNode(id) as unknown as Deployed | null;
  const deployed = node?.deployedUrl;
  const text = (name: string) => (typeof body[name] === 'string' ? String(body[name]) : '');
  // What an environment variable holds is known at run time only, and is nobody's business here.
  const baseUrl = text('baseUrl').startsWith('${') ? (deployed ?? '') : text('baseUrl');
  if (!URL.canParse(baseUrl))
    throw invalid('The Server URL is not a URL.', 'Give it as https://host or https://host/prefix.');
  const samePlace = deployed !== undefined && originOf(deployed) === originOf(baseUrl);
  const credential = (name: string) => {
    const typed = text(name);
    if (typed !== unknown) return typed;
    if (samePlace) return node?.credentials?.[name] ?? '';
    throw invalid(
      'What is stored goes to the server that it was deployed for, and to no other.',
      'Enter it again to test this one.',
    );
  };
  const settings = {
    baseUrl,
    signIn: text('signIn'),
    ...(Object.fromEntries(secrets.map((name) => [name, credential(name)])) as Credentials),
    timeout: 10,
    maxRetries: 0,
    idempotent: false,
  } as AccountSettings;
  const client = clientOf(settings, routeOf(red, body));
  try {
    const began = performance.now();
    const user = await client.auth.me();
    const latency = Math.round(performance.now() - began);
    const tenant = await client.auth.tenant().catch(() => undefined);
    return { user: user.name ?? user.email ?? user.id, tenant: tenant?.name, latency };
  } finally {
    await client.close();
  }
}

/**
 * Have the server send its events to a URL, with the secret that is deployed. The secret itself stays here: should the
 * server insist on one of its own, the dialog says so.
 */
async function registered(
  client: LinktorClient,
  url: string,
  events: string,
  secret: string | undefined,
): Promise<object> {
  if (!URL.canParse(url)) throw invalid('This is no address that a server could send to.');
  if (!secret)
    throw invalid('There is no webhook secret yet.', 'Enter one in this node or in its config node, and deploy.');
  const names = events
    .split(',')
    .map((one) => one.trim())
    .filter((one) => one !== '');
  // Patterns are our own; a server knows names, and all of them.
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
  const { secret: theirs } = known ? await client.webhooks.update(known, wanted) : await client.webhooks.create(wanted);
  if (typeof theirs === 'string' && theirs !== secret) return { outcome: 'otherSecret' };
  return { outcome: known ? 'updated' : 'created' };
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
