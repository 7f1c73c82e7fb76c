import { once } from 'node:events';
import http from 'node:http';
import { type AddressInfo, connect } from 'node:net';

/** Forwards HTTP requests and sockets, and holds back the requests that a test chooses, until they are let go. */
export class HoldingProxy {
  readonly #server: http.Server;
  readonly #held: (() => void)[] = [];
  readonly #waiting: (() => void)[] = [];

  private constructor(target: string, isHeld: (line: string) => boolean) {
    this.#server = http.createServer((request, response) => {
      const { method, url = '', headers } = request;
      const pass = () => {
        const onwards = http.request(`${target}${url}`, { method, headers }, (answer) => {
          response.writeHead(answer.statusCode ?? 502, answer.headers);
          answer.pipe(response);
        });
        onwards.on('error', () => response.destroy());
        request.pipe(onwards);
      };
      if (!isHeld(`${method} ${url}`)) return pass();
      this.#held.push(pass);
      for (const wake of this.#waiting.splice(0)) wake();
    });
    this.#server.on('upgrade', ({ method, url, rawHeaders }: http.IncomingMessage, client) => {
      const { hostname, port } = new URL(target);
      const server = connect(Number(port), hostname);
      for (const [one, other] of [
        [client, server],
        [server, client],
      ] as const) {
        one.on('error', () => other.destroy());
        one.on('close', () => other.destroy());
        one.pipe(other);
      }
      const lines = rawHeaders.flatMap((name, index) => (index % 2 ? [] : [`${name}: ${rawHeaders[index + 1]}`]));
      server.write([`${method} ${url} HTTP/1.1`, ...lines, '', ''].join('\r\n'));
    });
  }

  /** @param isHeld gets lines like `GET /auth/me` */
  static async open(target: string, isHeld: (line: string) => boolean): Promise<HoldingProxy> {
    const proxy = new HoldingProxy(target, isHeld);
    proxy.#server.listen(0, '127.0.0.1');
    await once(proxy.#server, 'listening');
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${(this.#server.address() as AddressInfo).port}`;
  }

  /** Wait until so many requests are held back. */
  async holds(count: number): Promise<void> {
    while (this.#held.length < count) await new Promise<void>((wake) => this.#waiting.push(wake));
  }

  /** Let go what is held back. */
  release(): void {
    for (const pass of this.#held.splice(0)) pass();
  }

  close(): void {
    this.#server.closeAllConnections();
    this.#server.close();
  }
}
