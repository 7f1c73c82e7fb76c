import { once } from 'node:events';
import { connect, createServer, type Server, type Socket } from 'node:net';

import { frame, garbage, parsed, rest, text } from './frames';

/** The treatment of one text frame on its way from the server to the client. */
export type Trick =
  /** send it twice */
  | 'twice'
  /** send it, and repeat an earlier one */
  | 'again'
  /** let later frames overtake it, as far as a server's broadcasters may reorder them */
  | 'late'
  /** send it in fragments, as the protocol allows */
  | 'fragments'
  /** send data that is no event first */
  | 'garbage'
  /** make it larger than any client accepts */
  | 'oversize'
  /** add invalid UTF-8 */
  | 'no-text'
  /** set a reserved bit */
  | 'reserved'
  /** break the connection in the middle of it */
  | 'cut';

interface Fields {
  type?: string;
  conversationId?: string;
  messageId?: string;
  message?: { id?: string };
}

/** Frames of different broadcasters may overtake each other: one per conversation, and one for message statuses. */
function mayPass(later: string, held: string): boolean {
  const [next, first] = [JSON.parse(later) as Fields, JSON.parse(held) as Fields];
  if (next.conversationId !== first.conversationId) return true;
  return next.type === 'message_status' && (first.type === 'message_status' || first.message?.id === next.messageId);
}

const patience = 20;
const remembered = 50;
const tooBig = 1024 * 1024 + 1;

/** Forwards HTTP unchanged, and applies tricks to socket frames. It can go down and come up again. */
export class FrameProxy {
  /** called for every text frame; undefined forwards it unchanged */
  mischief: (text: string) => Trick | undefined = () => undefined;
  readonly #target: number;
  readonly #open = new Set<Socket>();
  #server: Server | undefined;
  #port = 0;
  #garbage = 0;

  private constructor(target: number) {
    this.#target = target;
  }

  /** @param target a port of this machine */
  static async open(target: number): Promise<FrameProxy> {
    const proxy = new FrameProxy(target);
    await proxy.up();
    return proxy;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Listen, again on the same port. */
  async up(): Promise<void> {
    this.#server = createServer((client) => this.#welcome(client));
    this.#server.listen(this.#port, '127.0.0.1');
    await once(this.#server, 'listening');
    this.#port = (this.#server.address() as { port: number }).port;
  }

  /** Break every connection and take no new one. */
  async down(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (!server) return;
    const closed = once(server, 'close');
    server.close();
    for (const socket of this.#open) socket.resetAndDestroy();
    await closed;
  }

  #welcome(client: Socket): void {
    const server = connect(this.#target, '127.0.0.1');
    for (const [one, other] of [
      [client, server],
      [server, client],
    ] as const) {
      this.#open.add(one);
      one.setNoDelay(true);
      one.on('error', () => other.destroy());
      one.on('close', () => {
        this.#open.delete(one);
        other.destroy();
      });
    }
    client.pipe(server);
    const wire = new Wire(
      client,
      (payload) => this.mischief(payload),
      () => garbage[this.#garbage++ % garbage.length],
    );
    server.on('data', (bytes: Buffer) => wire.take(bytes));
    server.on('end', () => client.end());
    client.on('close', () => wire.close());
  }
}

/** The connection from the server to one client. */
class Wire {
  #bytes = Buffer.alloc(0);
  #mode: 'unknown' | 'http' | 'frames' = 'unknown';
  #held: { bytes: Buffer; text: string } | undefined;
  #release: NodeJS.Timeout | undefined;
  readonly #before: string[] = [];
  readonly #client: Socket;
  readonly #mischief: (text: string) => Trick | undefined;
  readonly #rubbish: () => (typeof garbage)[number] | undefined;

  constructor(
    client: Socket,
    mischief: (text: string) => Trick | undefined,
    rubbish: () => (typeof garbage)[number] | undefined,
  ) {
    this.#client = client;
    this.#mischief = mischief;
    this.#rubbish = rubbish;
  }

  take(bytes: Buffer): void {
    if (this.#mode === 'unknown') {
      this.#mode = bytes.toString('latin1', 0, 12) === 'HTTP/1.1 101' ? 'frames' : 'http';
      if (this.#mode === 'frames') {
        const end = bytes.indexOf('\r\n\r\n') + 4;
        this.#client.write(bytes.subarray(0, end));
        return this.take(bytes.subarray(end));
      }
    }
    if (this.#mode === 'http') return void this.#client.write(bytes);
    this.#bytes = Buffer.concat([this.#bytes, bytes]);
    for (let next = parsed(this.#bytes); next && !this.#client.destroyed; next = parsed(this.#bytes)) {
      const raw = this.#bytes.subarray(0, next.size);
      this.#bytes = this.#bytes.subarray(next.size);
      if (next.opcode === text) this.#play(next.payload.toString(), raw);
      else this.#client.write(raw);
    }
  }

  close(): void {
    clearTimeout(this.#release);
  }

  #play(payload: string, raw: Buffer): void {
    const trick = this.#mischief(payload);
    if (this.#held && !mayPass(payload, this.#held.text)) this.#flush();
    if (trick === 'late' && !this.#held) {
      this.#held = { bytes: raw, text: payload };
      this.#release = setTimeout(() => this.#flush(), patience);
      return;
    }
    this.#write(payload, raw, trick);
    this.#flush();
    this.#before.push(payload);
    if (this.#before.length > remembered) this.#before.shift();
  }

  #flush(): void {
    clearTimeout(this.#release);
    const held = this.#held;
    this.#held = undefined;
    if (held) this.#client.write(held.bytes);
  }

  #write(payload: string, raw: Buffer, trick: Trick | undefined): void {
    const client = this.#client;
    const [opcode = text, rubbish = ''] = trick === 'garbage' ? (this.#rubbish() ?? []) : [];
    if (trick === 'garbage') client.write(frame(opcode, rubbish));
    if (trick === 'fragments') {
      const middle = Math.floor(raw.length / 2);
      const body = Buffer.from(payload);
      client.write(frame(text, body.subarray(0, middle), { final: false }));
      client.write(frame(rest, body.subarray(middle)));
    } else if (trick === 'oversize') client.write(frame(text, payload + ' '.repeat(tooBig)));
    else if (trick === 'no-text')
      client.write(frame(text, Buffer.concat([Buffer.from(payload), Buffer.of(0xc3, 0x28)])));
    else if (trick === 'reserved') client.write(frame(text, payload, { reserved: true }));
    else if (trick === 'cut') client.write(raw.subarray(0, raw.length / 2), () => client.resetAndDestroy());
    else client.write(raw);
    if (trick === 'twice') client.write(raw);
    const earlier = trick === 'again' && this.#before[this.#before.length >> 1];
    if (earlier) client.write(frame(text, earlier));
  }
}
