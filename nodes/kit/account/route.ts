import type { ProxySettings, TlsSettings } from '../../../lib/client/index';
import { type RED, runningNode } from '../red';
import type { Route } from './account';

/** Node-RED's own config nodes, as far as we use them. */
interface TlsNode {
  addTLSOptions(options: TlsSettings): TlsSettings;
}
interface ProxyNode {
  url?: string;
  noproxy?: string[];
  credentials?: { username?: string; password?: string };
}

/** The way to the server that the fields `tls` and `proxy` choose; the same for REST and for the socket. */
export function routeOf(red: RED, values: Record<string, unknown>): Route {
  const tls = runningNode<TlsNode>(red, values.tls);
  const proxy = runningNode<ProxyNode>(red, values.proxy);
  return {
    ...(tls ? { tls: tls.addTLSOptions({}) } : {}),
    ...(proxy?.url ? { proxy: proxyOf(proxy) } : {}),
  };
}

function proxyOf({ url = '', noproxy = [], credentials = {} }: ProxyNode): ProxySettings {
  const address = new URL(url);
  if (credentials.username) {
    address.username = encodeURIComponent(credentials.username);
    address.password = encodeURIComponent(credentials.password ?? '');
  }
  return { url: address.toString(), noProxy: noproxy };
}
