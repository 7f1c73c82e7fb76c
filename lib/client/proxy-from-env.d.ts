declare module 'proxy-from-env' {
  /** @returns the proxy that the environment names for a URL, or '' */
  export function getProxyForUrl(url: string): string;
}
