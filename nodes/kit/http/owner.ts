import type { HttpApp, HttpLayer, RED, StoredNode } from '../red';

/** Prefix of this package's paths; other paths may belong to other nodes. */
const OWN_PREFIX = '/linktor/';

/**
 * First segments of Node-RED's own paths below httpAdminRoot. They are separate apps, so their routes cannot be
 * listed.
 */
const RESERVED = new Set([
  ...['', 'auth', 'comms', 'context', 'core', 'credentials', 'debug', 'diagnostics', 'ext', 'favicon.ico', 'flow'],
  ...['flows', 'icons', 'inject', 'library', 'locales', 'nodes', 'plugins', 'projects', 'red', 'settings', 'theme'],
  ...['types', 'vendor'],
]);

/** No route has this path; a layer that matches it matches everything. */
const NOWHERE = '/linktor/9b1c0e/nowhere';

/**
 * @param path below httpNodeRoot, as Express compares it
 * @returns the present owner of the path, for a message; undefined when the path is free
 */
export function ownerOf(red: RED, path: string): string | undefined {
  if (path.startsWith(OWN_PREFIX)) return undefined;
  const { httpAdmin, httpNode } = red;
  const nodeRoot = httpNode ? rootOf(httpNode) : '';
  const adminRoot = httpAdmin && typeof httpAdmin.path === 'function' ? rootOf(httpAdmin) : undefined;
  const whole = `${nodeRoot}${path}`;
  if (adminRoot !== undefined && (whole === adminRoot || whole.startsWith(`${adminRoot}/`))) {
    const below = whole.slice(adminRoot.length) || '/';
    if (RESERVED.has(below.split('/')[1] ?? '')) return 'Node-RED itself';
    if (hasRoute(httpAdmin, below)) return 'the editor side of another node';
  }
  return httpInOwner(red, path) ?? (httpNode && hasRoute(httpNode, path) ? 'another node' : undefined);
}

/** Look up `http in` nodes in the flow: they may be created after ours. */
function httpInOwner(red: RED, path: string): string | undefined {
  const disabled = new Set<unknown>();
  const found: StoredNode[] = [];
  red.nodes.eachNode((node) => {
    if (node.type === 'tab' && node.disabled === true) disabled.add(node.id);
    if (node.type === 'http in' && node.method === 'post' && node.d !== true && fits(String(node.url), path)) {
      found.push(node);
    }
  });
  const owner = found.find(({ z }) => !disabled.has(z));
  return owner && `the node "${owner.name || `http in ${String(owner.url)}`}"`;
}

/** Match a path; path parameters match any segment. */
function fits(pattern: string, path: string): boolean {
  const parts = `/${pattern}`
    .toLowerCase()
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1')
    .split('/');
  const given = path.split('/');
  return parts.length === given.length && parts.every((part, index) => part.startsWith(':') || part === given[index]);
}

/** Return true for a POST route or a mounted app at the path; layers for every path do not count. */
function hasRoute(app: Partial<HttpApp>, path: string): boolean {
  // Express 4 throws for `router`.
  const { stack } = app._router ?? app.router ?? { stack: [] };
  return stack.some((layer) => {
    if (layer.route) return Boolean(layer.route.methods.post ?? layer.route.methods._all) && matches(layer, path);
    return matches(layer, path) && !matches(layer, NOWHERE);
  });
}

function matches(layer: HttpLayer, path: string): boolean {
  try {
    return layer.match(path);
  } catch {
    return false;
  }
}

function rootOf(app: Partial<HttpApp>): string {
  return (app.path?.() ?? '')
    .replace(/\/{2,}/g, '/')
    .replace(/\/$/, '')
    .toLowerCase();
}
