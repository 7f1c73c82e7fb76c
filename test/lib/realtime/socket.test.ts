import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import fc from 'fast-check';
import { type WebSocket, WebSocketServer } from 'ws';
import { asAsked, backoff } from '../../../lib/async/backoff';
import { api } from '../../../lib/contract/api/index';
import { Socket, type SocketSettings, type SocketState } from '../../../lib/realtime/socket/connection';
import { Inbox } from '../support';

interface Peer {
  socket: WebSocket;
  frames: Inbox<Record<string, unknown>>;
  pings: Inbox<true>;
  closed: Promise<[number, string]>;
}

/** The other side, as the test wants it. `door` may refuse a handshake or keep it waiting by returning true. */
class Host {
  readonly peers = new Inbox<Peer>();
  readonly knocks: string[] = [];
  door: (request: IncomingMessage, stream: Duplex) => boolean = () => false;
  readonly #server = createServer();
  readonly #sockets: WebSocketServer;
  readonly #streams = new Set<Duplex>();

  constructor(autoPong = true) {
    this.#sockets = new WebSocketServer({ noServer: true, autoPong });
    this.#server.on('upgrade', (request, stream, head) => {
      this.#streams.add(stream);
      stream.on('error', () => {});
      stream.on('close', () => this.#streams.delete(stream));
      this.knocks.push(String(request.url));
      if (this.door(request, stream)) return;
      this.#sockets.handleUpgrade(request, stream, head, (socket) => this.#welcome(socket));
    });
  }

  #welcome(socket: WebSocket): void {
    const frames = new Inbox<Record<string, unknown>>();
    const pings = new Inbox<true>();
    const closed = new Promise<[number, string]>((resolve) => {
      socket.on('close', (code, reason) => resolve([code, reason.toString()]));
    });
    socket.on('message', (data) => frames.add(JSON.parse(data.toString())));
    socket.on('ping', () => pings.add(true));
    socket.on('error', () => {});
    this.peers.add({ socket, frames, pings, closed });
  }

  async open(): Promise<this> {
    this.#server.listen(0, '127.0.0.1');
    await once(this.#server, 'listening');
    return this;
  }

  get url(): string {
    return `ws://127.0.0.1:${(this.#server.address() as AddressInfo).port}/ws?api_key=secret`;
  }

  /** The n-th connection, from 1. */
  async peer(number: number): Promise<Peer> {
    return (await this.peers.some(number))[number - 1] as Peer;
  }

  async close(): Promise<void> {
    for (const client of this.#sockets.clients) client.terminate();
    for (const stream of this.#streams) stream.destroy();
    this.#server.close();
    this.#server.closeAllConnections();
    await once(this.#server, 'close');
  }
}

/** Nothing else happens for so many milliseconds. */
function block(milliseconds: number): void {
  const end = Date.now() + milliseconds;
  while (Date.now() < end);
}

const refuse =
  (status: number, headers = '') =>
  (_request: IncomingMessage, stream: Duplex): boolean => {
    stream.end(`HTTP/1.1 ${status} No\r\nConnection: close\r\nContent-Length: 0\r\n${headers}\r\n`);
    return true;
  };

describe('realtime: the socket', () => {
  let host: Host;
  let socket: Socket;
  const made: Socket[] = [];
  let states: Inbox<SocketState>;
  let texts: Inbox<string>;
  const quick = { handshake: 500, silence: 1000, pong: 1000, ping: 1000, healthy: 1000, linger: 20 };

  beforeEach(async () => {
    host = await new Host().open();
    states = new Inbox();
    texts = new Inbox();
  });
  afterEach(async () => {
    for (const one of made.splice(0)) one.close();
    await host.close();
  });

  function make(settings: Partial<SocketSettings> = {}): Socket {
    socket = new Socket({
      url: async () => host.url,
      encode: (signal) => api.signal(signal),
      onFrame: () => texts.add,
      onState: states.add,
      reconnectInterval: 4,
      ...settings,
      timing: { ...quick, ...settings.timing },
    });
    made.push(socket);
    return socket;
  }
  const becomes = (name: SocketState['name']) => states.first((state) => state.name === name);
  const names = () => states.all.map(({ name }) => name);

  it('opens for its first user only, once for all of them', async () => {
    make();
    assert.equal(socket.state.name, 'idle');
    socket.retain();
    socket.retain();
    await becomes('open');
    socket.retain();
    assert.deepEqual([names(), host.knocks.length], [['connecting', 'open'], 1]);
    assert.equal(socket.state.name, 'open');
  });

  it('hands on every frame as text, and does not mind strange ones', async () => {
    make().retain();
    const peer = await host.peer(1);
    for (const data of ['{"a":1}', '', 'é', Buffer.from('{"b":2}')]) peer.socket.send(data);
    assert.deepEqual(await texts.some(4), ['{"a":1}', '', 'é', '{"b":2}']);
  });

  it('takes a backlog in turns, so that what it begins and others are not kept waiting for all of it', async () => {
    const total = 20_000;
    const turns: number[] = [];
    let came = 0;
    const count = () => {
      turns.push(came);
      if (came < total) setImmediate(count);
    };
    const all = new Promise<void>((resolve) => {
      const onFrame = (text: string) => {
        assert.equal(Number.parseInt(text, 10), came, 'in order');
        if (came === 0) count();
        came++;
        if (came === total) resolve();
      };
      // The other side is in this process, and sends for longer than a handshake may usually take.
      make({ onFrame: () => onFrame, timing: { handshake: 10_000 } }).retain();
    });
    const peer = await host.peer(1);
    for (let frame = 0; frame < total; frame++) peer.socket.send(String(frame).padEnd(500));
    await all;
    const most = Math.max(...turns.slice(1).map((at, turn) => at - (turns[turn] ?? 0)));
    // What has been read already, twice 64 KB, cannot be kept back; without turns it is 2 MB at a time.
    assert.ok(most < 1000, `${most} in one turn`);
  });

  for (const [how, end] of [
    ['says goodbye', (peer: Peer) => peer.socket.close(1012)],
    ['just ends', (peer: Peer) => (peer.socket as unknown as { _socket: Duplex })._socket.end()],
  ] as const) {
    it(`loses nothing of a backlog whose server ${how} behind it`, async () => {
      make({ reconnectInterval: 60_000 }).retain();
      const peer = await host.peer(1);
      await becomes('open');
      for (let frame = 0; frame < 5000; frame++) peer.socket.send(String(frame).padEnd(500));
      end(peer);
      await becomes('waiting');
      assert.deepEqual(
        texts.all.map((text) => Number.parseInt(text, 10)),
        Array.from({ length: 5000 }, (_, frame) => frame),
      );
    });
  }

  it('says goodbye in the middle of a backlog, and hears no more of it', async () => {
    let came = 0;
    make({
      onFrame: () => () => {
        came++;
        if (came === 128) socket.close();
      },
    }).retain();
    const peer = await host.peer(1);
    for (let frame = 0; frame < 5000; frame++) peer.socket.send(String(frame).padEnd(500));
    assert.deepEqual(await peer.closed, [1000, 'client disconnect']);
    assert.equal(came, 128);
  });

  it('outlives its last user by the linger, so that a deploy does not make it flap', async () => {
    make();
    const release = socket.retain();
    const peer = await host.peer(1);
    await becomes('open');
    release();
    const again = socket.retain();
    peer.socket.send('still');
    assert.equal(await texts.first(), 'still');
    release();
    assert.equal(socket.state.name, 'open', 'one release may not end the use of another');
    again();
    await becomes('idle');
    assert.deepEqual(await peer.closed, [1000, 'client disconnect']);
    assert.deepEqual([names(), host.knocks.length], [['connecting', 'open', 'idle'], 1]);
  });

  it('opens again after it was idle', async () => {
    make();
    const release = socket.retain();
    await becomes('open');
    release();
    await becomes('idle');
    socket.retain();
    await states.some(2, (state) => state.name === 'open');
    assert.equal(host.knocks.length, 2);
  });

  it('asks for every subscription once, and for all of them again after a reconnect', async () => {
    make().retain();
    const one = await host.peer(1);
    socket.subscribe('early');
    await becomes('open');
    const a = socket.subscribe('a');
    const b = socket.subscribe('a');
    const c = socket.subscribe('c');
    await one.frames.some(3);
    a();
    a();
    c();
    await one.frames.some(4);
    assert.deepEqual(
      one.frames.all.map(({ type, conversationId }) => `${type} ${conversationId}`),
      ['subscribe early', 'subscribe a', 'subscribe c', 'unsubscribe c'],
    );
    assert.equal(socket.subscriptions, 2);
    one.socket.terminate();
    const two = await host.peer(2);
    await two.frames.some(2);
    assert.deepEqual(
      two.frames.all.map(({ type, conversationId }) => `${type} ${conversationId}`),
      ['subscribe early', 'subscribe a'],
    );
    b();
    await two.frames.first(({ type, conversationId }) => type === 'unsubscribe' && conversationId === 'a');
    assert.equal(socket.subscriptions, 1);
  });

  it('says whether a frame could be sent', async () => {
    make();
    assert.equal(socket.send({ type: 'typing', conversationId: 'c', isTyping: true }), false);
    socket.retain();
    assert.equal(socket.send({ type: 'ping' }), false);
    await becomes('open');
    assert.equal(socket.send({ type: 'typing', conversationId: 'c', isTyping: true }), true);
    const peer = await host.peer(1);
    assert.deepEqual(await peer.frames.first(), { type: 'typing', conversationId: 'c', isTyping: true });
  });

  it('comes back after a loss, saying when and why', async () => {
    make().retain();
    (await host.peer(1)).socket.close(1012);
    const waiting = await becomes('waiting');
    assert.ok(waiting.name === 'waiting');
    assert.deepEqual([waiting.attempt, waiting.reason], [1, 'closed with 1012']);
    assert.ok(waiting.until > waiting.since && waiting.until <= waiting.since + 6, JSON.stringify(waiting));
    await host.peer(2);
    await states.some(2, (state) => state.name === 'open');
    assert.deepEqual(names(), ['connecting', 'open', 'waiting', 'connecting', 'open']);
  });

  for (const code of [1000, 1001, 1005, 1006, 1009, 1011, 1012, 1013, 4000, 4999]) {
    it(`comes back after ${code}`, async () => {
      make().retain();
      const peer = await host.peer(1);
      await becomes('open');
      if (code === 1006) peer.socket.terminate();
      else if (code === 1005) peer.socket.close();
      else peer.socket.close(code);
      await host.peer(2);
    });
  }

  for (const [code, kind] of [
    [4001, 'authentication'],
    [4003, 'authorization'],
    [4401, 'authentication'],
    [4403, 'authorization'],
  ] as const) {
    it(`stops at close ${code}: the server will say the same again`, async () => {
      make().retain();
      (await host.peer(1)).socket.close(code);
      const refused = await becomes('refused');
      assert.ok(refused.name === 'refused');
      assert.deepEqual([refused.code, refused.reason], [kind, `closed with ${code}`]);
      assert.equal(host.knocks.length, 1);
    });
  }

  for (const code of [1008, 4004]) {
    it(`waits longer after close ${code}, which may mean the moment`, async () => {
      make({ reconnectInterval: 20 }).retain();
      (await host.peer(1)).socket.close(code);
      const waiting = await becomes('waiting');
      assert.ok(waiting.name === 'waiting');
      const wait = waiting.until - waiting.since;
      assert.ok(wait >= 80 && wait <= 240, `${wait} ms`);
      await host.peer(2);
    });
  }

  it('takes a closed connection for closed, though the other side keeps the TCP connection', async () => {
    make({ timing: { closing: 20 } }).retain();
    const peer = await host.peer(1);
    await becomes('open');
    const stream = (peer.socket as unknown as { _socket: Duplex })._socket;
    stream.removeAllListeners('data');
    stream.write(Buffer.from([0x88, 0x02, 0x03, 0xe8]));
    const waiting = await becomes('waiting');
    assert.equal(waiting.name === 'waiting' && waiting.reason, 'closed with 1000');
    await host.peer(2);
  });

  for (const status of [401, 403, 404, 426]) {
    it(`makes the address certain before the answer ${status} counts`, async () => {
      host.door = (request, stream) => request.url?.startsWith('/api/v1') === true && refuse(status)(request, stream);
      const certain = new URL(host.url);
      const presumed = new URL(host.url);
      presumed.pathname = `/api/v1${presumed.pathname}`;
      make({ url: async (isCertain) => (isCertain ? certain : presumed).href }).retain();
      await becomes('open');
      assert.ok(!names().includes('refused'));
      assert.equal(host.knocks.length, 2);
    });
  }

  it('is refused when the certain address is refused as well, and presumes again the next time', async () => {
    host.door = refuse(404);
    const asked: (boolean | undefined)[] = [];
    make({
      url: async (isCertain) => {
        asked.push(isCertain);
        return isCertain ? host.url.replace('/ws', '/there/ws') : host.url;
      },
    }).retain();
    await becomes('refused');
    assert.deepEqual(host.knocks.length, 2);
    host.door = () => false;
    socket.retry();
    await becomes('open');
    assert.deepEqual([asked[0], asked.at(-1), host.knocks.length], [false, false, 3]);
  });

  it('survives an address and options that throw at once', async () => {
    make({
      url: () => {
        throw new Error('no address');
      },
    }).retain();
    const refused = await becomes('refused');
    assert.equal(refused.name === 'refused' && refused.code, 'websocket');
  });

  for (const [status, kind] of [
    [401, 'authentication'],
    [403, 'authorization'],
    [404, 'websocket'],
    [426, 'websocket'],
  ] as const) {
    it(`stops when the handshake is answered ${status}`, async () => {
      host.door = refuse(status);
      make().retain();
      const refused = await becomes('refused');
      assert.ok(refused.name === 'refused');
      assert.deepEqual([refused.code, refused.reason], [kind, `the server answered ${status}`]);
      assert.deepEqual([names(), host.knocks.length], [['connecting', 'refused'], 1]);
    });
  }

  for (const status of [200, 302, 400, 429, 500, 503]) {
    it(`tries again when the handshake is answered ${status}`, async () => {
      const door = refuse(status, status === 302 ? 'Location: ws://127.0.0.1:1/stolen\r\n' : '');
      host.door = (request, stream) => host.knocks.length === 1 && door(request, stream);
      make().retain();
      const waiting = await becomes('waiting');
      assert.equal('reason' in waiting && waiting.reason, `the server answered ${status}`);
      await becomes('open');
    });
  }

  for (const status of [429, 503]) {
    it(`waits after ${status} as long as the server asks for, told in seconds or as a date, up to ten minutes`, async () => {
      const asked = [
        ['2', 2000, 2500],
        [new Date(Date.now() + 60_000).toUTCString(), 55_000, 76_000],
        ['86400', 600_000, 750_000],
        ['0', 0, 10],
        ['soon', 0, 10],
      ] as const;
      for (const [after, least, most] of asked) {
        host.door = refuse(status, `Retry-After: ${after}\r\n`);
        const before = states.all.length;
        make().retain();
        const waiting = await states.first((state) => state.name === 'waiting' && states.all.indexOf(state) >= before);
        assert.ok(waiting.name === 'waiting');
        const wait = waiting.until - waiting.since;
        assert.ok(wait >= least && wait <= most, `${after}: ${wait}`);
        socket.close();
      }
    });
  }

  it('does not take a Retry-After for one where the server has just failed', async () => {
    host.door = refuse(500, 'Retry-After: 60\r\n');
    make().retain();
    const waiting = await becomes('waiting');
    assert.ok(waiting.name === 'waiting' && waiting.until - waiting.since <= 6);
  });

  it('tries again when the connection breaks in the handshake, or is refused', async () => {
    host.door = (_request, stream) => {
      if (host.knocks.length > 1) return false;
      stream.destroy();
      return true;
    };
    const { url } = host;
    make({ url: async () => url }).retain();
    await becomes('open');
    await host.close();
    const second = await states.some(2, (state) => state.name === 'waiting' && state.reason === 'ECONNREFUSED');
    assert.equal(second.length, 2);
    socket.close();
    host = await new Host().open();
  });

  it('gives up on a handshake that is never answered, and tries again', async () => {
    host.door = () => host.knocks.length === 1;
    make({ timing: { handshake: 30 } }).retain();
    await becomes('waiting');
    await becomes('open');
    assert.equal(host.knocks.length, 2);
  });

  it('finds out that the other side is gone without a word', async () => {
    await host.close();
    host = await new Host(false).open();
    make({ timing: { silence: 20, pong: 20 } }).retain();
    const peer = await host.peer(1);
    await peer.pings.first();
    const waiting = await becomes('waiting');
    assert.equal('reason' in waiting && waiting.reason, 'closed with 1006');
    await host.peer(2);
  });

  it('takes anything that arrives for a sign of life: a pong', async () => {
    make({ timing: { silence: 10, pong: 10_000 } }).retain();
    const peer = await host.peer(1);
    await peer.pings.some(4);
    assert.deepEqual(names(), ['connecting', 'open']);
  });

  it('takes anything that arrives for a sign of life: a frame', async () => {
    await host.close();
    host = await new Host(false).open();
    make({ timing: { silence: 20, pong: 10_000 } }).retain();
    const peer = await host.peer(1);
    peer.socket.on('ping', () => peer.socket.send('{}'));
    await texts.some(4);
    assert.deepEqual(names(), ['connecting', 'open']);
  });

  it('takes nobody for dead whose answer is there and could not be read, as a flow has kept all others waiting', async () => {
    make({ timing: { silence: 10, pong: 20 } }).retain();
    const peer = await host.peer(1);
    // The answer has left when this is told.
    peer.socket.on('ping', () => block(60));
    await Promise.race([peer.pings.some(4), becomes('waiting')]);
    assert.deepEqual(names(), ['connecting', 'open']);
  });

  it('sends the ping of the contract as well', async () => {
    make({ timing: { ping: 10 } }).retain();
    const peer = await host.peer(1);
    await peer.frames.some(2, ({ type }) => type === 'ping');
  });

  it('gives up after the attempts it was allowed, and says so', async () => {
    host.door = refuse(503);
    make({ maxReconnectAttempts: 3 }).retain();
    const refused = await becomes('refused');
    assert.ok(refused.name === 'refused');
    assert.deepEqual([refused.code, refused.reason], ['websocket', 'gave up after 3 attempts']);
    assert.equal(host.knocks.length, 4);
    const attempts = states.all.flatMap((state) => (state.name === 'waiting' ? [state.attempt] : []));
    assert.deepEqual(attempts, [1, 2, 3]);
  });

  for (const [what, healthy, attempt] of [
    ['counts on while it is not open for a while', 60_000, 2],
    ['counts its attempts anew after it was open for a while', 1, 1],
  ] as const) {
    it(what, async () => {
      make({ timing: { healthy } }).retain();
      for (const number of [1, 2]) {
        const peer = await host.peer(number);
        await states.some(number, ({ name }) => name === 'open');
        // Timers fire in their order: the one of the connection was set before.
        await new Promise((resolve) => setTimeout(resolve, 10));
        peer.socket.terminate();
      }
      const [, second] = await states.some(2, (state) => state.name === 'waiting');
      assert.equal(second?.name === 'waiting' && second.attempt, attempt);
    });
  }

  it('stays where it is after a loss when it may not reconnect, until it is asked to', async () => {
    make({ autoReconnect: false }).retain();
    (await host.peer(1)).socket.terminate();
    const refused = await becomes('refused');
    assert.equal(refused.name === 'refused' && refused.code, 'websocket');
    assert.equal(host.knocks.length, 1);
    socket.retry();
    await states.some(2, (state) => state.name === 'open');
    assert.equal(host.knocks.length, 2);
  });

  it('tries at once when it is asked to, instead of waiting on', async () => {
    make({ reconnectInterval: 30_000 }).retain();
    (await host.peer(1)).socket.terminate();
    await becomes('waiting');
    socket.retry();
    await host.peer(2);
    await states.some(2, (state) => state.name === 'open');
    socket.retry();
    assert.equal(socket.state.name, 'open');
  });

  it('does not try for nobody', async () => {
    host.door = refuse(401);
    make();
    socket.retry();
    assert.equal(socket.state.name, 'idle');
    const release = socket.retain();
    await becomes('refused');
    release();
    await becomes('idle');
    socket.retry();
    assert.equal(host.knocks.length, 1);
  });

  it('asks for its address before every attempt', async () => {
    let asked = 0;
    make({
      url: async () => {
        asked++;
        return host.url;
      },
    }).retain();
    (await host.peer(1)).socket.terminate();
    await host.peer(2);
    assert.equal(asked, 2);
  });

  for (const [what, url] of [
    [
      'there is no address',
      async () => {
        throw new Error('ws://h/ws?api_key=secret');
      },
    ],
    ['the address is none', async () => 'secret'],
    ['the address is not that of a socket', async () => 'ftp://h/ws?api_key=secret'],
  ] as const) {
    it(`is refused when ${what}, and tells none`, async () => {
      make({ url }).retain();
      const state = await becomes('refused');
      assert.ok(!JSON.stringify(state).includes('secret'));
    });
  }

  it('never shows its address in a state', async () => {
    make().retain();
    (await host.peer(1)).socket.terminate();
    await host.peer(2);
    host.door = refuse(401);
    (await host.peer(2)).socket.terminate();
    await becomes('refused');
    assert.ok(!JSON.stringify(states.all).includes('secret'));
  });

  it('drops a frame that is too large, with the connection, says so and comes back, each time later', async () => {
    const broken = new Inbox<string>();
    make({ onBroken: broken.add }).retain();
    for (let turn = 1; turn <= 3; turn++) {
      (await host.peer(turn)).socket.send('x'.repeat(1024 * 1024 + 1));
      await states.some(turn, ({ name }) => name === 'waiting');
    }
    await host.peer(4);
    const attempts = states.all.flatMap((state) => (state.name === 'waiting' ? [state.attempt] : []));
    assert.deepEqual([texts.all, broken.all, attempts], [[], ['oversize', 'oversize', 'oversize'], [1, 2, 3]]);
  });

  it('takes a frame in pieces for one, and comes back after one that is no text', async () => {
    const broken = new Inbox<string>();
    make({ onBroken: broken.add }).retain();
    const one = await host.peer(1);
    one.socket.send('{"a":', { fin: false });
    one.socket.send('1}', { fin: true });
    assert.equal(await texts.first(), '{"a":1}');
    one.socket.send(Buffer.from([0x22, 0xff, 0xfe, 0x22]), { binary: false });
    await host.peer(2);
    assert.deepEqual(broken.all, ['malformed']);
  });

  it('comes back after bytes that are no frame', async () => {
    host.door = (request, stream) => {
      if (host.knocks.length > 1) return false;
      const key = String(request.headers['sec-websocket-key']);
      import('node:crypto').then(({ createHash }) => {
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        stream.write(
          `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
        );
        stream.write(Buffer.from([0xff, 0xff, 0xff, 0xff]));
      }, assert.fail);
      return true;
    };
    make().retain();
    await becomes('waiting');
    await host.peer(1);
    await states.some(2, (state) => state.name === 'open');
  });

  it('ends for good at close, in every state', async () => {
    make().retain();
    const peer = await host.peer(1);
    await becomes('open');
    socket.close();
    assert.deepEqual(await peer.closed, [1000, 'client disconnect']);
    assert.equal(socket.state.name, 'closed');
    const release = socket.retain();
    release();
    socket.retry();
    assert.equal(socket.state.name, 'closed');

    make({ reconnectInterval: 30_000 }).retain();
    (await host.peer(2)).socket.terminate();
    await becomes('waiting');
    socket.close();
    assert.equal(socket.state.name, 'closed');

    make().retain();
    assert.equal(socket.state.name, 'connecting');
    socket.close();
    assert.equal(socket.state.name, 'closed');
  });

  it('stays closed when it is closed by who hears that it connects', async () => {
    make({
      onState: (state) => {
        states.add(state);
        if (state.name === 'connecting') socket.close();
      },
    }).retain();
    assert.deepEqual([names(), socket.state.name], [['connecting', 'closed'], 'closed']);
    const other = new Socket({
      url: async () => host.url,
      encode: () => undefined,
      onFrame: () => () => {},
      onState: states.add,
      timing: quick,
    });
    other.retain();
    await becomes('open');
    assert.equal(host.peers.all.length, 1, 'the closed one has connected');
    assert.equal(socket.state.name, 'closed');
    other.close();
  });

  it('lets go when it is told to, and stays away whoever comes and goes, until it is told otherwise', async () => {
    make();
    const release = socket.retain();
    const one = await host.peer(1);
    await becomes('open');
    socket.subscribe('a');
    socket.pause();
    assert.deepEqual(await one.closed, [1000, 'client disconnect']);
    assert.equal(socket.state.name, 'paused');
    release();
    socket.retain();
    socket.retry();
    socket.revive();
    assert.equal(socket.send({ type: 'ping' }), false);
    await new Promise((resolve) => setTimeout(resolve, 60));
    assert.deepEqual([socket.state.name, host.knocks.length], ['paused', 1]);
    socket.resume();
    const two = await host.peer(2);
    assert.equal((await two.frames.first()).conversationId, 'a');
    assert.deepEqual(names(), ['connecting', 'open', 'paused', 'connecting', 'open']);
    socket.resume();
    assert.equal(socket.state.name, 'open', 'what stands is left alone');
  });

  it('stops trying when it is told to let go, and is idle when nobody wants it afterwards', async () => {
    make({ reconnectInterval: 20 });
    const release = socket.retain();
    (await host.peer(1)).socket.terminate();
    await becomes('waiting');
    socket.pause();
    release();
    await new Promise((resolve) => setTimeout(resolve, 80));
    assert.deepEqual([socket.state.name, host.knocks.length], ['paused', 1]);
    socket.resume();
    assert.equal(socket.state.name, 'idle');
    socket.renew();
    assert.deepEqual([socket.state.name, host.knocks.length], ['idle', 1]);
  });

  it('ends the old connection before it makes a new one, when it is told to', async () => {
    make().retain();
    const one = await host.peer(1);
    await becomes('open');
    const order: string[] = [];
    void one.closed.then(([code]) => order.push(`closed ${code}`));
    host.door = () => {
      order.push('knock');
      return false;
    };
    socket.renew();
    await states.some(2, (state) => state.name === 'open');
    assert.deepEqual(order, ['closed 1000', 'knock']);
    assert.deepEqual([socket.counters.reconnects, socket.attempts], [1, 0]);
  });

  it('does not wait for ever for the goodbye of a server that has stopped reading', async () => {
    make({ timing: { closing: 30 } }).retain();
    const one = await host.peer(1);
    await becomes('open');
    one.socket.pause();
    socket.renew();
    await host.peer(2);
  });

  it('comes out of a pause, or of a refusal, by a new connection', async () => {
    host.door = refuse(401);
    make().retain();
    await becomes('refused');
    host.door = () => false;
    socket.renew();
    await becomes('open');
    socket.pause();
    socket.renew();
    await states.some(2, (state) => state.name === 'open');
  });

  it('sends no more to a server that does not read, says so, and counts it', async () => {
    make().retain();
    const peer = await host.peer(1);
    await becomes('open');
    peer.socket.pause();
    const conversationId = 'x'.repeat(100_000);
    let sent = 0;
    while (sent < 1000 && socket.send({ type: 'typing', conversationId, isTyping: true })) sent++;
    assert.ok(sent < 1000, 'everything was sent');
    assert.equal(socket.counters.refusedFrames, 1);
    peer.socket.resume();
    await peer.frames.some(sent);
    while (!socket.send({ type: 'ping' })) await new Promise((resolve) => setImmediate(resolve));
  });

  it('asks for thousands of conversations, each once, and knows when that has been read', async () => {
    const wanted = Array.from({ length: 3000 }, (_, index) => `c${index}`);
    const releases: (() => void)[] = [];
    make({
      onState(state) {
        // Some change their mind while the first frames are on their way.
        if (state.name === 'open' && host.knocks.length === 1) releases[2999]?.();
        states.add(state);
      },
    }).retain();
    for (const id of wanted) releases.push(socket.subscribe(id));
    const one = await host.peer(1);
    await becomes('open');
    await socket.settled();
    const read = one.frames.all.map(({ type, conversationId }) => `${type} ${conversationId}`);
    assert.deepEqual(
      read,
      wanted.slice(0, 2999).map((id) => `subscribe ${id}`),
    );
    one.socket.terminate();
    const two = await host.peer(2);
    await states.some(2, (state) => state.name === 'open');
    await socket.settled();
    assert.equal(new Set(two.frames.all.map(({ conversationId }) => conversationId)).size, 2999);
    assert.equal(two.frames.all.length, 2999);
  });

  it('knows how far the other side is', async () => {
    make().retain();
    assert.equal(socket.latency, undefined);
    await becomes('open');
    while (socket.latency === undefined) await new Promise((resolve) => setImmediate(resolve));
    assert.ok(socket.latency >= 0 && socket.latency < 1000);
    socket.close();
    assert.equal(socket.latency, undefined);
  });

  it('says why it was lost the last time, and how often it has tried', async () => {
    make().retain();
    assert.equal(socket.lastError, undefined);
    (await host.peer(1)).socket.close(1012);
    await becomes('waiting');
    assert.deepEqual([socket.lastError, socket.attempts], ['closed with 1012', 1]);
  });

  it('hears nothing of a connection that it has let go', async () => {
    make().retain();
    const peer = await host.peer(1);
    await becomes('open');
    socket.close();
    peer.socket.send('late');
    await peer.closed;
    assert.deepEqual(texts.all, []);
  });
});

describe('realtime: backoff', () => {
  it('never undercuts what a server asks for, but spreads those who were asked the same', () => {
    assert.equal(asAsked(5000, undefined), 5000);
    assert.equal(
      asAsked(5000, 20, () => 0),
      20_000,
    );
    assert.equal(
      asAsked(5000, 20, () => 1),
      25_000,
    );
    assert.equal(
      asAsked(5000, 1, () => 0),
      5000,
    );
    assert.equal(
      asAsked(5000, 1e12, () => 0),
      600_000,
    );
  });

  it('doubles up to a minute, give or take half', () => {
    const middle = (attempt: number) => backoff(attempt, 5000, () => 0.5);
    assert.deepEqual(
      [1, 2, 3, 4, 5, 6, 50, 5000].map(middle),
      [5000, 10_000, 20_000, 40_000, 60_000, 60_000, 60_000, 60_000],
    );
    assert.equal(
      backoff(1, 5000, () => 0),
      2500,
    );
    assert.ok(backoff(1, 5000, () => 0.999999) <= 7500);
  });

  it('stays in its bounds', () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 10_000 }), fc.integer({ min: 1, max: 600_000 }), (attempt, interval) => {
        const middle = Math.min(60_000, interval * 2 ** Math.min(attempt - 1, 40));
        const wait = backoff(attempt, interval);
        assert.ok(
          Number.isInteger(wait) && wait >= Math.floor(middle / 2) && wait <= Math.ceil(middle * 1.5),
          `${wait}`,
        );
      }),
    );
  });
});
