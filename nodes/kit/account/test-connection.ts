import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError, toLinktorError } from '../../../lib/errors';
import { NatsSession, type SocketState } from '../../../lib/realtime/index';
import type { Finding } from '../admin/types';
import { type Account, type AccountSettings, createAccount, type Route } from './account';
import { natsOf } from './nats';

/** milliseconds that the socket may take to open */
const SOCKET_TIMEOUT_MS = 5000;
/** seconds that each look for a feature may take */
const FEATURE_TIMEOUT_S = 5;
/** seconds that two clocks may be apart: half of what a signed webhook may be late */
const MAX_CLOCK_SKEW_S = 150;

/**
 * Try settings out, without changing anything on the server: who answers, who we are there, what there is.
 * What failed is a finding like the others; nothing is thrown.
 * @param consumer of the deployed account in NATS, and whether that reads from it just now
 */
export async function testConnection(
  settings: AccountSettings,
  route: Route,
  consumer: { name: string; isReading: boolean },
): Promise<Finding[]> {
  let account: Account;
  try {
    // Nothing of the events is taken: NATS is only looked at.
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
      tryRealtime(account),
      isServer ? tryNats(settings, route, account.client(), consumer) : [],
    ]);
    return [...findings, ...features, realtime, ...nats];
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
    // Who refuses us has at least answered.
    if (problem.code !== 'authentication' && problem.code !== 'authorization')
      return [failedFinding('server', problem)];
    const latency = Math.round(performance.now() - began);
    return [{ what: 'server', ok: true, facts: { ...server, latency } }, failedFinding('signIn', problem)];
  }
}

/** Any answer says what the server's clock says, in whole seconds. */
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

/** Reading a little of everything is the cheapest way to know what a server has. */
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

/** Open the socket, and let go of it at once. */
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

/** Look at NATS, where events are to come from it: another Node-RED that reads from our consumer takes its part of them. */
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

/** What is usually to be done the dialog says itself, in the user's language; what is special about this failure is told. */
function failedFinding(what: Finding['what'], { code, message, cause }: LinktorError): Finding {
  const usual = new LinktorError(code, message).cause.hint;
  return { what, ok: false, problem: { code, message, hint: cause.hint === usual ? undefined : cause.hint } };
}
