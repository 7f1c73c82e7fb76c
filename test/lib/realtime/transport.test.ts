import { strict as assert } from 'node:assert';
import { createHash } from 'node:crypto';
import { once } from 'node:events';
import { createServer, type Server, type Socket } from 'node:net';
import { DEFAULT_TIMING } from '../../../lib/realtime/socket/state';
import { SocketTransport, type SocketTransportSettings } from '../../../lib/realtime/socket/transport';
import { unhandled } from '../support';

const CLOSE = [0x88, 0x02, 0x03, 0xe8];

/** What a peer may do at any time, before or after the end. */
const acts: Record<string, (peer: Socket) => void> = {
  'bytes that are no frame': (peer) => peer.write(Buffer.alloc(1000, 0xff)),
  'a reset': (peer) => peer.resetAndDestroy(),
  'half a frame and an end': (peer) => peer.end(Buffer.from([0x81])),
  'two closes': (peer) => peer.write(Buffer.from([...CLOSE, ...CLOSE])),
  'a close with a code that none has': (peer) => peer.write(Buffer.from([0x88, 0x02, 0x03, 0xed])),
  'a close with half a code': (peer) => peer.write(Buffer.from([0x88, 0x01, 0x03])),
  'a text after its close': (peer) => peer.write(Buffer.from([...CLOSE, 0x81, 0x01, 0x61])),
  'a frame of exabytes': (peer) => peer.write(Buffer.from([0x81, 0x7f, 0, 0, 0, 0, 0x7f, 0xff, 0xff, 0xff])),
  'a text that is no UTF-8': (peer) => peer.write(Buffer.from([0x81, 0x02, 0xc3, 0x28])),
  'an opcode that is reserved': (peer) => peer.write(Buffer.from([0x83, 0x00])),
  'a masked frame': (peer) => peer.write(Buffer.from([0x81, 0x81, 1, 2, 3, 4, 5])),
  'a ping that is too large': (peer) => peer.write(Buffer.concat([Buffer.from([0x89, 0x7e, 1, 0]), Buffer.alloc(256)])),
  'a ping in pieces': (peer) => peer.write(Buffer.from([0x09, 0x00])),
  'the rest of nothing': (peer) => peer.write(Buffer.from([0x80, 0x00])),
};

describe('a socket whose peer keeps no rule', () => {
  let server: Server;
  let port: number;

  before(async () => {
    server = createServer((peer) => {
      peer.on('error', () => {});
      peer.once('data', (request) => {
        const key = /sec-websocket-key: (\S+)/i.exec(String(request))?.[1] ?? '';
        const accept = createHash('sha1').update(`${key}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`).digest('base64');
        const headers = ['Upgrade: websocket', 'Connection: Upgrade', `Sec-WebSocket-Accept: ${accept}`];
        peer.write(['HTTP/1.1 101 Switching Protocols', ...headers, '', ''].join('\r\n'));
      });
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    port = (server.address() as { port: number }).port;
  });
  after(() => server.close());

  /** @returns an open connection, its peer, and a promise of its loss */
  async function connect(onAnything: () => void) {
    let [opened, lost] = [() => {}, () => {}];
    const isOpen = new Promise<void>((resolve) => {
      opened = resolve;
    });
    const isLost = new Promise<void>((resolve) => {
      lost = resolve;
    });
    const told = (act: () => void) => () => {
      act();
      onAnything();
    };
    const settings: SocketTransportSettings = {
      timing: { ...DEFAULT_TIMING, closing: 200 },
      onOpen: told(opened),
      onText: told(() => {}),
      onBroken: told(() => {}),
      onLost: told(lost),
      beat: told(() => {}),
    };
    const connected = once(server, 'connection') as Promise<[Socket]>;
    const transport = new SocketTransport(`ws://127.0.0.1:${port}`, {}, settings);
    const [[peer]] = await Promise.all([connected, isOpen]);
    return { transport, peer, isLost };
  }

  /** @returns what would have ended Node-RED */
  async function deadly(act: () => Promise<void>): Promise<unknown[]> {
    const thrown: unknown[] = [];
    const before = process.listeners('uncaughtException');
    process.removeAllListeners('uncaughtException').on('uncaughtException', (error) => thrown.push(error));
    try {
      return [...(await unhandled(act)), ...thrown];
    } finally {
      process.removeAllListeners('uncaughtException');
      for (const listener of before) process.on('uncaughtException', listener);
    }
  }

  for (const [what, act] of Object.entries(acts)) {
    it(`is lost by ${what}`, async () => {
      const found = await deadly(async () => {
        const { transport, peer, isLost } = await connect(() => {});
        act(peer);
        await isLost;
        await transport.end(false);
      });
      assert.deepEqual(found, []);
    });

    it(`is lost by ${what}, whatever fails when it is told`, async () => {
      const found = await deadly(async () => {
        const { transport, peer, isLost } = await connect(() => assert.fail('a listener'));
        act(peer);
        await isLost;
        await transport.end(false);
      });
      assert.deepEqual(found, []);
    });

    for (const politely of [true, false]) {
      it(`has ended ${politely ? 'politely' : 'at once'} before ${what}`, async () => {
        const found = await deadly(async () => {
          const { transport, peer } = await connect(() => {});
          const gone = new Promise((resolve) => peer.once('close', resolve));
          const ended = transport.end(politely);
          act(peer);
          await ended;
          await gone;
        });
        assert.deepEqual(found, []);
      });
    }
  }
});
