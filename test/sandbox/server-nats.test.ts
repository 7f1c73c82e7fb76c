import { strict as assert } from 'node:assert';
import { AckPolicy, DeliverPolicy, jetstream, jetstreamManager } from '@nats-io/jetstream';
import { connect, type NatsConnection } from '@nats-io/transport-node';
import { startSandbox } from '../../sandbox/index';
import { NatsServer, natsServerPath } from '../support/nats';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import { Inbox, type Json, rows } from './support';

interface Told {
  subject: string;
  body: Json;
}

const TENANT = 'tenant_demo';

describe('sandbox as the server: NATS', () => {
  let file: string;
  let nats: NatsServer;
  let box: ServerBench;
  let connection: NatsConnection;
  let inbox: Inbox<Told>;

  before(async function () {
    const found = await natsServerPath();
    if (!found) return this.skip();
    file = found;
  });
  beforeEach(async () => {
    nats = await NatsServer.start(file);
    box = await serverBench({ nats: nats.url, receipts: 'manual' });
    connection = await connect({ servers: nats.url });
    inbox = new Inbox();
    connection.subscribe('linktor.>', {
      callback: (_, message) => inbox.add({ subject: message.subject, body: message.json() }),
    });
    await connection.flush();
  });
  afterEach(async () => {
    await connection?.close();
    await box?.close();
    await nats?.close();
  });

  const write = (body: Json) => box.control('/messages', body);
  const event = async (type: string) => {
    const { body } = await inbox.first(({ subject }) => subject === `linktor.events.${type}`);
    assert.deepEqual(Object.keys(body), ['type', 'tenant_id', 'payload', 'timestamp']);
    assert.deepEqual([body.type, body.tenant_id], [type, TENANT]);
    assert.ok(!Number.isNaN(Date.parse(String(body.timestamp))));
    return body.payload as Json;
  };

  it('creates the streams of the server', async () => {
    const manager = await jetstreamManager(connection);
    const { config: events } = await manager.streams.info('LINKTOR_EVENTS');
    assert.deepEqual(
      [events.subjects, events.retention, events.max_age / 3_600_000_000_000],
      [['linktor.events.>'], 'interest', 24],
    );
    const { config: messages } = await manager.streams.info('LINKTOR_MESSAGES');
    assert.equal(messages.retention, 'workqueue');
  });

  it('says that a customer has written, after a new contact and a new conversation', async () => {
    const { body } = await write({
      channelId: 'ch_whatsapp',
      contact: { name: 'Nina', phone: '+5511955554444' },
      text: 'oi',
    });
    const received = await event('message.received');
    assert.deepEqual(received, {
      message_id: body.id,
      conversation_id: body.conversationId,
      contact_id: received.contact_id,
      content_type: 'text',
      content: 'oi',
    });
    assert.deepEqual(await event('contact.created'), {
      contact_id: received.contact_id,
      name: 'Nina',
      phone: '5511955554444',
      email: '',
    });
    assert.deepEqual(await event('conversation.created'), {
      conversation_id: body.conversationId,
      channel_id: 'ch_whatsapp',
      contact_id: received.contact_id,
    });
    assert.deepEqual(
      inbox.all.map(({ subject }) => subject),
      ['contact.created', 'conversation.created', 'message.received'].map((type) => `linktor.events.${type}`),
    );
  });

  it('says nothing of what is made through the API', async () => {
    const { id } = data(await box.call('POST', '/contacts', { name: 'Otto' }));
    await box.call('POST', '/conversations', { contact_id: id, channel_id: 'ch_webchat' });
    await write({ conversationId: 'conv_ana', text: 'next' });
    await event('message.received');
    assert.equal(inbox.all.length, 1);
  });

  it('has the message stored when it says so', async () => {
    const path = '/api/v1/webhooks/generic/ch_webchat';
    const sent = { message_id: 'g-1', sender_id: 'v-1', content_type: 'text', content: 'hello', metadata: { a: 'b' } };
    await box.ask('POST', path, { body: sent });
    const { message_id } = await event('message.received');
    const message = data(await box.call('GET', `/messages/${message_id}`));
    assert.deepEqual([message.content, message.metadata], ['hello', { a: 'b' }]);
  });

  it('publishes what people send, and the statuses of providers', async () => {
    const body = { content_type: 'text', content: 'An answer', metadata: { reply_to_id: 'x' } };
    const { id, created_at } = data(await box.call('POST', '/conversations/conv_bruno/messages', body));
    const outbound = await inbox.first(({ subject }) => subject === 'linktor.messages.outbound.whatsapp');
    assert.deepEqual(outbound.body, {
      id,
      tenant_id: TENANT,
      channel_id: 'ch_whatsapp',
      channel_type: 'whatsapp',
      conversation_id: 'conv_bruno',
      contact_id: 'ct_bruno',
      recipient_id: '5511999990002',
      content_type: 'text',
      content: 'An answer',
      metadata: { reply_to_id: 'x' },
      timestamp: created_at,
    });
    const status = { message_id: id, status: 'failed', error_message: 'no such number' };
    await box.ask('POST', '/api/v1/webhooks/status/ch_whatsapp', { body: status });
    const told = await inbox.first(({ subject }) => subject === 'linktor.messages.status.whatsapp');
    const { timestamp, ...rest } = told.body;
    assert.deepEqual(rest, {
      message_id: id,
      channel_type: 'whatsapp',
      status: 'failed',
      error_message: 'no such number',
    });
    assert.ok(!Number.isNaN(Date.parse(String(timestamp))));
  });

  it('publishes reactions, escalations, and whatever the control route says', async () => {
    await box.call('POST', '/conversations/conv_ana/messages/msg_ana_1/reactions', { emoji: '👍' });
    assert.deepEqual(await event('message.reaction'), {
      channel_id: 'ch_webchat',
      message_id: 'msg_ana_1',
      external_id: '',
      conversation_id: 'conv_ana',
      emoji: '👍',
      sender_id: 'user_demo',
    });
    await box.call('POST', '/conversations/conv_ana/escalate', { reason: 'angry', priority: 'high' });
    const escalated = await event('conversation.escalated');
    assert.deepEqual([escalated.conversation_id, escalated.reason, escalated.priority], ['conv_ana', 'angry', 'high']);
    await box.control('/events', { type: 'message.revoke', payload: { message_id: 'm' }, tenantId: 'other' });
    const told = await inbox.first(({ subject }) => subject === 'linktor.events.message.revoke');
    assert.deepEqual([told.body.tenant_id, told.body.payload], ['other', { message_id: 'm' }]);
  });

  it('keeps events for a durable consumer that is away, in order', async () => {
    const manager = await jetstreamManager(connection);
    const consumer = {
      durable_name: 'test',
      filter_subject: 'linktor.events.>',
      deliver_policy: DeliverPolicy.New,
      ack_policy: AckPolicy.Explicit,
    };
    await manager.consumers.add('LINKTOR_EVENTS', consumer);
    const texts = Array.from({ length: 50 }, (_, index) => `line ${index}`);
    for (const text of texts) await write({ conversationId: 'conv_ana', text });
    const reader = await jetstream(connection).consumers.get('LINKTOR_EVENTS', 'test');
    const read: unknown[] = [];
    for await (const message of await reader.fetch({ max_messages: texts.length })) {
      read.push(message.json<{ payload: Json }>().payload.content);
      message.ack();
    }
    assert.deepEqual(read, texts);
  });

  it('stores and fails messages while NATS is away, and publishes again when it is back', async () => {
    await nats.down();
    const ready = async () => (await box.ask('GET', '/ready')).body.nats;
    while ((await ready()) !== 'disconnected');
    const send = (content: string) =>
      box.call('POST', '/conversations/conv_ana/messages', { content_type: 'text', content });
    const failed = await send('lost');
    assert.deepEqual([failed.status, codeOf(failed)], [500, 'INTERNAL_ERROR']);
    const [newest] = rows(await box.call('GET', '/conversations/conv_ana/messages'));
    assert.deepEqual([newest?.content, newest?.status], ['lost', 'failed']);
    await nats.up();
    while ((await ready()) !== 'connected');
    assert.equal((await send('kept')).status, 201);
  });

  it('signs in with what the address says, and says why it cannot', async () => {
    const locked = await NatsServer.start(file, ['--user', 'linktor', '--pass', 's3cret']);
    try {
      const address = locked.url.replace('nats://', 'nats://linktor:s3cret@');
      const sandbox = await startSandbox({ contract: 'server', nats: address });
      await sandbox.close();
      await assert.rejects(startSandbox({ contract: 'server', nats: locked.url }), /authorization/i);
    } finally {
      await locked.close();
    }
  });
});
