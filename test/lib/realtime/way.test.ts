import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { type Profiler, Session } from 'node:inspector/promises';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';
import { api } from '../../../lib/contract/api/index';
import { Realtime } from '../../../lib/realtime/index';

const FRAMES = 50;
/** From the first file that hears the socket to the one that calls the listener, in the order of the way. */
const WAY = [
  'lib/realtime/socket/transport.ts',
  'lib/realtime/intake.ts',
  'lib/realtime/sync/live-feed.ts',
  'lib/realtime/bus/bus.ts',
  'lib/realtime/bus/dispatcher.ts',
];

describe('the way of a frame', () => {
  it('leads through a dozen files, and back to none of them', async () => {
    const server = new WebSocketServer({ port: 0 });
    await once(server, 'listening');
    const realtime = new Realtime({
      contract: api,
      rest: {
        conversations: {
          async *each() {
            yield { id: 'c', status: 'open' };
          },
          get: async (id) => ({ id, status: 'open' }),
          async *eachMessage() {},
          latest: async () => ({ items: [], hasNext: false }),
          messages: async () => ({ items: [], hasNext: false }),
          message: async (conversationId, id) => ({ id, conversationId, direction: 'inbound', contentType: 'text' }),
        },
      },
      url: async () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
      onProblem: () => {},
    });
    const session = new Session();
    session.connect();
    try {
      let heard = 0;
      const connected = once(server, 'connection');
      realtime.subscribeAll();
      realtime.listen(({ event }) => {
        if (event.message) heard++;
      });
      const [peer] = (await connected) as [WebSocket];
      const say = (id: string) => {
        const message = { id, conversationId: 'c', direction: 'inbound', contentType: 'text', content: { text: 'x' } };
        peer.send(JSON.stringify({ type: 'message', message }));
      };
      const until = async (count: number) => {
        while (heard < count) await new Promise((resolve) => setTimeout(resolve, 5));
      };
      // What is done once, and for a conversation that is not known yet, is no part of the way.
      say('first');
      await until(1);
      await session.post('Profiler.enable');
      await session.post('Profiler.startPreciseCoverage', { callCount: true, detailed: false });
      for (let index = 0; index < FRAMES; index++) say(`m${index}`);
      await until(FRAMES + 1);
      const { result } = await session.post('Profiler.takePreciseCoverage');
      const files = result.filter(isVisited).map(({ url }) => url.slice(url.indexOf('/lib/') + 1));
      const way = files.filter((file) => file.startsWith('lib/realtime/'));
      for (const file of WAY) assert.ok(way.includes(file), `${file} is on the way: ${way.join(', ')}`);
      assert.ok(way.length <= 12, `${way.length} files: ${way.join(', ')}`);
    } finally {
      session.disconnect();
      await realtime.close();
      for (const client of server.clients) client.terminate();
      server.close();
    }
  });
});

/** A file of ours of which some function has been called for each frame. The bounds are constants, and no stay. */
function isVisited({ url, functions }: Profiler.ScriptCoverage): boolean {
  if (!url.includes('/lib/') || /\/test\/|node_modules|\/bounds\.ts$/.test(url)) return false;
  return functions.some(({ ranges }) => (ranges[0]?.count ?? 0) >= FRAMES);
}
