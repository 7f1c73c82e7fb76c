import type { ProxySettings, TlsSettings } from '../../../lib/client/index';
import { invalid } from '../../../lib/errors';
import { type RED, runningNode } from '../red';
import type { Route } from './settings';

/** Node-RED's own config nodes, as far as this package uses them. */
interface TlsNode {
  addTLSOptions(options: TlsSettings): TlsSettings;
}
interface ProxyNode {
  url?: string;
  noproxy?: string[];
  credentials?: { username?: string; password?: string };
}

/**
 * Return the connection settings from the fields `tls` and `proxy`, for REST and the socket, and the TLS settings for
 * NATS and the shared store.
 * @throws LinktorError `validation` when one of them names a node of another kind, or a proxy has no usable address
 */
export function routeOf(red: RED, values: Record<string, unknown>): Route {
  const tls = runningNode<TlsNode>(red, values.tls);
  const natsTls = runningNode<TlsNode>(red, values.natsTls);
  const storeTls = runningNode<TlsNode>(red, values.storeTls);
  const proxy = runningNode<ProxyNode>(red, values.proxy);
  if ([tls, natsTls, storeTls].some((one) => one && typeof one.addTLSOptions !== 'function')) {
    throw invalid('The TLS settings are those of another kind of node.', 'Choose a TLS configuration, or none.');
  }
  return {
    ...(tls ? { tls: tls.addTLSOptions({}) } : {}),
    ...(natsTls ? { natsTls: natsTls.addTLSOptions({}) } : {}),
    ...(storeTls ? { storeTls: storeTls.addTLSOptions({}) } : {}),
    ...(proxy?.url ? { proxy: proxyOf(proxy) } : {}),
  };
}

function proxyOf({ url = '', noproxy = [], credentials = {} }: ProxyNode): ProxySettings {
  if (typeof url !== 'string' || !URL.canParse(url)) {
    throw invalid('The address of the proxy is not a URL.', 'Give it as http://host:port in the proxy node.');
  }
  const address = new URL(url);
  if (credentials.username) {
    address.username = encodeURIComponent(credentials.username);
    address.password = encodeURIComponent(credentials.password ?? '');
  }
  return { url: address.toString(), noProxy: Array.isArray(noproxy) ? noproxy : [] };
}
