import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { fastTime } from '../lib/support';
import { type FlowNode, setUpFlows, until } from '../support/flows';

const trigger = (more: Record<string, unknown> = {}): FlowNode[] => [
  { id: 'node', type: 'linktor-message-in', config: 'account', wires: [['out']], ...more },
  { id: 'out', type: 'probe' },
];

describe('the socket that nodes share: a server that falls silent', () => {
  const { play, control, state } = setUpFlows();

  let restore: () => void;

  // A hundred times as fast, and from the start: a timer belongs to the clock that made it.
  beforeEach(() => {
    restore = fastTime();
  });
  afterEach(() => restore());

  async function when(holds: () => boolean | Promise<boolean>): Promise<void> {
    while (!(await holds())) await new Promise((resolve) => setImmediate(resolve));
  }

  it('is noticed within 35 seconds as it comes, and what was said meanwhile is told', async () => {
    const { statuses, probe } = await play(trigger());
    await when(async () => (await state()).sockets.subscriptions > 1);
    await control('messages', { conversationId: 'conv_ana', text: 'still there' });
    await probe('out').take();
    await control('sockets/freeze');
    const began = Date.now();
    await control('messages', { conversationId: 'conv_ana', text: 'into the ice' });
    const texts = () => statuses.all.map(({ status }) => (status as { text?: string }).text);
    await when(() => texts().includes('linktor.status.reconnecting'));
    const took = Date.now() - began;
    // The ticks of the fast clock are 100 ms long, and a status has its pace.
    assert.ok(took <= 36_000, `${took} ms`);
    assert.ok(took > 20_000, `after ${took} ms of silence nobody can know`);
    const payloads = (await probe('out').take(2)).map(({ payload }) => payload);
    assert.deepEqual(payloads, ['still there', 'into the ice']);
  });
});

describe('the socket that nodes share: a thousand subscriptions', () => {
  const { play } = setUpFlows();
  const ids = Array.from({ length: 1000 }, (_, index) => `conv_${index}`);
  let server: WebSocketServer;
  /** what each connection was asked for, in order */
  let asked: string[][];

  beforeEach(async () => {
    asked = [];
    server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
    server.on('connection', (socket) => {
      const own: string[] = [];
      asked.push(own);
      socket.on('message', (data) => {
        const { type, conversationId } = JSON.parse(String(data)) as { type: string; conversationId: string };
        own.push(type === 'subscribe' ? conversationId : `${type} ${conversationId}`);
      });
    });
    await once(server, 'listening');
  });
  afterEach(() => {
    for (const socket of server.clients) socket.terminate();
    server.close();
  });

  /** The connection, when all that was sent on it so far has been read here. */
  async function settled(number: number): Promise<WebSocket> {
    await until(
      async () => asked[number - 1]?.length ?? 0,
      (count) => count >= ids.length,
    );
    const [socket] = server.clients;
    assert.ok(socket);
    socket.ping();
    await once(socket, 'pong');
    return socket;
  }

  it('are made in one go, and again after a loss, each exactly once', async () => {
    const { port } = server.address() as AddressInfo;
    const chosen = { conversations: 'these', conversationIds: JSON.stringify(ids), conversationIdsType: 'json' };
    // Two nodes that want the same, and one frame for both.
    const second = { id: 'twin', type: 'linktor-message-in', config: 'account', wires: [['out']], ...chosen };
    await play([...trigger(chosen), second], {
      account: { wsUrl: `ws://127.0.0.1:${port}/ws`, reconnectInterval: 100 },
    });
    const first = await settled(1);
    first.close(1012);
    await settled(2);
    assert.equal(asked.length, 2);
    for (const one of asked) assert.deepEqual([...one].sort(), [...ids].sort());
  });
});
