import { strict as assert } from 'node:assert';
import { existsSync, readdirSync } from 'node:fs';
import path from 'node:path';
import type { Sandbox } from '../../sandbox';
import { type Listener, red5, until } from '../support/red';
import { Restartable } from '../support/restartable';

/** how often it is killed; `OUTBOX_KILLS=50` for a long run */
const KILLS = Number(process.env.OUTBOX_KILLS ?? 3);
const conversations = ['conv_ana', 'conv_bruno'];
/** messages of one press, for all conversations together */
const BURST = 20;

const PNG = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg==';

/** Every press sends a burst; what becomes of it is told to a listener outside of Node-RED, which no kill can take along. */
function flowFor(sandbox: Sandbox, listener: Listener): object[] {
  const place = { z: 'tab', x: 100, y: 100 };
  const burst = `for (let i = 0; i < ${BURST}; i++)
    node.send({ conversationId: ${JSON.stringify(conversations)}[i % 2], payload: msg.payload + '-' + i, at: i });`;
  const tell = (id: string) => ({
    ...{ id, type: 'http request', ...place, method: 'POST', url: `${listener.url}/${id}`, ret: 'txt', wires: [[]] },
  });
  const name = (id: string, next: string, code: string) => ({
    ...{ id, type: 'function', ...place, func: `msg.payload = ${code}; return msg;`, wires: [[next]] },
  });
  return [
    { id: 'tab', type: 'tab', label: 'test' },
    {
      ...{ id: 'account', type: 'linktor-config', baseUrl: sandbox.url, signIn: 'apiKey' },
      ...{ outbox: 'durable', credentials: { apiKey: 'sandbox-key' } },
    },
    { id: 'inject', type: 'inject', ...place, props: [], wires: [['burst']] },
    { id: 'burst', type: 'function', ...place, func: burst, wires: [['send']] },
    { id: 'send', type: 'linktor-send', ...place, config: 'account', wires: [['sent']] },
    { id: 'complete', type: 'complete', ...place, scope: ['send'], wires: [['stored']] },
    { id: 'catch', type: 'catch', ...place, scope: null, wires: [['failure']] },
    { id: 'picture', type: 'inject', ...place, props: [], wires: [['bytes']] },
    {
      id: 'bytes',
      type: 'function',
      ...place,
      func: `msg.file = Buffer.from('${PNG}', 'base64'); return msg;`,
      wires: [['file']],
    },
    {
      ...{
        id: 'file',
        type: 'linktor-send',
        ...place,
        config: 'account',
        kind: 'media',
        media: 'file',
        mediaType: 'msg',
      },
      ...{ conversation: 'conv_carla', conversationType: 'str', wires: [['sent']] },
    },
    { id: 'filed', type: 'complete', ...place, scope: ['file'], wires: [['stored']] },
    name('failure', 'failed', '{ text: msg.payload, ambiguous: msg.error.cause.ambiguous === true }'),
    ...['sent', 'stored', 'failed'].map(tell),
  ];
}

if (red5.red) {
  describe('a durable outbox', function () {
    this.timeout(60_000 + KILLS * 30_000);
    let world: Restartable;

    before(async () => {
      world = await Restartable.start(flowFor);
    });

    after(() => world.end());

    const heard = (what: string) => world.listener.heard.flatMap((one) => (one.path === `/${what}` ? [one] : []));
    const sends = async () =>
      (await world.shop.ask('GET', '/_sandbox/state')).json.sends as { text: string; conversationId: string }[];

    it(`loses and doubles nothing that was stored, and keeps the order, over ${KILLS} kill -9`, async () => {
      const stored = () => new Set(heard('stored').map(({ text }) => text));
      const unclear = () =>
        new Set(heard('failed').flatMap(({ json }) => (json.ambiguous === true ? [String(json.text)] : [])));
      for (let kill = 1; kill <= KILLS; kill++) {
        // A few failures on the way, so that some wait when the end comes.
        await world.shop.ask('POST', '/_sandbox/fail', {
          count: 2,
          status: 429,
          headers: { 'Retry-After': '1' },
          method: 'POST',
        });
        const before = heard('stored').length;
        await world.red.inject('inject', { payload: String(kill) });
        await until(
          'some to be stored',
          () => heard('stored').length >= before + Math.min(BURST, (kill * 7) % BURST || 1),
        );
        await world.red.program.end('SIGKILL');
        await world.restart();
        const wanted = [...stored()];
        await until(
          `all of ${kill} to be sent or told`,
          async () => {
            const there = new Set((await sends()).map(({ text }) => text));
            const told = unclear();
            return wanted.every((text) => there.has(text) || told.has(text));
          },
          60,
        );
      }
      const all = await sends();
      const texts = all.map(({ text }) => text);
      assert.equal(new Set(texts).size, texts.length, 'a message was sent twice');
      for (const id of conversations) {
        const own = all
          .filter(({ conversationId }) => conversationId === id)
          .map(({ text }) => text.split('-').map(Number));
        const sorted = [...own].sort(([a = 0, b = 0], [c = 0, d = 0]) => a - c || b - d);
        assert.deepEqual(own, sorted);
      }
      console.log(`        ${stored().size} stored, ${texts.length} sent, ${unclear().size} told as unclear`);
    });

    it('sends a picture from a Buffer that waited over a kill -9, once, and leaves nothing on the disk', async () => {
      const folder = path.join(world.userDir, 'linktor', 'account.files');
      const kept = () => (existsSync(folder) ? readdirSync(folder).length : 0);
      const fault = { count: 100, status: 429, headers: { 'Retry-After': '1' }, method: 'POST', path: '/messages' };
      await world.shop.ask('POST', '/_sandbox/fail', fault);
      const before = heard('stored').length;
      await world.red.inject('picture', { payload: 'picture' });
      await until('it to be stored', () => heard('stored').length > before);
      assert.equal(kept(), 1);
      await world.red.program.end('SIGKILL');
      await world.shop.ask('POST', '/_sandbox/fail', { count: 0 });
      await world.restart();
      await until('it to be sent', () => heard('sent').some(({ text }) => text === 'picture'));
      const { data } = (await world.shop.ask('GET', '/_sandbox/conversations/conv_carla/messages')).json as {
        data: { media?: { url: string } }[];
      };
      const urls = data.flatMap(({ media }) => (media?.url.includes('/files/') ? [media.url] : []));
      assert.equal(urls.length, 1);
      const bytes = Buffer.from(await (await fetch(String(urls[0]))).arrayBuffer());
      assert.deepEqual(bytes, Buffer.from(PNG, 'base64'));
      await until('the disk to be empty', () => kept() === 0);
    });
  });
}
