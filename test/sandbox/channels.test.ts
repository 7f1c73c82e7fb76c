import { strict as assert } from 'node:assert';
import { type Bench, bench, ids, type Json } from './support';

describe('sandbox: channels', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  beforeEach(async () => {
    await box.control('/reset');
    await box.hangUp();
  });
  after(() => box.close());

  const filters: [query: string, expected: string[]][] = [
    ['', ['ch_webchat', 'ch_whatsapp']],
    ['type=whatsapp', ['ch_whatsapp']],
    ['status=active', ['ch_webchat', 'ch_whatsapp']],
    ['status=connected', ['ch_webchat', 'ch_whatsapp']],
    ['status=error', []],
    ['search=website', ['ch_webchat']],
  ];
  for (const [query, expected] of filters) {
    it(`lists by "${query}"`, async () => {
      assert.deepEqual(ids(await box.api('GET', `/channels?${query}`)), expected);
    });
  }

  it('creates disconnected, updates and deletes', async () => {
    const { status, body } = await box.api('POST', '/channels', {
      name: 'Bot',
      type: 'telegram',
      config: { botToken: 'x' },
    });
    assert.deepEqual([status, body.status, body.connectionStatus], [201, 'inactive', 'disconnected']);
    const path = `/channels/${body.id}`;
    const patched = await box.api('PATCH', path, { name: 'Bot 2', config: { botUsername: 'b' } });
    assert.deepEqual(
      [patched.body.name, patched.body.config],
      ['Bot 2', { type: 'telegram', botToken: 'x', botUsername: 'b' }],
    );
    assert.equal((await box.api('DELETE', path)).status, 204);
    assert.equal((await box.api('GET', path)).status, 404);
    for (const bad of [{ name: 'x' }, { type: 'sms' }, { name: 'x', type: 'pigeon' }]) {
      assert.equal((await box.api('POST', '/channels', bad)).status, 400);
    }
  });

  it('connects and disconnects, tells, and fails messages meanwhile', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', {
      url: receiver.url,
      secret: 's',
      events: ['channel.connected', 'channel.disconnected'],
    });
    const off = await box.api('POST', '/channels/ch_webchat/disconnect', {});
    assert.deepEqual([off.body.id, off.body.status, off.body.isConnected], ['ch_webchat', 'inactive', false]);
    const status = await box.api('GET', '/channels/ch_webchat/status');
    assert.deepEqual([status.body.status, status.body.isConnected], ['inactive', false]);
    assert.equal((await box.api('POST', '/channels/ch_webchat/test')).body.success, false);
    const listener = await box.socket();
    await listener.subscribe('conv_ana');
    await box.api('POST', '/conversations/conv_ana/messages', { text: 'lost' });
    const failed = await listener.frame('message_status');
    assert.equal(failed.status, 'failed');
    const on = await box.api('POST', '/channels/ch_webchat/connect');
    assert.deepEqual([on.body.status, on.body.connectionStatus], ['active', 'connected']);
    assert.equal((await box.api('POST', '/channels/ch_webchat/test')).body.success, true);
    const events = await receiver.deliveries.some(2);
    assert.deepEqual(
      events.map(({ body }) => [body.type, (body.data as Json).status]),
      [
        ['channel.disconnected', 'inactive'],
        ['channel.connected', 'active'],
      ],
    );
  });

  it('says what a channel can do', async () => {
    const whatsapp = (await box.api('GET', '/channels/ch_whatsapp/capabilities')).body;
    assert.deepEqual(
      [whatsapp.supportsTemplates, whatsapp.supportsButtons, whatsapp.maxMessageLength],
      [true, true, 4096],
    );
    const { body } = await box.api('POST', '/channels', { name: 'SMS', type: 'sms' });
    const sms = (await box.api('GET', `/channels/${body.id}/capabilities`)).body;
    assert.deepEqual([sms.supportedContentTypes, sms.supportsMedia], [['text'], false]);
  });

  it('has an address for inbound events, and a new token on demand', async () => {
    const before = (await box.api('GET', '/channels/ch_webchat/webhook')).body;
    assert.equal(before.url, `${box.url}/webhooks/ch_webchat`);
    const after = (await box.api('POST', '/channels/ch_webchat/webhook/regenerate')).body;
    assert.notEqual(after.verifyToken, before.verifyToken);
    assert.deepEqual((await box.api('GET', '/channels/ch_webchat/webhook')).body, after);
  });

  it('counts what went through it', async () => {
    await box.api('POST', '/conversations/conv_ana/messages', { text: 'hi' });
    const { body } = await box.api('GET', '/channels/ch_webchat/stats?period=day');
    assert.deepEqual([body.messagesReceived, body.messagesSent, body.conversationsCreated], [2, 2, 1]);
    assert.equal(body.avgResponseTime, 120);
    assert.equal((await box.api('GET', '/channels/ch_webchat/stats?period=aeon')).status, 400);
  });
});
