import { invalid } from '../errors';

/** Address of the store: one server, the nodes of a cluster, or Sentinels that know the master. */
export type StoreAddress = { isSecure: boolean; username?: string; password?: string; db: number } & (
  | { kind: 'server'; host: string; port: number }
  | { kind: 'cluster'; nodes: { host: string; port: number }[] }
  | { kind: 'sentinel'; sentinels: { host: string; port: number }[]; master: string }
);

const DEFAULT_PORT = 6379;
const DEFAULT_SENTINEL_PORT = 26_379;

/**
 * @param given `redis://host:6379/0`, `rediss://` for TLS, `redis://a,b,c` for a cluster, `?sentinel=<master name>`
 * @throws LinktorError `validation`; its message holds no password
 */
export function readAddress(given: string): StoreAddress {
  const [, scheme = '', user, hosts = '', path = '', query = ''] =
    /^(rediss?):\/\/(?:([^@/]*)@)?([^/?]+)(\/[^?]*)?(?:\?(.*))?$/.exec(given.trim()) ?? [];
  if (scheme === '') throw unreadable();
  const [username = '', password = ''] = (user ?? '').split(/:(.*)/).map(decoded);
  const db = path.replace('/', '') === '' ? 0 : Number(path.slice(1));
  if (!Number.isInteger(db) || db < 0) throw unreadable();
  const common = {
    isSecure: scheme === 'rediss',
    db,
    ...(username !== '' && { username }),
    ...(password !== '' && { password }),
  };
  const master = new URLSearchParams(query).get('sentinel');
  const places = (port: number) => hosts.split(',').map((host) => placeOf(host, port));
  if (master) return { ...common, kind: 'sentinel', sentinels: places(DEFAULT_SENTINEL_PORT), master };
  const nodes = places(DEFAULT_PORT);
  const [only] = nodes;
  if (nodes.length === 1 && only) return { ...common, kind: 'server', ...only };
  if (db > 0)
    throw invalid('A cluster has no databases.', 'Leave the number at the end of the address of the store away.');
  return { ...common, kind: 'cluster', nodes };
}

function placeOf(text: string, usual: number): { host: string; port: number } {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]+)\]|([^:]+))(?::(\d+))?$/.exec(text.trim()) ?? [];
  const host = bracketed ?? plain;
  if (host === '') throw unreadable();
  return { host, port: port === undefined ? usual : Number(port) };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

function unreadable() {
  return invalid(
    'The address of the shared store cannot be read.',
    'Give it as redis://host:6379, rediss://host, redis://a,b,c for a cluster, or redis://a,b?sentinel=name.',
  );
}
