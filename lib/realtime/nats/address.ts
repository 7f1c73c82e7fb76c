import { invalid } from '../../errors';
import type { NodeConnectionOptions } from './packages';

/** How the account reaches NATS. */
export interface NatsSettings {
  /** `nats://host:4222` or `tls://host:4222`; several of one cluster with commas */
  url: string;
  user?: string;
  /** the password; without a user a token, the seed of an nkey, or what stands in a .creds file */
  secret?: string;
  /** as of a TLS configuration of Node-RED; the certificate of the server is checked */
  tls?: object;
  /** name of the durable consumer: whoever has the same name shares the events */
  consumer: string;
  /** whose events are wanted: NATS shows those of all tenants */
  tenant(): Promise<string>;
}

type Packages = typeof import('./packages');
type Authenticators = Pick<Packages, 'jwtAuthenticator' | 'nkeyAuthenticator'>;

const CONNECT_TIMEOUT_MS = 5000;
/** A connection that is dead without having said so is found after two of these. */
const PING_INTERVAL_MS = 20_000;

/**
 * @returns what the client of NATS needs
 * @throws LinktorError `validation` for an address that is none
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
    // With this set, a server without TLS is refused before it is told anything.
    ...(isEncrypted && { tls: { ...tls } }),
    timeout: CONNECT_TIMEOUT_MS,
    pingInterval: PING_INTERVAL_MS,
    maxPingOut: 2,
    // A lost connection is made anew with everything that hangs on it.
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
  // A password field has lost the line breaks of a .creds file.
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
