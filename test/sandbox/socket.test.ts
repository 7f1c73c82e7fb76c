import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import WebSocket from 'ws';
import { type Bench, bench, type Json, type Listener } from './support';

describe('sandbox: the socket', () => {
  let box: Bench;
  beforeEach(async () => {
    box = await bench();
  });
  afterEach(() => box.close());
  const send = (text: string, conversation = 'conv_ana') =>
    box.api('POST', `/conversations/${conversation}/messages`, { text });

  async function refusal(query: string, path = '/ws'): Promise<number | undefined> {
    const socket = new WebSocket(`${box.url.replace('http', 'ws')}${path}${query}`);
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, { statusCode?: number }];
    socket.terminate();
    return response.statusCode;
  }

  it('refuses the handshake without good credentials', async () => {
    for (const query of ['', '?api_key=wrong', '?token=wrong', '?api_key=wrong&token=sandbox-key']) {
      assert.equal(await refusal(query), 401, query);
    }
    assert.equal(await refusal('?api_key=sandbox-key', '/other'), 404);
  });

  it('lets in with the key or with an access token', async () => {
    const login = await box.ask('POST', '/auth/login', { body: { email: 'demo@linktor.local', password: 'sandbox' } });
    await box.socket('?api_key=sandbox-key');
    await box.socket(`?token=${login.body.accessToken}`);
    assert.deepEqual((await box.state()).sockets, { open: 2, total: 2, subscriptions: 0 });
  });

  it('sends messages, statuses and typing to subscribers only, and conversation updates to all', async () => {
    const [near, far] = [await box.socket(), await box.socket()];
    await near.subscribe('conv_ana');
    await send('hello');
    await near.frame('message_status', ({ status }) => status === 'delivered');
    await box.control('/typing', { conversationId: 'conv_ana', isTyping: true });
    assert.deepEqual(await near.frame('typing'), {
      type: 'typing',
      conversationId: 'conv_ana',
      userId: 'ct_ana',
      isTyping: true,
    });
    await box.control('/typing', { conversationId: 'conv_ana', isTyping: false, userId: 'user_paula' });
    assert.equal((await near.frame('typing', ({ isTyping }) => isTyping === false)).userId, 'user_paula');
    await box.api('POST', '/conversations/conv_ana/assign', { agentId: 'user_demo' });
    const update = await far.frame('conversation_update');
    assert.deepEqual(update, {
      type: 'conversation_update',
      conversationId: 'conv_ana',
      status: 'open',
      assignedTo: 'user_demo',
      metadata: {},
    });
    await near.frame('conversation_update');
    assert.deepEqual(far.types(), ['conversation_update']);
    assert.deepEqual(near.types(), [
      'message',
      'message_status',
      'message_status',
      'typing',
      'typing',
      'conversation_update',
    ]);
  });

  it('tells the whole way of a message', async () => {
    const listener = await box.socket();
    await listener.subscribe('conv_ana');
    const { body } = await send('hello');
    const frame = await listener.frame('message');
    assert.deepEqual(frame.message, body);
    const read = await listener.frame('message_status', ({ status }) => status === 'read');
    assert.deepEqual([read.conversationId, read.messageId], ['conv_ana', body.id]);
    assert.ok(!Number.isNaN(Date.parse(String(read.timestamp))));
    const statuses = listener.frames.all.filter(({ type }) => type === 'message_status').map(({ status }) => status);
    assert.deepEqual(statuses, ['sent', 'delivered', 'read']);
  });

  it('stops at unsubscribe', async () => {
    const listener = await box.socket();
    await listener.subscribe('conv_ana');
    await listener.subscribe('conv_bruno');
    assert.deepEqual((await box.state()).clients, [{ subscriptions: ['conv_ana', 'conv_bruno'] }]);
    listener.send({ type: 'unsubscribe', conversationId: 'conv_ana' });
    await listener.settled();
    await send('to nobody');
    await send('to us', 'conv_bruno');
    const frame = await listener.frame('message');
    assert.equal(frame.conversationId, 'conv_bruno');
  });

  it('relays typing to the other subscribers, not to its sender', async () => {
    const [writer, reader, stranger] = [await box.socket(), await box.socket(), await box.socket()];
    for (const listener of [writer, reader]) await listener.subscribe('conv_ana');
    writer.send({ type: 'typing', conversationId: 'conv_ana', isTyping: false });
    const frame = await reader.frame('typing');
    assert.deepEqual([frame.userId, frame.isTyping], ['user_demo', false]);
    await everyone(writer, stranger);
    assert.deepEqual([writer.types(), stranger.types()], [[], []]);
  });

  it('ignores what it does not understand, and does not answer an application ping', async () => {
    const listener = await box.socket();
    for (const frame of [
      { type: 'ping' },
      { type: 'dance' },
      { type: 'subscribe' },
      { type: 'typing', conversationId: 'conv_ana' },
    ]) {
      listener.send(frame);
    }
    for (const text of ['{', '[]', 'null', '7']) listener.socket.send(text);
    listener.socket.send(Buffer.from([1, 2, 3]));
    await listener.subscribe('conv_ana');
    await send('still here');
    await listener.frame('message');
    assert.equal(listener.types()[0], 'message');
  });

  it('closes with 1009 when a frame is too big', async () => {
    const listener = await box.socket();
    const closed = listener.closed();
    listener.socket.send('x'.repeat(512 * 1024 + 1));
    assert.equal(await closed, 1009);
  });

  it('sends everything to everybody when broadcasting', async () => {
    const loud = await bench({ broadcast: true });
    const [listener, writer] = [await loud.socket(), await loud.socket()];
    await loud.api('POST', '/conversations/conv_ana/messages', { text: 'hello' });
    assert.equal(((await listener.frame('message')).message as Json).text, 'hello');
    writer.send({ type: 'typing', conversationId: 'conv_ana', isTyping: true });
    await listener.frame('typing');
    await everyone(writer);
    assert.ok(!writer.types().includes('typing'));
    await loud.close();
  });

  /** After this, frames sent earlier have arrived: a pong comes behind them. */
  async function everyone(...listeners: Listener[]): Promise<void> {
    await Promise.all(listeners.map((listener) => listener.settled()));
  }
});
