import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError, toLinktorError } from '../../../lib/errors';
import { NatsSession, type SocketState } from '../../../lib/realtime/index';
import type { Finding } from '../admin/types';
import { type Account, createAccount } from './account';
import { natsOf } from './nats';
import type { AccountSettings, Route } from './settings';

/** milliseconds that the socket may take to open */
const SOCKET_TIMEOUT_MS = 5000;
/** timeout of each feature check in seconds */
const FEATURE_TIMEOUT_S = 5;
/** allowed clock difference in seconds: half of the tolerance for signed webhooks */
const MAX_CLOCK_SKEW_S = 150;

/**
 * Test settings without changing anything on the server: address, sign-in, contract and features. A failure is a
 * finding as well; nothing is thrown.
 * @param consumer NATS consumer of the deployed account, and whether the account is reading from it
 */
export async function testConnection(
  settings: AccountSettings,
  route: Route,
  consumer: { name: string; isReading: boolean },
): Promise<Finding[]> {
  let account: Account;
  try {
    // Events are not consumed: NATS is only probed.
    account = createAccount({ ...settings, eventsFrom: 'poll' }, { route, log: silent });
    account.client();
  } catch (thrown) {
    return [failedFinding('server', toLinktorError(thrown))];
  }
  try {
    const findings = await trySignIn(account.client(), settings);
    if (findings.some(({ problem }) => problem)) return findings;
    const isServer = findings.some(({ what, facts }) => what === 'contract' && facts?.contract === 'server');
    const [features, realtime, nats] = await Promise.all([
      findFeatures(account.client()),
      settings.receive === 'auto' ? tryRealtime(account) : undefined,
      isServer ? tryNats(settings, route, account.client(), consumer) : [],
    ]);
    return [...findings, ...features, ...(realtime ? [realtime] : []), ...nats];
  } finally {
    await account.close();
  }
}

const silent = { info() {}, warn() {}, error() {} };

async function trySignIn(client: LinktorClient, { baseUrl, signIn }: AccountSettings): Promise<Finding[]> {
  const server = { server: new URL(baseUrl).host };
  const began = performance.now();
  try {
    const user = await client.auth.me();
    const latency = Math.round(performance.now() - began);
    const tenant = await client.auth.tenant().catch(() => undefined);
    const name = user.name ?? user.email ?? user.id;
    const who = tenant?.name ? `${name} (${tenant.name})` : name;
    return [
      { what: 'server', ok: true, facts: { ...server, latency } },
      { what: 'signIn', ok: true, facts: { signIn, who } },
      { what: 'contract', ok: true, facts: { contract: (await client.contract()).name } },
      ...(await compareClocks(client)),
    ];
  } catch (thrown) {
    const problem = toLinktorError(thrown);
    // A server that refuses the sign-in has answered.
    if (problem.code !== 'authentication' && problem.code !== 'authorization')
      return [failedFinding('server', problem)];
    const latency = Math.round(performance.now() - began);
    return [{ what: 'server', ok: true, facts: { ...server, latency } }, failedFinding('signIn', problem)];
  }
}

/** Compare clocks by the date header of any response, in whole seconds. */
async function compareClocks(client: LinktorClient): Promise<Finding[]> {
  const answer = await client.request({ path: '/channels', query: { limit: 1 } }).catch(() => undefined);
  const apart = Math.round((Date.parse(answer?.headers.date ?? '') - Date.now()) / 1000);
  if (Number.isNaN(apart)) return [];
  const seconds = Math.max(0, Math.abs(apart) - 1);
  const ok = seconds <= MAX_CLOCK_SKEW_S;
  return [{ what: ok ? 'clock' : 'clockOff', ok, facts: { seconds } }];
}

const features: Record<string, (client: LinktorClient) => Promise<unknown>> = {
  channels: (client) => client.channels.list({ limit: 1 }),
  contacts: (client) => client.contacts.list({ limit: 1 }),
  knowledgeBases: (client) => client.knowledgeBases.list({ limit: 1 }),
  agents: (client) => client.ai.agents.list({ limit: 1 }),
  bots: (client) => client.bots.list({ limit: 1 }),
  flows: (client) => client.flows.list({ limit: 1 }),
  templates: (client) => client.vre.templates(),
};

/** Detect the features of a server by listing one item of each. */
async function findFeatures(client: LinktorClient): Promise<Finding[]> {
  const hurried = client.with({ timeout: FEATURE_TIMEOUT_S });
  const looks = Object.entries(features).map(async ([name, look]) => {
    const there = await look(hurried).then(
      () => true,
      () => false,
    );
    return [name, there] as const;
  });
  const results = await Promise.all(looks);
  const named = (wanted: boolean) => results.filter(([, there]) => there === wanted).map(([name]) => name);
  const [here, missing] = [named(true), named(false)];
  return [
    ...(here.length > 0 ? [{ what: 'features', ok: true, facts: { here } } as const] : []),
    ...(missing.length > 0 ? [{ what: 'missing', facts: { missing } } as const] : []),
  ];
}

/** Open the socket and close it at once. */
async function tryRealtime(account: Account): Promise<Finding> {
  const began = performance.now();
  const realtime = account.realtime();
  let timer: NodeJS.Timeout | undefined;
  const settled = new Promise<SocketState | undefined>((resolve) => {
    timer = setTimeout(() => resolve(undefined), SOCKET_TIMEOUT_MS);
    realtime.onState((state) => {
      if (state.name === 'open' || state.name === 'refused' || state.name === 'waiting') resolve(state);
    });
  });
  const release = realtime.listen(() => {});
  const state = await settled;
  clearTimeout(timer);
  release();
  if (state?.name === 'open') {
    return { what: 'realtime', ok: true, facts: { latency: Math.round(performance.now() - began) } };
  }
  const reason = state && 'reason' in state ? state.reason : `no connection within ${SOCKET_TIMEOUT_MS / 1000} s`;
  const code = state?.name === 'refused' ? state.code : 'websocket';
  return { what: 'realtime', ok: false, problem: { code, message: reason } };
}

/** Probe NATS where events come from it: another reader of our consumer would take a part of the events. */
async function tryNats(
  settings: AccountSettings,
  route: Route,
  client: LinktorClient,
  { name, isReading }: { name: string; isReading: boolean },
): Promise<Finding[]> {
  const nats = natsOf(settings, route.natsTls, name, () => client);
  if (!nats) return [];
  const began = performance.now();
  try {
    await nats.tenant();
    const { readers } = await NatsSession.probe(nats);
    const latency = Math.round(performance.now() - began);
    const isShared = readers > (isReading ? 1 : 0);
    return [
      { what: 'nats', ok: true, facts: { latency } },
      ...(isShared ? [{ what: 'natsShared', ok: false } as const] : []),
    ];
  } catch (thrown) {
    return [failedFinding('nats', toLinktorError(thrown))];
  }
}

/** Return a failed finding. The dialog itself shows the usual hint, translated; only a specific hint is included. */
function failedFinding(what: Finding['what'], { code, message, cause }: LinktorError): Finding {
  const usual = new LinktorError(code, message).cause.hint;
  return { what, ok: false, problem: { code, message, hint: cause.hint === usual ? undefined : cause.hint } };
}
