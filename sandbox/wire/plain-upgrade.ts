import type { IncomingMessage, Server } from 'node:http';
import type { Duplex } from 'node:stream';

/**
 * Answers a request that offers an unknown upgrade (`h2c` of curl and Java) as an ordinary one (RFC 9110, 7.8).
 * Node.js has detached the connection from its HTTP parser, so the request is parsed again without the offer.
 */
export function ignoreUpgrade(server: Server, request: IncomingMessage, stream: Duplex, head: Buffer): void {
  const lines = [`${request.method} ${request.url} HTTP/1.1`];
  for (let index = 0; index + 1 < request.rawHeaders.length; index += 2) {
    const name = request.rawHeaders[index] ?? '';
    const value = withoutOffer(name, request.rawHeaders[index + 1] ?? '');
    if (value !== undefined) lines.push(`${name}: ${value}`);
  }
  stream.unshift(Buffer.concat([Buffer.from(`${lines.join('\r\n')}\r\n\r\n`, 'latin1'), head]));
  server.emit('connection', stream);
}

/** The value of a header without its upgrade tokens; undefined when nothing is left. */
function withoutOffer(name: string, value: string): string | undefined {
  const key = name.toLowerCase();
  if (key === 'upgrade' || key === 'http2-settings') return undefined;
  if (key !== 'connection') return value;
  const options = value.split(',').map((option) => option.trim());
  const left = options.filter((option) => !/^(upgrade|http2-settings)$/i.test(option));
  return left.length > 0 ? left.join(', ') : undefined;
}

export function isWebSocketUpgrade({ headers }: IncomingMessage): boolean {
  return headers.upgrade?.toLowerCase() === 'websocket';
}
