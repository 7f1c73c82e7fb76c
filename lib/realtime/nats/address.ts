import { invalid } from '../../errors';
import type { NodeConnectionOptions } from './packages';

/** Settings of the connection to NATS. */
export interface NatsSettings {
  /** `nats://host:4222` or `tls://host:4222`; comma-separated for a cluster */
  url: string;
  user?: string;
  /** password; without a user: a token, the seed of an nkey, or the content of a .creds file */
  secret?: string;
  /** TLS options of Node-RED's configuration; the server's certificate is verified */
  tls?: object;
  /** name of the durable consumer; readers with the same name share the events */
  consumer: string;
  /** the wanted tenant, since NATS publishes events of all tenants */
  tenant(): Promise<string>;
}

type Packages = typeof import('./packages');
type Authenticators = Pick<Packages, 'jwtAuthenticator' | 'nkeyAuthenticator'>;

const CONNECT_TIMEOUT_MS = 5000;
/** A silently dead connection is detected after two of these intervals. */
const PING_INTERVAL_MS = 20_000;

/**
 * @returns the options of the NATS client
 * @throws LinktorError `validation` for an invalid address
 */
export function connectionOptions(settings: NatsSettings, packages: Authenticators): NodeConnectionOptions {
  const { url, tls } = settings;
  const servers = url
    .split(/[\s,]+/)
    .filter((one) => one !== '')
    .map(serverOf);
  if (servers.length === 0)
    throw invalid('The NATS URL is missing.', 'Give it as nats://host:4222 or tls://host:4222.');
  const isEncrypted = tls !== undefined || servers.some(({ protocol }) => protocol === 'tls:');
  return {
    name: 'node-red-linktor',
    servers: servers.map(({ host }) => host),
    ...credentialsOf(settings, packages),
    // This option rejects a server without TLS before anything is sent to it.
    ...(isEncrypted && { tls: { ...tls } }),
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    // A lost connection is replaced together with all its dependents.
    reconnect: false,
  };
}

function serverOf(given: string): URL {
  const text = given.includes('://') ? given : `nats://${given}`;
  const address = URL.canParse(text) ? new URL(text) : undefined;
  if (!address?.host || !/^(nats|tls):$/.test(address.protocol)) {
    throw invalid('The NATS URL is none.', 'Give it as nats://host:4222 or tls://host:4222.');
  }
  if (address.username !== '' || address.password !== '') {
    throw invalid('The NATS URL holds credentials, which an exported flow would show.', 'Enter them below it.');
  }
  return address;
}

function credentialsOf(
  { user = '', secret = '' }: NatsSettings,
  { jwtAuthenticator, nkeyAuthenticator }: Authenticators,
): NodeConnectionOptions {
  // A password field removes the line breaks of a .creds file.
  const jwt = /eyJ[\w-]+\.[\w-]+\.[\w-]+/.exec(secret)?.[0];
  const seed = /\bSU[A-Z2-7]{56}\b/.exec(secret)?.[0];
  if (seed !== undefined) {
    const bytes = new TextEncoder().encode(seed);
    if (jwt !== undefined) return { authenticator: jwtAuthenticator(jwt, bytes) };
    if (user === '') return { authenticator: nkeyAuthenticator(bytes) };
  }
  if (user !== '') return { user, pass: secret };
  return secret === '' ? {} : { token: secret };
}
