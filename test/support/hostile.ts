import { createHmac } from 'node:crypto';
import http from 'node:http';
import net from 'node:net';

export const secret = 'whsec_test';
export const hook = '/linktor/hook';

/** The parts of a request. Every part has a valid default, so a case names only the invalid ones. */
export interface Bad {
  method?: string;
  path?: string;
  body?: Buffer | string;
  /** undefined: a valid signature; null: no signature */
  signature?: string | string[] | null;
  timestamp?: string | string[] | null;
  headers?: Record<string, string | string[]>;
}

export const good = JSON.stringify({
  id: 'evt_x',
  type: 'message.received',
  timestamp: new Date().toISOString(),
  data: {},
});
export const now = (offset = 0) => String(Math.floor(Date.now() / 1000) + offset);
export const sign = (body: Buffer | string, key = secret) => createHmac('sha256', key).update(body).digest('hex');
export const signTimed = (body: string, time: string, key = secret) => `sha256=${sign(`${time}.${body}`, key)}`;

/** Requests that must be refused, with the expected status. All other parts of each are valid. */
export const hostile: [name: string, bad: Bad, status: number | number[]][] = [
  ['no signature', { signature: null }, 401],
  ['an empty signature', { signature: '' }, 401],
  ['a blank signature', { signature: ' ' }, 401],
  ['another secret', { signature: sign(good, 'guess') }, 401],
  ['an empty secret', { signature: sign(good, '') }, [401]],
  ['a signature of another body', { signature: sign('{}') }, 401],
  ['zeros', { signature: '0'.repeat(64) }, 401],
  ['63 digits', { signature: sign(good).slice(1) }, 401],
  ['65 digits', { signature: `${sign(good)}0` }, 401],
  ['128 digits', { signature: sign(good).repeat(2) }, 401],
  ['trailing junk', { signature: `${sign(good)}zz` }, 401],
  ['a trailing comma', { signature: `${sign(good)},` }, 401],
  ['a second signature behind a comma', { signature: `${sign(good)}, ${sign(good)}` }, 401],
  ['leading junk', { signature: `x${sign(good)}` }, 401],
  ['quotes', { signature: `"${sign(good)}"` }, 401],
  ['0x', { signature: `0x${sign(good)}` }, 401],
  ['not hexadecimal', { signature: 'g'.repeat(64) }, 401],
  ['base64', { signature: Buffer.from(sign(good), 'hex').toString('base64') }, 401],
  ['the right signature twice', { signature: [sign(good), sign(good)] }, 401],
  ['a wrong and a right signature', { signature: ['0'.repeat(64), sign(good)] }, 401],
  ['sha256= before a signature of the body', { signature: `sha256=${sign(good)}`, timestamp: now() }, 401],
  ['SHA256= in capitals', { signature: `SHA256=${sign(good)}` }, 401],
  ['sha1=', { signature: `sha1=${createHmac('sha1', secret).update(good).digest('hex')}` }, 401],
  ['a timed signature without a timestamp', { signature: signTimed(good, now()) }, 401],
  ['a timed signature with another timestamp', { signature: signTimed(good, now()), timestamp: now(5) }, 401],
  ['a timed signature without its prefix', { signature: sign(`${now()}.${good}`), timestamp: now() }, 401],
  ['a timed signature of another secret', { signature: signTimed(good, now(), 'guess'), timestamp: now() }, 401],
  ['an old timed delivery', { signature: signTimed(good, now(-400)), timestamp: now(-400) }, 401],
  ['a timed delivery from the future', { signature: signTimed(good, now(4000)), timestamp: now(4000) }, 401],
  ['an old timestamp', { timestamp: now(-400) }, 401],
  ['a future timestamp', { timestamp: now(4000) }, 401],
  ['an empty timestamp', { timestamp: '' }, 401],
  ['a timestamp with junk', { timestamp: `${now()}abc` }, 401],
  ['a float', { timestamp: `${now()}.5` }, 401],
  ['an exponent', { timestamp: '1e9' }, 401],
  ['a hexadecimal timestamp', { timestamp: '0x65a5' }, 401],
  ['milliseconds', { timestamp: String(Date.now()) }, 401],
  ['a negative timestamp', { timestamp: `-${now()}` }, 401],
  ['a signed plus', { timestamp: `+${now()}` }, 401],
  ['a timestamp in words', { timestamp: 'now' }, 401],
  ['two timestamps', { timestamp: [now(), now()] }, 401],
  ['a huge timestamp', { timestamp: '9'.repeat(400) }, 401],
  ['not JSON', { body: 'hello' }, 400],
  ['half of the JSON', { body: good.slice(0, -1) }, 400],
  ['an empty body', { body: '' }, 400],
  ['only a number', { body: '17' }, 400],
  ['null', { body: 'null' }, 400],
  ['a pit of arrays', { body: `{"id":"e","type":"x","data":${'['.repeat(20_000)}${']'.repeat(20_000)}}` }, 400],
  ['an array', { body: '[]' }, 400],
  ['an object that is no event', { body: '{"a":1}' }, 400],
  ['an event whose name is no text', { body: '{"id":"e","type":{"toString":1}}' }, 400],
  [
    'bytes that are no UTF-8, signed for their replacement',
    { body: Buffer.from([0x7b, 0xff, 0xfe, 0x7d]), signature: sign('{\ufffd\ufffd}') },
    401,
  ],
  [
    'the same JSON in another spelling',
    { body: JSON.stringify(JSON.parse(good), null, 1), signature: sign(good) },
    401,
  ],
  ['a byte order mark in front', { body: `\ufeff${good}`, signature: sign(good) }, 401],
  ['a line break behind', { body: `${good}\n`, signature: sign(good) }, 401],
  ['GET', { method: 'GET' }, 405],
  ['HEAD', { method: 'HEAD' }, 405],
  ['PUT', { method: 'PUT' }, 405],
  ['DELETE', { method: 'DELETE' }, 405],
  ['PATCH', { method: 'PATCH' }, 405],
  ['GET that says it is POST', { method: 'GET', headers: { 'X-HTTP-Method-Override': 'POST' } }, 405],
  ['a form', { headers: { 'Content-Type': 'application/x-www-form-urlencoded' } }, 415],
  ['plain text', { headers: { 'Content-Type': 'text/plain' } }, 415],
  ['multipart', { headers: { 'Content-Type': 'multipart/form-data; boundary=x' } }, 415],
  ['JSON in another charset', { headers: { 'Content-Type': 'application/json; charset=utf-16' } }, 415],
  ['something like JSON', { headers: { 'Content-Type': 'application/jsonp' } }, 415],
  ['compressed', { headers: { 'Content-Encoding': 'gzip' } }, 415],
  ['compressed otherwise', { headers: { 'Content-Encoding': 'br' } }, 415],
  ['compressed twice', { headers: { 'Content-Encoding': 'identity, gzip' } }, 415],
  ['too large', { body: Buffer.alloc(200_000, 0x20) }, 413],
  ['too large, in pieces', { body: Buffer.alloc(200_000, 0x20), headers: { 'Transfer-Encoding': 'chunked' } }, 413],
  ['a path above', { path: `${hook}/../hook2` }, 404],
  ['a path beside', { path: `${hook}x` }, 404],
  ['a path below', { path: `${hook}/x` }, 404],
];

