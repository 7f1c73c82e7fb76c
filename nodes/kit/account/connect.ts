import { type EndedCall, LinktorClient, type SignIn } from '../../../lib/client/index';
import { LinktorError } from '../../../lib/errors';
import type { Ledger } from '../../../lib/ledger/index';
import { type Delivery, type Memory, Realtime, type SocketState } from '../../../lib/realtime/index';
import { fenced } from '../fence';
import type { Instances } from './instances';
import { natsOf } from './nats';
import type { AccountHost, AccountLog, AccountSettings, Route } from './settings';

/** @returns a client for these settings, with only the credentials that the chosen sign-in uses */
export function clientOf(
  settings: AccountSettings,
  route: Route = {},
  onCall?: (ended: EndedCall) => void,
  pace?: Instances['pace'],
): LinktorClient {
  const { baseUrl, contract, signIn, timeout, maxRetries, perMinute, idempotent, ...credentials } = settings;
  const { apiKey, accessToken, email, password } = credentials;
  const signingIn: Record<typeof signIn, SignIn> = {
    apiKey: { apiKey },
    accessToken: { accessToken },
    password: { email, password },
  };
  const { tls, proxy } = route;
  const common = {
    baseUrl,
    contract,
    timeout,
    maxRetries,
    perMinute,
    idempotent,
    ...(tls && { tls }),
    ...(proxy && { proxy }),
  };
  return new LinktorClient({ ...common, ...signingIn[signIn], ...(onCall && { onCall }), ...(pace && { pace }) });
}

export interface ConnectionParts {
  client(): LinktorClient;
  route: Route;
  host: Pick<AccountHost, 'consumer' | 'whenStarted'>;
  log: AccountLog;
  /** where its memory is kept */
  ledger: Ledger | undefined;
  /** delivery state of the predecessor, after a deploy */
  predecessor: Memory | undefined;
  /** an event is about to be delivered */
  onDelivery: ((delivery: Delivery) => void) | undefined;
}

/** Create the connection of an account; it opens with its first listener. */
export function connectionOf(settings: AccountSettings, parts: ConnectionParts): Realtime {
  const { client, route, host, log, ledger, predecessor, onDelivery } = parts;
  const rest = client();
  const { contract, url, connection } = rest.realtime;
  const nats = settings.receive === 'auto' && natsOf(settings, route.natsTls, host.consumer, client);
  return new Realtime({
    contract,
    rest,
    url: async (isCertain) => {
      const derived = await url(isCertain);
      return settings.wsUrl === '' ? derived : withQueryOf(settings.wsUrl, derived);
    },
    connection,
    receive: settings.receive,
    timing: { handshake: settings.handshakeTimeout * 1000, pong: settings.pongTimeout * 1000 },
    autoReconnect: settings.autoReconnect,
    reconnectInterval: settings.reconnectInterval,
    maxReconnectAttempts: settings.maxReconnectAttempts,
    discoverInterval: settings.discoverInterval * 1000,
    pollBusy: settings.pollBusy * 1000,
    pollIdle: settings.pollIdle * 1000,
    ...(nats && { nats }),
    onProblem: fenced((text: string) => log.warn(text)),
    onDelivery,
    ledger,
    predecessor,
    whileDown: settings.whileDown,
    whenStarted: host.whenStarted,
  });
}

/** Return the user's URL with the credentials that the contract puts into the query. */
function withQueryOf(given: string, derived: string): string {
  const url = new URL(given);
  for (const [key, value] of new URL(derived).searchParams) url.searchParams.set(key, value);
  return url.toString();
}

/** Log a line for each call: method and route, outcome, duration and request id. */
export function callLog(log: Pick<AccountLog, 'info'>): (ended: EndedCall) => void {
  return fenced(({ method, route, outcome, status, durationMs, requestId }: EndedCall) => {
    const came = [status, outcome === 'ok' ? undefined : outcome].filter((one) => one !== undefined).join(' ') || 'ok';
    const id = requestId === undefined ? '' : `, request ${requestId.slice(0, 100)}`;
    log.info(`${method} ${route}: ${came}, ${Math.round(durationMs)} ms${id}`);
  });
}

/** Log connection changes for the operator: the first failure and then every tenth. */
export function reporter(log: AccountLog): (state: SocketState) => void {
  return (state) => {
    if (state.name === 'open') log.info('realtime connected');
    if (state.name === 'waiting' && state.attempt % 10 === 1) {
      const seconds = Math.round((state.until - state.since) / 1000);
      log.warn(`Connection to Linktor lost (${state.reason}); trying again in ${seconds} s`);
    }
    if (state.name === 'refused') {
      const hint = 'Stopped. Fix the account, then deploy.';
      log.error(new LinktorError(state.code, `The realtime connection was refused: ${state.reason}.`, { hint }));
    }
  };
}
