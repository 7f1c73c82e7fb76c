import { invalid, toLinktorError } from '../../../lib/errors';
import { version } from '../../../package.json';
import { fields } from '../../linktor-config';
import type { AccountSettings } from '../account/account';
import type { ConfigNode } from '../account/config-node';
import { consumerName } from '../account/nats';
import { routeOf } from '../account/route';
import { testConnection } from '../account/test-connection';
import { fixedValues } from '../evaluate';
import { migrated } from '../migrations';
import { type RED, runningNode, type Stored } from '../red';
import type { Finding, Tested } from './types';

/** A running config node; Node-RED has put the environment's values into its credentials. */
export type Deployed = Pick<
  ConfigNode,
  'account' | 'deployedUrl' | 'deployedSocketUrl' | 'deployedNatsUrl' | 'credentials'
>;

/** The credentials of each way to sign in; no others are looked at. */
const credentialNames = new Map<string, readonly string[]>([
  ['apiKey', ['apiKey']],
  ['accessToken', ['accessToken']],
  ['password', ['email', 'password']],
]);

/** What the editor puts into a password field whose value it does not know. */
const STORED_PASSWORD = '__PWRD__';

/**
 * Try the settings of the dialog. Stored credentials stand in for those that were not typed anew, but they go to the
 * host they were deployed for and to no other: whoever may edit a config node may not lead its key away.
 * @throws LinktorError `validation` when there is nothing that could be tried
 */
export async function testSettings(body: Record<string, unknown>, red: RED, id: string): Promise<Tested> {
  const node = nodeOf(red, id);
  const deployed = node?.deployedUrl;
  const stored = storedOf(red, id);
  const text = (name: string) => (typeof body[name] === 'string' ? String(body[name]) : '');
  // What an environment variable holds is known at run time only, and is nobody's business here.
  const hidden = isVariable(text('baseUrl'));
  if (hidden && text('baseUrl') !== stored.baseUrl) throw notDeployedYet('Server URL');
  const baseUrl = hidden ? (deployed ?? '') : text('baseUrl');
  if (!URL.canParse(baseUrl))
    throw invalid('The Server URL is not a URL.', 'Give it as https://host or https://host/prefix.');
  const wsUrl = isVariable(text('wsUrl')) ? (node?.deployedSocketUrl ?? '') : text('wsUrl');
  const samePlace =
    deployed !== undefined &&
    originOf(deployed) === originOf(baseUrl) &&
    (wsUrl === '' ||
      wsUrl === node?.deployedSocketUrl ||
      originOf(wsUrl.replace(/^ws/i, 'http')) === originOf(baseUrl)) &&
    isSameWay(red, body, stored, baseUrl);
  const nats = natsGiven(red, body, stored, node?.deployedNatsUrl);
  const credential = (name: string, isSamePlace = samePlace) => {
    const typed = text(name);
    if (isVariable(typed) && typed !== stored[name]) throw notDeployedYet(name);
    if (typed !== STORED_PASSWORD && !isVariable(typed)) return typed;
    if (isSamePlace) return node?.credentials?.[name] ?? '';
    throw invalid(
      'What is stored goes to the server that it was deployed for, and to no other.',
      'Enter it again to test this one.',
    );
  };
  const settings = fixedValues(fields, {
    baseUrl,
    wsUrl,
    contract: text('contract') || undefined,
    signIn: text('signIn'),
    ...Object.fromEntries((credentialNames.get(text('signIn')) ?? []).map((name) => [name, credential(name)])),
    ...(nats && {
      eventsFrom: 'nats',
      natsUrl: nats.url,
      natsUser: credential('natsUser', nats.isSamePlace),
      natsSecret: credential('natsSecret', nats.isSamePlace),
    }),
    timeout: 10,
    maxRetries: 0,
    idempotent: false,
    autoReconnect: false,
  });
  const isReading = node?.account?.realtimeIfOpen()?.facts().nats?.state === 'open';
  const consumer = { name: consumerName(red, id, deployed ?? baseUrl), isReading };
  const tested = await testConnection(settings, routeOf(red, body), consumer);
  const findings = [...tested, ...(await memoryOf(node)), ...outboxOf(node), ...(await storeOf(node))];
  const shown = hidden ? findings.map((one) => JSON.parse(withoutHost(JSON.stringify(one), baseUrl))) : findings;
  return {
    findings: shown,
    diagnostics: diagnosticsOf(red, node, shown, hidden ? text('baseUrl') : baseUrl, settings),
  };
}

