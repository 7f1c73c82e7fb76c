import { strict as assert } from 'node:assert';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import { type Json, Listener } from './support';

const MESSAGES = '/conversations/conv_ana/messages';

describe('sandbox as the server: control routes and the chat page', () => {
  let box: ServerBench;
  beforeEach(async () => {
    box = await serverBench();
  });
  afterEach(() => box.close());
  const send = (content: string) => box.call('POST', MESSAGES, { content_type: 'text', content });
  const stored = async () =>
    ((await box.ask('GET', '/_sandbox/conversations/conv_ana/messages')).body.data as Json[]).map(
      ({ text, status }) => [text, status],
    );

  it('plays a customer, who is found by polling', async () => {
    const { status, body } = await box.control('/messages', { contact: { name: 'Nina' }, text: 'ola' });
    assert.equal(status, 201);
    const [newest] = (await box.call('GET', '/conversations')).body.data as Json[];
    assert.equal(newest?.id, body.conversationId);
    const [message] = (await box.call('GET', `/conversations/${newest?.id}/messages`)).body.data as Json[];
    assert.deepEqual([message?.id, message?.sender_type, message?.content], [body.id, 'contact', 'ola']);
  });

  it('lets a customer type', async () => {
    const listener = await box.agent();
    await box.control('/typing', { conversationId: 'conv_ana', isTyping: false });
    const { payload } = await listener.frame('typing');
    assert.deepEqual([(payload as Json).user_id, (payload as Json).is_typing], ['ct_ana', false]);
  });

  it('moves a message on', async () => {
    const quiet = await serverBench({ receipts: 'manual' });
    const { id } = data(await quiet.call('POST', MESSAGES, { content_type: 'text', content: 'hi' }));
    await quiet.control('/status', { messageId: id, status: 'read' });
    assert.equal(data(await quiet.call('GET', `/messages/${id}`)).status, 'read');
    await quiet.control('/status', { messageId: 'msg_ana_1', status: 'read' });
    await quiet.close();
  });

  it('fails in the words of the server', async () => {
    await box.control('/fail', { status: 503 });
    const refused = await send('x');
    assert.deepEqual([refused.status, codeOf(refused)], [503, 'INTERNAL_ERROR']);
    await box.control('/fail', { status: 500, body: '' });
    const crash = await send('x');
    assert.deepEqual([crash.status, crash.text, crash.headers.get('content-type')], [500, '', null]);
    assert.equal((await box.state()).sends.length, 0);
  });

  it('fails after the message is stored', async () => {
    await box.control('/fail', { afterStore: true });
    assert.equal((await box.call('GET', '/conversations')).status, 200);
    const reply = await send('kept');
    assert.deepEqual([reply.status, codeOf(reply)], [500, 'INTERNAL_ERROR']);
    assert.deepEqual((await stored())[0], ['kept', 'failed']);
    assert.equal((await send('after')).status, 201);
  });

  it('breaks a connection that takes too long, and does the work all the same', async () => {
    const listener = await box.agent();
    await box.control('/announces', {});
    await box.control('/cutoff', { ms: 30 });
    await box.control('/latency', { ms: 120 });
    await assert.rejects(send('late'));
    await listener.frame('new_message');
    assert.equal((await stored())[0]?.[0], 'late');
    await box.control('/reset');
    assert.equal((await send('in time')).status, 201);
  });

  it('limits in the words of the server: seconds in the body, no Retry-After', async () => {
    await box.control('/limit', { perMinute: 1 });
    assert.equal((await box.call('GET', '/me')).headers.get('x-ratelimit-limit'), '1');
    const { status, headers, body } = await box.call('GET', '/me');
    assert.deepEqual([status, body.code, headers.get('retry-after')], [429, 'RATE_LIMITED', null]);
    assert.ok(Number(body.retry_after) > 0 && headers.get('x-ratelimit-reset'));
  });

  it('drops, freezes and tells about the agent sockets', async () => {
    const listener = await box.agent();
    assert.deepEqual((await box.state()).sockets, { open: 1, total: 1, subscriptions: 0 });
    assert.equal((await box.control('/sockets/freeze')).body.frozen, 1);
    await box.control('/typing', { conversationId: 'conv_ana' });
    assert.equal((await box.control('/sockets/thaw')).body.thawed, 1);
    await listener.settled();
    assert.deepEqual(listener.types(), ['connected']);
    const closed = listener.closed();
    await box.control('/sockets/drop', { code: 1001 });
    assert.equal(await closed, 1001);
  });

  it('delivers no webhooks', async () => {
    assert.equal((await box.control('/webhooks', { url: 'http://127.0.0.1:1/', secret: 's' })).status, 404);
    assert.equal((await box.call('GET', '/webhooks')).status, 404);
  });

  it('shows the chat page the same world, past every planned failure', async () => {
    await box.control('/fail', { status: 500, count: 9 });
    const { body } = await box.ask('GET', '/_sandbox/conversations?limit=50');
    assert.deepEqual(
      (body.data as Json[]).map(({ id, contact }) => [id, (contact as Json).name]),
      [
        ['conv_ana', 'Ana Souza'],
        ['conv_bruno', 'Bruno Lima'],
        ['conv_carla', 'Carla Mendes'],
      ],
    );
    assert.equal(((await box.ask('GET', '/_sandbox/channels')).body.data as Json[]).length, 2);
    await box.control('/fail', { count: 0 });
    const page = await box.socket('', { path: '/_sandbox/ws', headers: { Origin: box.url } });
    await page.subscribe('conv_ana');
    await send('hi');
    const frame = await page.frame('message');
    assert.equal((frame.message as Json).text, 'hi');
    assert.equal((await box.state()).sockets.total, 0);
    const stranger = { path: '/_sandbox/ws', headers: { Origin: 'https://example.com' } };
    await assert.rejects(Listener.open(box.url, '', stranger));
  });
});
