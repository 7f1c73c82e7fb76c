import { strict as assert } from 'node:assert';
import { createHmac } from 'node:crypto';
import { signature } from '../../sandbox/wire/signature';
import { type Bench, bench, ids, type Json, type Received, rows } from './support';

describe('sandbox: webhooks', () => {
  let box: Bench;
  beforeEach(async () => {
    box = await bench();
  });
  afterEach(() => box.close());
  const say = (text: string) => box.control('/messages', { conversationId: 'conv_ana', text });
  const named =
    (type: string) =>
    ({ body }: Received) =>
      body.type === type || body.event === type;

  const dataOf = (delivery: Received | undefined) => (delivery?.body.data ?? {}) as Json;

  it('signs as the documentation computes it', () => {
    const body = '{"a":1}';
    assert.equal(
      signature('body', 's3cr3t', '1700000000', body),
      'd42927434049e0b8c73ce887062238cc1c6bb6644bfe66e66d8dd0f30b85679e',
    );
    assert.equal(
      signature('timestamp', 's3cr3t', '1700000000', body),
      'sha256=8dbbbbf4523b10bbb793e74d854144c45acccc2d233667b1c06b805b6ded8a84',
    );
  });

  it('delivers an inbound message in the envelope of the SDKs, signed over the body', async () => {
    const receiver = await box.receiver();
    const hook = await box.control('/webhooks', { url: receiver.url, secret: 'sec', scheme: 'body' });
    assert.equal(hook.status, 201);
    const { body: message } = await say('ol\u00e1 \ud83c\udf3f');
    const { headers, raw, body } = await receiver.deliveries.first(named('message.received'));
    assert.equal(headers['x-linktor-signature'], createHmac('sha256', 'sec').update(raw).digest('hex'));
    assert.ok(Math.abs(Number(headers['x-linktor-timestamp']) - Date.now() / 1000) < 5);
    assert.equal(headers['x-linktor-event'], 'message.received');
    assert.match(String(headers['x-linktor-delivery-id']), /^dlv_/);
    assert.deepEqual(Object.keys(body).sort(), ['data', 'id', 'tenantId', 'timestamp', 'type']);
    assert.deepEqual(body.data, {
      message,
      conversationId: 'conv_ana',
      contactId: 'ct_ana',
      channelId: 'ch_webchat',
      channelType: 'webchat',
    });
  });

  it('delivers in the envelope of the docs, signed over time and body', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', { url: receiver.url, secret: 'sec', scheme: 'timestamp' });
    const { body: message } = await say('hi');
    const { headers, raw, body } = await receiver.deliveries.first(named('message.received'));
    const signed = createHmac('sha256', 'sec').update(`${headers['x-linktor-timestamp']}.${raw}`).digest('hex');
    assert.equal(headers['x-linktor-signature'], `sha256=${signed}`);
    const data = body.data as { id: string; type: string; attributes: Json };
    assert.deepEqual([data.id, data.type], [message.id, 'message']);
    assert.deepEqual(data.attributes.content, { type: 'text', text: 'hi' });
    assert.deepEqual(Object.keys(body.meta as Json).sort(), ['organizationId', 'webhookId']);
    await box.api('POST', '/conversations/conv_ana/resolve');
    await receiver.deliveries.first(named('conversation.closed'));
    await box.api('POST', '/conversations/conv_ana/reopen');
    await receiver.deliveries.first(named('conversation.reopened'));
  });

  it('delivers the events of a conversation in order', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', { url: receiver.url, secret: 'sec' });
    await box.control('/messages', { contact: { name: 'Dora' }, text: 'hello' });
    const [first, second, third] = await receiver.deliveries.some(3);
    assert.deepEqual(
      [first, second, third].map((delivery) => delivery?.body.type),
      ['contact.created', 'conversation.created', 'message.received'],
    );
    const id = dataOf(third).conversationId;
    await box.api('POST', `/conversations/${id}/messages`, { text: 'hi Dora' });
    const statuses = (await receiver.deliveries.some(6)).slice(3);
    assert.deepEqual(
      statuses.map(({ body }) => [body.type, (body.data as Json).status, (body.data as Json).direction]),
      [
        ['message.sent', 'sent', 'outbound'],
        ['message.delivered', 'delivered', 'outbound'],
        ['message.read', 'read', 'outbound'],
      ],
    );
    await box.api('POST', `/conversations/${id}/assign`, { agentId: 'user_demo' });
    await box.api('PATCH', `/conversations/${id}`, { status: 'resolved' });
    const [assigned, resolved] = (await receiver.deliveries.some(8)).slice(6);
    assert.equal(assigned?.body.type, 'conversation.assigned');
    assert.equal(dataOf(assigned).assignedTo, 'user_demo');
    assert.deepEqual([resolved?.body.type, dataOf(resolved).previousStatus], ['conversation.resolved', 'open']);
  });

  it('delivers only what was asked for', async () => {
    const receiver = await box.receiver();
    await box.control('/webhooks', { url: receiver.url, secret: 'sec', events: ['conversation.resolved'] });
    await say('not this');
    await box.api('POST', '/conversations/conv_ana/resolve');
    await receiver.deliveries.some(1);
    assert.deepEqual(
      receiver.deliveries.all.map(({ body }) => body.type),
      ['conversation.resolved'],
    );
  });

  it('tries again with the same event until it is taken', async () => {
    const receiver = await box.receiver((_, number) => (number < 3 ? 500 : 204));
    await box.control('/webhooks', { url: receiver.url, secret: 'sec' });
    await say('hi');
    const attempts = await receiver.deliveries.some(3);
    assert.equal(new Set(attempts.map(({ body }) => body.id)).size, 1);
    assert.equal(new Set(attempts.map(({ raw }) => raw)).size, 1);
  });

  it('manages webhooks, and shows the secret once', async () => {
    const receiver = await box.receiver();
    const made = await box.api('POST', '/webhooks', { url: receiver.url, events: ['message.received'] });
    assert.equal(made.status, 201);
    assert.match(String(made.body.secret), /^whsec_[0-9a-f]{48}$/);
    const path = `/webhooks/${made.body.id}`;
    assert.ok(!('secret' in (await box.api('GET', path)).body));
    assert.deepEqual(ids(await box.api('GET', '/webhooks')), [made.body.id]);
    const test = await box.api('POST', `${path}/test`);
    const ping = await receiver.deliveries.first(named('test.ping'));
    const secret = String(made.body.secret);
    assert.equal(ping.headers['x-linktor-signature'], createHmac('sha256', secret).update(ping.raw).digest('hex'));
    await box.api('PATCH', path, { status: 'inactive' });
    await say('nobody hears');
    await box.api('PATCH', path, { status: 'active' });
    await say('heard');
    const heard = await receiver.deliveries.first(named('message.received'));
    assert.equal(((heard.body.data as Json).message as Json).text, 'heard');
    const deliveries = rows(await box.api('GET', `${path}/deliveries?event=test.ping`));
    assert.deepEqual(
      deliveries.map(({ id, eventType }) => [id, eventType]),
      [[test.body.id, 'test.ping']],
    );
    assert.equal((await box.api('POST', `${path}/deliveries/${test.body.id}/retry`)).status, 200);
    const pings = await receiver.deliveries.some(2, named('test.ping'));
    assert.equal(pings[0]?.body.id, pings[1]?.body.id);
    assert.equal((await box.api('DELETE', path)).status, 204);
    assert.equal((await box.api('GET', path)).status, 404);
  });

  it('reports what became of a delivery', async () => {
    const receiver = await box.receiver(() => 410);
    const hook = await box.api('POST', '/webhooks', { url: receiver.url });
    await say('hi');
    await receiver.deliveries.some(3);
    const read = async () => rows(await box.api('GET', `/webhooks/${hook.body.id}/deliveries?status=failed`));
    let failed = await read();
    while (failed.length === 0) failed = await read();
    assert.deepEqual([failed[0]?.attempts, failed[0]?.responseStatus], [3, 410]);
  });

  it('refuses addresses that are none', async () => {
    for (const url of [undefined, 'nowhere', 'ftp://example.com/x']) {
      assert.equal((await box.api('POST', '/webhooks', { url })).status, 400);
    }
  });
});
