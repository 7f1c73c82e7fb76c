import { once } from 'node:events';
import { createServer, request as httpRequest, type IncomingMessage } from 'node:http';
import { connect, createServer as createTcpServer, type Server, type Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import { createServer as createTlsServer, type TlsOptions } from 'node:tls';

/** Resolves host names that only a proxy can reach. */
export type Resolve = (host: string, port: number) => { host: string; port: number };

/** A listener that can be closed together with its connections. */
export interface Listener {
  port: number;
  close(): Promise<void>;
}

async function listen(server: Server): Promise<Listener> {
  const open = new Set<Duplex>();
  const keep = (stream: Duplex) => {
    open.add(stream);
    stream.on('error', () => {});
    stream.on('close', () => open.delete(stream));
  };
  server.on('connection', keep);
  server.on('secureConnection', keep);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return {
    port: (server.address() as { port: number }).port,
    async close() {
      const closed = once(server, 'close');
      server.close();
      for (const stream of open) stream.destroy();
      await closed;
    },
  };
}

function join(one: Duplex, other: Duplex): void {
  one.on('error', () => other.destroy());
  other.on('error', () => one.destroy());
  one.on('close', () => other.destroy());
  other.on('close', () => one.destroy());
  one.pipe(other);
  other.pipe(one);
}

export interface TlsFront extends Listener {
  url: string;
  /** names of the client certificates presented */
  shown: string[];
  /** TLS handshakes that succeeded */
  handshakes: number;
}

/** Start a TLS front end for a plain server. */
export async function tlsFront(target: number, options: TlsOptions): Promise<TlsFront> {
  const front = { url: '', shown: [] as string[], handshakes: 0 };
  const server = createTlsServer(options, (socket) => {
    front.handshakes++;
    const { subject } = socket.getPeerCertificate();
    if (subject?.CN) front.shown.push(String(subject.CN));
    join(socket, connect(target, '127.0.0.1'));
  });
  server.on('tlsClientError', () => {});
  const listener = await listen(server);
  return Object.assign(front, listener, { url: `https://127.0.0.1:${listener.port}` });
}

export interface Proxy extends Listener {
  url: string;
  /** `GET http://...` or `CONNECT host:port`, without the query */
  asked: string[];
  /** every `Proxy-Authorization` received */
  credentials: (string | undefined)[];
  /** @returns all data from clients that the proxy could read */
  seen(): string;
}

interface ProxySettings {
  resolve?: Resolve;
  /** required `user:password` */
  auth?: string;
  /** answer every request with this status */
  refuse?: number;
  tls?: TlsOptions;
}

/** An ordinary forward proxy: absolute form for http, tunnels for everything else. */
export async function httpProxy({ resolve = (host, port) => ({ host, port }), auth, refuse, tls }: ProxySettings = {}) {
  const asked: string[] = [];
  const credentials: (string | undefined)[] = [];
  const seen: Buffer[] = [];
  const allowed = ({ headers, rawHeaders, method, url = '' }: IncomingMessage): number | undefined => {
    seen.push(Buffer.from(`${url}\n${rawHeaders.join('\n')}\n`));
    asked.push(`${method} ${url.split('?')[0]}`);
    credentials.push(headers['proxy-authorization']);
    const wanted = auth && `Basic ${Buffer.from(auth).toString('base64')}`;
    return refuse ?? (wanted && headers['proxy-authorization'] !== wanted ? 407 : undefined);
  };
  const inner = createServer((request, response) => {
    const status = allowed(request);
    if (status !== undefined) return void response.writeHead(status).end('refused by the proxy');
    const { hostname, port, pathname, search } = new URL(request.url ?? '');
    const to = resolve(hostname, Number(port || 80));
    const headers = { ...request.headers };
    delete headers['proxy-authorization'];
    delete headers['proxy-connection'];
    const onward = httpRequest({ ...to, path: pathname + search, method: request.method, headers }, (answer) => {
      response.writeHead(answer.statusCode ?? 500, answer.headers);
      answer.pipe(response);
    });
    onward.on('error', () => response.destroy());
    request.pipe(onward);
  });
  inner.on('connect', (request: IncomingMessage, stream: Duplex, head: Buffer) => {
    stream.on('error', () => {});
    const status = allowed(request);
    if (status !== undefined)
      return void stream.end(`HTTP/1.1 ${status} No\r\nContent-Length: 20\r\n\r\nrefused by the proxy`);
    const [host = '', port = ''] = (request.url ?? '').split(':');
    const to = resolve(host, Number(port));
    const onward = connect(to.port, to.host, () => {
      stream.write('HTTP/1.1 200 Connection established\r\n\r\n');
      if (head.length > 0) onward.write(head);
      stream.on('data', (piece: Buffer) => seen.push(piece));
      join(stream, onward);
    });
    onward.on('error', () => stream.destroy());
  });
  const pass = (socket: Socket) => inner.emit('connection', socket);
  const listener = await listen(tls ? createTlsServer(tls, pass) : createTcpServer(pass));
  const proxy: Proxy = {
    ...listener,
    url: `${tls ? 'https' : 'http'}://127.0.0.1:${listener.port}`,
    asked,
    credentials,
    seen: () => Buffer.concat(seen).toString('latin1'),
  };
  return proxy;
}

/** A small SOCKS5 proxy (RFC 1928, 1929): CONNECT to a name or an IPv4 address, with or without a password. */
export async function socksProxy({
  resolve = (host, port) => ({ host, port }),
  auth,
}: Pick<ProxySettings, 'resolve' | 'auth'> = {}) {
  const asked: string[] = [];
  const seen: Buffer[] = [];
  const serve = async (socket: Socket): Promise<void> => {
    const read = reader(socket);
    const [, count = 0] = await read(2);
    const methods = await read(count);
    const wanted = auth === undefined ? 0 : 2;
    if (!methods.includes(wanted)) return void socket.end(Buffer.of(5, 0xff));
    socket.write(Buffer.of(5, wanted));
    if (auth !== undefined) {
      const [, userSize = 0] = await read(2);
      const user = (await read(userSize)).toString();
      const [size = 0] = await read(1);
      const given = `${user}:${(await read(size)).toString()}`;
      socket.write(Buffer.of(1, given === auth ? 0 : 1));
      if (given !== auth) return void socket.end();
    }
    const [, , , kind] = await read(4);
    const host = kind === 1 ? [...(await read(4))].join('.') : (await read((await read(1))[0] ?? 0)).toString();
    const port = (await read(2)).readUInt16BE();
    asked.push(`${host}:${port}`);
    const to = resolve(host, port);
    const onward = connect(to.port, to.host, () => {
      socket.write(Buffer.of(5, 0, 0, 1, 0, 0, 0, 0, 0, 0));
      read.stop();
      socket.on('data', (piece: Buffer) => seen.push(piece));
      join(socket, onward);
    });
    onward.on('error', () => socket.destroy());
  };
  const server = createTcpServer((socket) => {
    serve(socket).catch(() => socket.destroy());
  });
  const listener = await listen(server);
  return {
    ...listener,
    url: `socks5://127.0.0.1:${listener.port}`,
    asked,
    seen: () => Buffer.concat(seen).toString('latin1'),
  };
}

/** Reads a connection in pieces of the wanted size. */
function reader(socket: Socket) {
  let held = Buffer.alloc(0);
  let wake: (() => void) | undefined;
  const onData = (piece: Buffer) => {
    held = Buffer.concat([held, piece]);
    wake?.();
  };
  socket.on('data', onData);
  const read = async (size: number): Promise<Buffer> => {
    while (held.length < size) {
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
    const part = held.subarray(0, size);
    held = held.subarray(size);
    return part;
  };
  return Object.assign(read, { stop: () => void socket.off('data', onData) });
}
