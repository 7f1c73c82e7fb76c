import { strict as assert } from 'node:assert';
import type { Sandbox } from '../../sandbox';
import { type Listener, red5, until } from '../support/red';
import { Restartable } from '../support/restartable';

/** milliseconds between two messages, and how many of them come in one life of the process */
const EVERY_MS = 4;
const MESSAGES = 400;
/** What is inside Node-RED when it is killed is lost with it: what was said in the last moment before. */
const IN_FLIGHT_MS = 1000;

/** Every message goes to a listener outside of Node-RED, which no kill can take along. */
function flowFor(sandbox: Sandbox, listener: Listener): object[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const account = { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, signIn: 'apiKey' };
  const post = { type: 'http request', ...place, method: 'POST', ret: 'txt', wires: [[]] };
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    { ...account, credentials: { apiKey: 'sandbox-key' } },
    { id: 'in', type: 'linktor-message-in', ...place, config: 'account', conversations: 'all', wires: [['said']] },
    { id: 'said', ...post, url: `${listener.url}/said` },
    {
      id: 'events',
      type: 'linktor-event-in',
      ...place,
      config: 'account',
      conversations: 'all',
      events: ['sync.gap'],
      wires: [['gaps']],
    },
    { id: 'gaps', ...post, url: `${listener.url}/gaps` },
  ];
}

if (red5.red) {
  describe('another process of the same Node-RED', function () {
    this.timeout(180_000);
    let world: Restartable;

    beforeEach(async () => {
      world = await Restartable.start(flowFor);
      await world.shop.heard();
    });

    afterEach(() => world.end());

    const said = () => world.heardAt('/said');
    const doubled = (texts: readonly string[]) => texts.filter((text, index) => texts.indexOf(text) !== index);

    it('kill -9 under load, three times over: nothing is answered twice, and what was said meanwhile is fetched', async () => {
      const written = new Map<string, number>();
      const kills: number[] = [];
      const people = ['conv_ana', 'conv_bruno'];
      let isWriting = true;
      const write = async () => {
        for (let index = 0; isWriting; index++) {
          const text = `message ${index}`;
          written.set(text, Date.now());
          await world.shop.ask('POST', '/_sandbox/messages', { conversationId: people[index % people.length], text });
          await new Promise((resolve) => setTimeout(resolve, EVERY_MS));
        }
      };
      const lost = (writtenUntil = Number.POSITIVE_INFINITY) => {
        const told = new Set(said());
        const wasInFlight = (at: number) => kills.some((kill) => at <= kill && at > kill - IN_FLIGHT_MS);
        return [...written]
          .filter(([text, at]) => at <= writtenUntil && !told.has(text) && !wasInFlight(at))
          .map(([text]) => text);
      };
      const writing = write();
      for (let life = 1; life <= 3; life++) {
        await until('the load', () => written.size > life * MESSAGES && said().length > 0, 60);
        const before = said().length;
        await until('answers under load', () => said().length > before + 50, 60);
        // What was missed comes in one piece, and is inside Node-RED until its requests have been answered.
        await until('the flow to catch up', () => lost(Date.now() - IN_FLIGHT_MS).length === 0, 60);
        kills.push(Date.now());
        await world.red.program.end('SIGKILL');
        await world.restart();
      }
      await until('the load', () => written.size > 4 * MESSAGES, 60);
      isWriting = false;
      await writing;
      await until('the last message', () => lost().length === 0, 60).catch(() => undefined);
      assert.deepEqual(lost(), []);
      assert.deepEqual(doubled(said()), []);
    });

    it('after a long stop says that something may be missing, and goes on', async () => {
      await world.shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text: 'before' });
      await until('the message', () => said().includes('before'));
      await world.red.program.end('SIGINT');
      await world.shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text: 'meanwhile' });
      // The clock of the new process stands an hour later than when the old one ended.
      await world.restart('const now = Date.now; Date.now = () => now() + 3600e3;');
      await until('the gap', () =>
        world.listener.heard.some(({ path, text }) => path === '/gaps' && text.includes('stopped')),
      );
      await world.shop.ask('POST', '/_sandbox/messages', { conversationId: 'conv_ana', text: 'after' });
      await until('the message', () => said().includes('after'));
      assert.deepEqual(
        said().filter((text) => text === 'before' || text === 'meanwhile'),
        ['before'],
      );
    });
  });
}