/** @returns where the dialog has NATS, and whether what is stored may go there; undefined when it names none */
function natsGiven(
  red: RED,
  body: Record<string, unknown>,
  stored: Record<string, unknown>,
  deployed: string | undefined,
): { url: string; isSamePlace: boolean } | undefined {
  if (body.eventsFrom !== 'nats') return undefined;
  const given = String(body.natsUrl ?? '');
  if (isVariable(given) && given !== stored.natsUrl) throw notDeployedYet('NATS URL');
  const url = isVariable(given) ? (deployed ?? '') : given;
  const tlsOf = ({ natsTls }: Record<string, unknown>) => red.nodes.getNode(String(natsTls ?? ''));
  return { url, isSamePlace: url !== '' && url === deployed && tlsOf(body) === tlsOf(stored) };
}

/** Where the deployed account keeps its open questions, and whether that works. */
async function memoryOf(node: Deployed | undefined): Promise<Finding[]> {
  if (!node?.account || node.account.instances) return [];
  try {
    const ledger = node.account.ledger();
    await ledger.open();
    if (ledger.durability === 'none') return [{ what: 'memoryOnly' }];
    return [{ what: 'memory', ok: true, facts: { keepIn: ledger.engine } }];
  } catch (thrown) {
    const { code, message, cause } = toLinktorError(thrown);
    // An account that is not complete has been told so already.
    return code === 'storage' ? [{ what: 'memory', ok: false, problem: { code, message, hint: cause.hint } }] : [];
  }
}

/** The store that the deployed account shares with other instances. */
async function storeOf(node: Deployed | undefined): Promise<Finding[]> {
  const { instances } = node?.account ?? {};
  if (!instances) return [];
  try {
    const { version, latency, policy, isKept } = await instances.facts();
    return [
      { what: 'store', ok: true, facts: { version, latency } },
      ...(policy === 'noeviction' ? [] : [{ what: 'storeEvicts', ok: false, facts: { policy } } as const]),
      ...(isKept ? [] : [{ what: 'storeForgets', ok: false } as const]),
    ];
  } catch (thrown) {
    const { code, message, cause } = toLinktorError(thrown);
    return [{ what: 'store', ok: false, problem: { code, message, hint: cause.hint } }];
  }
}

/** Whether what the deployed account has to send outlives a crash, where that was asked for. */
function outboxOf(node: Deployed | undefined): Finding[] {
  try {
    if (!node?.account?.outbox() || node.account.instances) return [];
    return [{ what: 'outbox', ok: true, facts: { keepIn: node.account.ledger().engine } }];
  } catch (thrown) {
    const { code, message, cause } = toLinktorError(thrown);
    return code === 'storage' ? [{ what: 'outbox', ok: false, problem: { code, message, hint: cause.hint } }] : [];
  }
}

/** A proxy that was not deployed sees all that is not encrypted, and with other TLS settings the rest as well. */
function isSameWay(
  red: RED,
  given: Record<string, unknown>,
  stored: Record<string, unknown>,
  baseUrl: string,
): boolean {
  const proxy = routeOf(red, given).proxy?.url;
  if (proxy === undefined || proxy === routeOf(red, stored).proxy?.url) return true;
  const tlsOf = ({ tls }: Record<string, unknown>) => red.nodes.getNode(String(tls ?? ''));
  return originOf(baseUrl)?.startsWith('https:') === true && tlsOf(given) === tlsOf(stored);
}

