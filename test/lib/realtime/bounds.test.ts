import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import type { AddressInfo } from 'node:net';
import path from 'node:path';
import { type WebSocket, WebSocketServer } from 'ws';
import { api } from '../../../lib/contract/api/index';
import type { Conversation, Event } from '../../../lib/model';
import * as bounds from '../../../lib/realtime/bounds';
import { Bus } from '../../../lib/realtime/bus/bus';
import type { Delivery } from '../../../lib/realtime/bus/delivery';
import { Realtime, type Delivery as Told } from '../../../lib/realtime/index';
import { LookUps } from '../../../lib/realtime/look-ups';
import { settled } from '../support';

const root = path.join(import.meta.dirname ?? __dirname, '..', '..', '..');

/** A failing test must get its turn to fail. */
const turn = () => new Promise((resolve) => setImmediate(resolve));

describe('realtime: bounds', () => {
  it('stand in the guide as they are', () => {
    const guide = readFileSync(path.join(root, 'docs', 'limits.md'), 'utf8');
    const inGuide = [...guide.matchAll(/^\| [^|]+ \| ([\d,]+)/gm)].map(([, figure = '']) =>
      Number(figure.replaceAll(',', '')),
    );
    const { KEY_LIFE_MS, UNUSED_SUBSCRIPTION_MS, ...figures } = bounds;
    assert.equal(KEY_LIFE_MS, 24 * 3_600_000);
    assert.equal(UNUSED_SUBSCRIPTION_MS, KEY_LIFE_MS);
    const sorted = (list: number[]) => [...list].sort((a, b) => a - b);
    assert.deepEqual(sorted(inGuide), sorted(Object.values(figures)));
  });

  describe('against a server that names whatever it likes', () => {
    let server: WebSocketServer;
    let realtime: Realtime;
    let peer: WebSocket;
    const frames: { type: string; conversationId?: string }[] = [];
    const told: Told[] = [];
    let asked = 0;
    let atOnce = 0;
    let most = 0;

    beforeEach(async () => {
      server = new WebSocketServer({ port: 0 });
      frames.length = 0;
      told.length = 0;
      asked = 0;
      atOnce = 0;
      most = 0;
      await once(server, 'listening');
      const lookUp = async (answer: () => Conversation) => {
        asked++;
        atOnce++;
        most = Math.max(most, atOnce);
        await new Promise((resolve) => setImmediate(resolve));
        atOnce--;
        return answer();
      };
      realtime = new Realtime({
        contract: api,
        rest: {
          conversations: {
            async *each() {},
            get: (id) => lookUp(() => ({ id, status: 'open' })),
            async *eachMessage() {},
            latest: async () => ({ items: [], hasNext: false }),
            messages: async () => ({ items: [], hasNext: false }),
            message: async (conversationId, id) => ({ id, conversationId, direction: 'inbound', contentType: 'text' }),
          },
        },
        url: async () => `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
        discoverInterval: 60_000,
        onProblem: () => {},
      });
      const connected = once(server, 'connection');
      realtime.subscribeAll();
      realtime.listen((delivery) => told.push(delivery));
      [peer] = (await connected) as [WebSocket];
      peer.on('message', (data) => frames.push(JSON.parse(data.toString())));
    });
    afterEach(async () => {
      await realtime.close();
      for (const client of server.clients) client.terminate();
      server.close();
    });

    const messages = () => told.flatMap(({ event }) => (event.message ? [event.message] : []));
    const say = (id: string, conversationId: string) =>
      peer.send(
        JSON.stringify({
          type: 'message',
          message: { id, conversationId, direction: 'inbound', contentType: 'text', content: { text: 'x' } },
        }),
      );

    it('delivers the events of any number of conversations, and asks about a few of them', async () => {
      const total = 30_000;
      for (let index = 0; index < total; index++) say(`m${index}`, `c${index}`);
      while (messages().length < total) await new Promise((resolve) => setTimeout(resolve, 5));
      assert.equal(new Set(messages().map(({ id }) => id)).size, total);
      // The burst, and what has been refilled since; a third of it would be a look-up for every conversation.
      assert.ok(asked <= bounds.LOOKUP_BURST + 1000, `${asked} requests`);
      assert.ok(most <= bounds.MAX_CONCURRENT_LOOKUPS, `${most} at once`);
      const { subscriptions } = realtime.facts();
      assert.ok(subscriptions <= bounds.LOOKUP_BURST + 1000, `${subscriptions} subscriptions`);
    });

    for (const [what, frame] of Object.entries({
      'a conversation': { conversationId: 'c'.repeat(257), message: { id: 'm' } },
      'a message': { conversationId: 'c', message: { id: 'm'.repeat(257) } },
    })) {
      it(`drops what has an id without end: ${what}`, async () => {
        const { conversationId, message } = frame;
        say(message.id, conversationId);
        say('fine', 'c');
        while (messages().length === 0) await new Promise((resolve) => setTimeout(resolve, 5));
        assert.deepEqual(
          messages().map(({ id }) => id),
          ['fine'],
        );
        assert.equal(realtime.facts().counters.malformed, 1);
      });
    }
  });

  it('let events that wait for a conversation go on when there are too many', async () => {
    const bus = new Bus(
      { get: () => new Promise<undefined>(() => {}), takeNew: () => false, peek: () => undefined },
      { onError() {} },
    );
    const told: Delivery[] = [];
    bus.listen((delivery) => told.push(delivery));
    const said = (id: string): Event => ({
      name: 'message.received',
      conversationId: 'c',
      messageId: id,
      message: { id, conversationId: 'c', direction: 'inbound', contentType: 'text' },
      original: {},
    });
    for (let index = 0; index < bounds.MAX_WAITING_EVENTS; index++) bus.feed(said(`${index}`), 'ws');
    while (told.length < bounds.MAX_WAITING_EVENTS) await turn();
    assert.deepEqual(
      told.map(({ event }) => Number(event.messageId)),
      Array.from({ length: bounds.MAX_WAITING_EVENTS }, (_, index) => index),
    );
  });

  it('tell a gap where events had to go on before what was missed, which comes all the same', async () => {
    let late = 0;
    const bus = new Bus(
      { get: (id) => ({ id }), takeNew: () => false, peek: () => undefined },
      { onError() {}, onLate: () => late++ },
    );
    const told: string[] = [];
    bus.listen(({ event }) => told.push(event.messageId ?? event.name));
    const said = (id: string): Event => ({
      name: 'message.received',
      conversationId: 'c',
      messageId: id,
      message: { id, conversationId: 'c', direction: 'inbound', contentType: 'text' },
      original: {},
    });
    let found: (events: Event[]) => void = () => {};
    bus.insert(
      'c',
      new Promise((resolve) => {
        found = resolve;
      }),
    );
    for (let index = 0; index < bounds.MAX_WAITING_EVENTS; index++) bus.feed(said(`${index}`), 'ws');
    while (told.length <= bounds.MAX_WAITING_EVENTS) await turn();
    assert.deepEqual([told[0], told[1], late], ['sync.gap', '0', 1]);
    found([said('missed')]);
    while (told.length < bounds.MAX_WAITING_EVENTS + 2) await turn();
    assert.equal(told.at(-1), 'missed');
  });

  it('allow a few look-ups at a time, a few that wait, and a few a second', async () => {
    const lookUps = new LookUps();
    const gates: (() => void)[] = [];
    const ask = () => new Promise<void>((resolve) => gates.push(resolve));
    const taken = Array.from({ length: 5000 }, () => lookUps.run(ask)).filter((one) => one !== undefined);
    assert.equal(taken.length, bounds.MAX_CONCURRENT_LOOKUPS + bounds.MAX_WAITING_LOOKUPS);
    assert.equal(gates.length, bounds.MAX_CONCURRENT_LOOKUPS);
    gates.shift()?.();
    await settled();
    assert.equal(gates.length, bounds.MAX_CONCURRENT_LOOKUPS, 'the next one has its turn');
    let spent = 0;
    while (lookUps.spend()) spent++;
    assert.ok(spent <= bounds.LOOKUP_BURST - taken.length + 10, `${spent}`);
  });
});
