import { invalid, toLinktorError } from '../../../lib/errors';
import { version } from '../../../package.json';
import { fields } from '../../linktor-config';
import type { ConfigNode } from '../account/config-node';
import { consumerName } from '../account/nats';
import { routeOf } from '../account/route';
import type { AccountSettings } from '../account/settings';
import { testConnection } from '../account/test-connection';
import { fixedValues, planFields } from '../evaluate';
import { migrated } from '../migrations';
import { type RED, runningNode, type Stored } from '../red';
import type { Finding, Tested } from './types';

/** A running config node; Node-RED has resolved environment variables in its credentials. */
export type Deployed = Pick<
  ConfigNode,
  'account' | 'deployedUrl' | 'deployedSocketUrl' | 'deployedNatsUrl' | 'deployedChoices' | 'credentials'
>;

/** The credentials of each sign-in method; no others are read. */
const credentialNames = new Map<string, readonly string[]>([
  ['apiKey', ['apiKey']],
  ['accessToken', ['accessToken']],
  ['password', ['email', 'password']],
]);

/** The placeholder of the editor in a password field with a stored value. */
const STORED_PASSWORD = '__PWRD__';

/**
 * Test the settings of the dialog. Stored credentials replace the ones not entered anew, but are sent only to the host
 * they were deployed for: a user who may edit a config node must not be able to redirect its key.
 * @throws LinktorError `validation` when the settings are incomplete
 */
export async function testSettings(body: Record<string, unknown>, red: RED, id: string): Promise<Tested> {
  const node = nodeOf(red, id);
  const deployed = node?.deployedUrl;
  const stored = storedOf(red, id);
  const text = (name: string) => (typeof body[name] === 'string' ? String(body[name]) : '');
  // The value of an environment variable is known only at run time, and must not be shown here.
  const hidden = isVariable(text('baseUrl'));
  if (hidden && text('baseUrl') !== stored.baseUrl) throw notDeployedYet('Server URL');
  const baseUrl = hidden ? (deployed ?? '') : text('baseUrl');
  if (!URL.canParse(baseUrl))
    throw invalid('The Server URL is not a URL.', 'Give it as https://host or https://host/prefix.');
  const wsUrl = isVariable(text('wsUrl')) ? (node?.deployedSocketUrl ?? '') : text('wsUrl');
  const choice = (name: 'contract' | 'signIn' | 'receive') => {
    if (!isVariable(text(name))) return text(name);
    const known = text(name) === stored[name] ? node?.deployedChoices?.[name] : undefined;
    if (known === undefined) throw notDeployedYet(name);
    return known;
  };
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
  const settings = fixedValues(planFields(fields), {
    baseUrl,
    wsUrl,
    contract: choice('contract') || undefined,
    signIn: choice('signIn'),
    receive: choice('receive') || undefined,
    ...Object.fromEntries((credentialNames.get(choice('signIn')) ?? []).map((name) => [name, credential(name)])),
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

/** @returns the NATS URL in the dialog, and whether stored credentials may go there; undefined without NATS */
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

/** Check the storage of open questions in the deployed account. */
async function memoryOf(node: Deployed | undefined): Promise<Finding[]> {
  if (!node?.account || node.account.instances) return [];
  try {
    const ledger = node.account.ledger();
    await ledger.open();
    if (ledger.durability === 'none') return [{ what: 'memoryOnly' }];
    return [{ what: 'memory', ok: true, facts: { keepIn: ledger.engine } }];
  } catch (thrown) {
    const { code, message, cause } = toLinktorError(thrown);
    // An incomplete account has been reported already.
    return code === 'storage' ? [{ what: 'memory', ok: false, problem: { code, message, hint: cause.hint } }] : [];
  }
}

/** Check the store that the deployed account shares with other instances. */
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

/** Check the outbox of the deployed account, if it has one. */
function outboxOf(node: Deployed | undefined): Finding[] {
  try {
    if (!node?.account?.outbox() || node.account.instances) return [];
    return [{ what: 'outbox', ok: true, facts: { keepIn: node.account.ledger().engine } }];
  } catch (thrown) {
    const { code, message, cause } = toLinktorError(thrown);
    return code === 'storage' ? [{ what: 'outbox', ok: false, problem: { code, message, hint: cause.hint } }] : [];
  }
}

/** A proxy that was not deployed could read unencrypted traffic, and with other TLS settings the rest as well. */
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

/** @returns whether another config node signs in as the same user on the same server, without naming it */
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

/** @returns the identity of a config node, for comparison only; never shown */
function identityOf(node: Deployed | undefined, signIn: string): string | undefined {
  const { deployedUrl = '', credentials = {} } = node ?? {};
  const key = signIn === 'password' ? credentials.email?.toLowerCase() : credentials[signIn];
  const place = originOf(deployedUrl);
  return key && place ? `${place} ${signIn} ${key}` : undefined;
}

function nodeOf(red: RED, id: string): Deployed | undefined {
  return runningNode<Deployed>(red, id);
}

/** @returns the deployed settings as in the flow, with variables unresolved */
export function storedOf(red: RED, id: string): Record<string, unknown> {
  let stored: Stored = {};
  red.nodes.eachNode((each) => {
    if (each.id === id) stored = each;
  });
  return { ...migrated(String(stored.type), stored), ...red.nodes.getCredentials(id) };
}

/** @returns the facts for a support case, without names or keys */
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

/** @returns the address of a server, without user and query */
function placeOf(url: string): string {
  const { origin, pathname } = new URL(url);
  return `${origin}${pathname}`;
}

/** @returns true if the text is an environment variable, or contains one */
export function isVariable(text: string): boolean {
  return /\$\{[^}]+\}|^\$\(\S+\)$/.test(text.trim());
}

function notDeployedYet(field: string) {
  return invalid(
    `What stands in "${field}" is known once it is deployed, and not before.`,
    'Deploy first, then test the connection.',
  );
}

/** Mask a host that comes from an environment variable. */
function withoutHost(text: string, baseUrl: string): string {
  const { host, hostname } = new URL(baseUrl);
  return text.replaceAll(host, '***').replaceAll(hostname, '***');
}

function originOf(url: string): string | undefined {
  return URL.canParse(url) ? new URL(url).origin : undefined;
}
