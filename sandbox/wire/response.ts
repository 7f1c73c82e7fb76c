import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import type { Answer } from './router';

/** The URL of a request, with its path unchanged: two slashes at its start must not be parsed as a host. */
export function requestUrl({ url = '/' }: IncomingMessage): URL {
  return new URL(`http://sandbox${url.startsWith('/') ? url : '/'}`);
}

/** Sends an answer. An absent body and an empty text are sent as zero bytes without a type. */
export function writeAnswer(response: ServerResponse, { status, body, headers = {}, events }: Answer): void {
  response.statusCode = status;
  for (const [name, value] of Object.entries(headers)) response.setHeader(name, value);
  if (events) {
    response.setHeader('Content-Type', 'text/event-stream');
    response.setHeader('Cache-Control', 'no-cache');
    for (const event of events) response.write(`data: ${event}\n\n`);
    response.end();
    return;
  }
  if (body === undefined || body === '') {
    response.end();
    return;
  }
  const { text, type } = serialize(body);
  if (!response.hasHeader('Content-Type')) response.setHeader('Content-Type', type);
  response.setHeader('Content-Length', Buffer.byteLength(text));
  response.end(text);
}

/** Refuses a handshake with an ordinary answer. */
export function refuseUpgrade(stream: Duplex, { status, headers = {}, body }: Answer): void {
  const { text, type } = serialize(body);
  const lines = Object.entries({ 'Content-Type': type, 'Content-Length': Buffer.byteLength(text), ...headers });
  const start = [
    `HTTP/1.1 ${status} Refused`,
    'Connection: close',
    ...lines.map(([name, value]) => `${name}: ${value}`),
  ];
  stream.end(`${start.join('\r\n')}\r\n\r\n${text}`);
}

function serialize(body: unknown): { text: string | Buffer; type: string } {
  if (typeof body === 'string') return { text: body, type: 'text/plain; charset=utf-8' };
  return { text: Buffer.isBuffer(body) ? body : JSON.stringify(body), type: 'application/json' };
}
