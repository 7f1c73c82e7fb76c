import http from 'node:http';
import https from 'node:https';
import { checkServerIdentity, type PeerCertificate } from 'node:tls';
import { getProxyForUrl } from 'proxy-from-env';

/** TLS options of a private network, such as a private authority or a client certificate, for `tls.connect`. */
export interface TlsSettings {
  ca?: string | Buffer | (string | Buffer)[];
  cert?: string | Buffer;
  key?: string | Buffer;
  passphrase?: string;
  servername?: string;
  /** false accepts any certificate */
  rejectUnauthorized?: boolean;
}

/** A proxy: `http://`, `https://`, `socks5://` and similar, with user and password if required. */
export interface ProxySettings {
  url: string;
  /** hosts that are reached directly, `*` and leading dots allowed */
  noProxy?: readonly string[];
}

/** HTTP agents for connections to one server. */
export interface Agents {
  rest: http.Agent;
  /** for the socket; undefined: the default of `ws`, with the TLS settings */
  realtime?: http.Agent;
  destroy(): void;
}

/**
 * Idle sockets are closed before an ordinary server drops them, so that a write rarely uses a dying one. Their number
 * has no limit of its own: calls, files and answers of models are bounded, and slow ones must not wait for one another.
 * `keepAliveMsecs` is the value that axios sets on each socket: otherwise both would set it for every request.
 */
const POOL_OPTIONS = { keepAlive: true, keepAliveMsecs: 60_000, timeout: 15_000 };

/**
 * Create the agents of a server. Without a configured proxy, the environment decides: HTTPS_PROXY, HTTP_PROXY,
 * NO_PROXY. The proxy libraries are loaded only if there is a proxy.
 * @param base the server's URL
 */
export async function createAgents(base: string, tls: TlsSettings = {}, proxy?: ProxySettings): Promise<Agents> {
  const url = proxyFor(base, proxy);
  const secure = base.startsWith('https:');
  if (url === '') {
    const rest = secure ? new https.Agent({ ...POOL_OPTIONS, ...tls }) : new http.Agent(POOL_OPTIONS);
    return { rest, destroy: () => rest.destroy() };
  }
  const { rest, realtime } = await proxied(url, secure, tls);
  return {
    rest,
    realtime,
    destroy() {
      rest.destroy();
      realtime.destroy();
    },
  };
}

function proxyFor(base: string, proxy?: ProxySettings): string {
  if (!proxy?.url) return getProxyForUrl(base);
  return (proxy.noProxy ?? []).some((pattern) => matches(new URL(base), pattern)) ? '' : proxy.url;
}

/** `example.com` also matches its subdomains; `*.example.com`, `.example.com` and a port are supported. */
function matches({ protocol, hostname, port }: URL, pattern: string): boolean {
  const wanted = pattern
    .trim()
    .toLowerCase()
    .replace(/^\*?\.?/, '');
  if (pattern.trim() === '*') return true;
  const place = `${hostname}:${port || (protocol === 'https:' ? 443 : 80)}`;
  const names = [hostname, hostname.replace(/^\[|\]$/g, ''), place];
  return wanted !== '' && names.some((own) => own === wanted || own.endsWith(`.${wanted}`));
}

async function proxied(url: string, secure: boolean, tls: TlsSettings) {
  // A SOCKS agent applies the timeout to connections in use as well, so it gets none.
  const { timeout: _, ...pool } = POOL_OPTIONS;
  if (url.startsWith('socks')) {
    const { SocksProxyAgent } = await import('socks-proxy-agent');
    const make = () => onward(new SocksProxyAgent(url, pool), tls);
    return { rest: make(), realtime: make() };
  }
  // The server name is for the server only; the other settings also apply to a proxy with TLS.
  const { servername: _server, ...own } = tls;
  const { HttpsProxyAgent } = await import('https-proxy-agent');
  // A socket is a tunnel through the proxy, encrypted or not.
  const tunnel = () => onward(new HttpsProxyAgent(url, { ...pool, ...own }), tls);
  if (secure) return { rest: tunnel(), realtime: tunnel() };
  const { HttpProxyAgent } = await import('http-proxy-agent');
  return { rest: kept(new HttpProxyAgent(url, { ...pool, ...own })), realtime: tunnel() };
}

interface Onward {
  host?: string;
  servername?: string;
}

/**
 * Apply the TLS settings behind the proxy as well: the libraries drop them there, and check an IP address against the
 * name `localhost`.
 */
function onward<T extends http.Agent>(agent: T, tls: TlsSettings): T {
  const tunnel = agent as unknown as { connect(request: unknown, options: Onward): Promise<unknown> };
  const connect = tunnel.connect.bind(tunnel);
  tunnel.connect = (request, options) => {
    const name = tls.servername || options.servername || options.host || '';
    const check = (_name: string, cert: PeerCertificate) => checkServerIdentity(name, cert);
    return connect(request, { ...options, ...tls, checkServerIdentity: check } as Onward);
  };
  return kept(agent);
}

/** Set how long an idle connection is kept. */
function kept<T extends http.Agent>(agent: T): T {
  const { options } = agent as unknown as { options: http.AgentOptions };
  options.timeout = POOL_OPTIONS.timeout;
  return agent;
}
