import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

/** Forwards TCP connections to a port of this machine, and can cut the network. */
export class TcpGate {
  readonly port: number;
  /** connections that a WebSocket holds open */
  readonly webSockets = new Set<Socket>();
  readonly #server: Server;
  readonly #open = new Set<Socket>();
  #isCut = false;

  static async open(target: number): Promise<TcpGate> {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    return new TcpGate(server, target);
  }

  private constructor(server: Server, target: number) {
    this.#server = server;
    this.port = (server.address() as { port: number }).port;
    server.on('connection', (socket) => this.#forward(socket, target));
  }

  /** Break all connections, and refuse new ones until it is mended. */
  cut(): void {
    this.#isCut = true;
    for (const socket of this.#open) socket.destroy();
  }

  mend(): void {
    this.#isCut = false;
  }

  async close(): Promise<void> {
    const closed = once(this.#server, 'close');
    this.#server.close();
    this.cut();
    await closed;
  }

  #forward(socket: Socket, target: number): void {
    if (this.#isCut) return void socket.destroy();
    const onward = connect(target, '127.0.0.1');
    for (const [one, other] of [
      [socket, onward],
      [onward, socket],
    ] as const) {
      this.#open.add(one);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
      one.pipe(other);
    }
    socket.once('data', (first: Buffer) => {
      if (!/^upgrade: websocket/im.test(first.toString('latin1'))) return;
      this.webSockets.add(socket);
      socket.once('close', () => this.webSockets.delete(socket));
    });
  }
}