/** @returns the status, or 0 when the connection ended without a response */
export function send(origin: string, bad: Bad): Promise<number> {
  const { method = 'POST', path = hook, body = good, signature = sign(body), timestamp = null, headers = {} } = bad;
  return new Promise((resolve) => {
    const chunked = 'Transfer-Encoding' in headers;
    const request = http.request(`${origin}${path}`, {
      method,
      headers: {
        'Content-Type': 'application/json',
        ...(chunked || method === 'GET' || method === 'HEAD' ? {} : { 'Content-Length': Buffer.byteLength(body) }),
        ...(signature === null ? {} : { 'X-Linktor-Signature': signature }),
        ...(timestamp === null ? {} : { 'X-Linktor-Timestamp': timestamp }),
        ...headers,
      },
      // Send the path without normalisation.
      path,
    });
    let status = 0;
    request.on('response', (response) => {
      status = response.statusCode ?? 0;
      response.resume();
      response.on('close', () => resolve(status));
    });
    request.on('error', () => resolve(status));
    request.on('close', () => resolve(status));
    if (method === 'GET' || method === 'HEAD') request.end();
    else request.end(body);
  });
}

/** Send raw bytes. @returns the status, or 0 */
export function sendRaw(origin: string, bytes: Buffer | string): Promise<number> {
  const { hostname, port } = new URL(origin);
  return new Promise((resolve) => {
    const socket = net.connect(Number(port), hostname);
    let text = '';
    socket.on('data', (data) => {
      text += data.toString('latin1');
    });
    socket.on('error', () => resolve(0));
    socket.on('close', () => resolve(Number(/^HTTP\/1\.1 (\d+)/.exec(text)?.[1] ?? 0)));
    socket.write(bytes);
  });
}

/** Send headers that announce a body, without sending the body. */
export function sendSlowly(origin: string): Promise<number> {
  const head = `POST ${hook} HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nContent-Length: 10\r\n\r\n{`;
  return sendRaw(origin, head);
}