/** @returns whether another config node signs in as the same user on the same server; which one is not told */
export function isSharedIdentity(red: RED, id: string): boolean {
  const identities = new Map<string, string>();
  red.nodes.eachNode((each) => {
    const { id: one, type, signIn = 'apiKey' } = each as { id: string; type: string; signIn?: string };
    const identity = type === 'linktor-config' ? identityOf(nodeOf(red, one), signIn) : undefined;
    if (identity !== undefined) identities.set(one, identity);
  });
  const own = identities.get(id);
  return own !== undefined && [...identities].some(([other, identity]) => other !== id && identity === own);
}

/** Who a config node is, to compare and never to be told. */
function identityOf(node: Deployed | undefined, signIn: string): string | undefined {
  const { deployedUrl = '', credentials = {} } = node ?? {};
  const key = signIn === 'password' ? credentials.email?.toLowerCase() : credentials[signIn];
  const place = originOf(deployedUrl);
  return key && place ? `${place} ${signIn} ${key}` : undefined;
}

function nodeOf(red: RED, id: string): Deployed | undefined {
  return runningNode<Deployed>(red, id);
}

/** What was deployed, in the words of the flow: variables are not yet what they stand for. */
export function storedOf(red: RED, id: string): Record<string, unknown> {
  let stored: Stored = {};
  red.nodes.eachNode((each) => {
    if (each.id === id) stored = each;
  });
  return { ...migrated(String(stored.type), stored), ...red.nodes.getCredentials(id) };
}

/** What a support case needs, without anybody's name or key. */
function diagnosticsOf(
  red: RED,
  node: Deployed | undefined,
  findings: readonly Finding[],
  server: string,
  { signIn }: AccountSettings,
): string {
  const { platform, arch, version: nodeVersion } = process;
  const lines = findings.map(({ what, ok, facts: { who: _, server: __, ...facts } = {}, problem }) => {
    const said = problem ? `${problem.code}: ${problem.message}` : JSON.stringify(facts);
    return `${what}: ${ok === false ? 'failed' : 'ok'} ${said}`;
  });
  return [
    `@linktor/node-red-linktor ${version}`,
    `Node-RED ${red.version?.() ?? '?'}, Node.js ${nodeVersion}, ${platform} ${arch}`,
    `Server: ${isVariable(server) ? server : placeOf(server)}`,
    `Sign-in: ${signIn}`,
    ...lines,
    `deployed realtime: ${stateOf(node)}`,
    ...natsOf(node),
  ].join('\n');
}

function stateOf(node: Deployed | undefined): string {
  const state = node?.account?.realtimeIfOpen()?.state;
  if (!state) return 'not in use';
  return `${state.name} since ${new Date(state.since).toISOString()}${'reason' in state ? ` (${state.reason})` : ''}`;
}

function natsOf(node: Deployed | undefined): string[] {
  const nats = node?.account?.realtimeIfOpen()?.facts().nats;
  if (!nats) return [];
  const reason = nats.lastError === undefined ? '' : ` (${nats.lastError})`;
  return [`deployed NATS: ${nats.state} since ${new Date(nats.since).toISOString()}${reason}`];
}

/** Where a server is, without user and query. */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** In a form that a value is put in for: as a whole, or inside of an address. */
export function isVariable(text: string): boolean {
  return /\$\{[^}]+\}|^\$\(\S+\)$/.test(text.trim());
}

function notDeployedYet(field: string) {
  return invalid(
    `What stands in "${field}" is known once it is deployed, and not before.`,
    'Deploy first, then test the connection.',
  );
}

/** What an environment variable says about the server is not told, neither by us nor by a message. */
function withoutHost(text: string, baseUrl: string): string {
  const { host, hostname } = new URL(baseUrl);
  return text.replaceAll(host, '***').replaceAll(hostname, '***');
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
