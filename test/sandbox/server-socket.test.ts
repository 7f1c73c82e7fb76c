import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import WebSocket from 'ws';
import { data, type ServerBench, serverBench } from './server-support';
import type { Json, Listener } from './support';

describe('sandbox as the server: the socket', () => {
  let box: ServerBench;
  beforeEach(async () => {
    box = await serverBench();
  });
  afterEach(() => box.close());

  /** The status and the text with which a handshake is refused. */
  async function refusal(path: string, headers: Record<string, string>): Promise<[number | undefined, string]> {
    const socket = new WebSocket(box.url.replace('http', 'ws') + path, { headers });
    socket.on('error', () => undefined);
    const [, response] = (await once(socket, 'unexpected-response')) as [unknown, NodeJS.ReadableStream];
    let text = '';
    for await (const part of response) text += part;
    socket.terminate();
    return [(response as unknown as { statusCode?: number }).statusCode, text];
  }

  const payloads = (listener: Listener) => listener.frames.all.map(({ type, payload }) => [type, payload as Json]);

  it('wants the token twice', async () => {
    const token = String((await box.signIn()).access_token);
    const headers = { Authorization: `Bearer ${token}` };
    const path = '/api/v1/ws';
    const [missing, text] = await refusal(`${path}?token=${token}`, {});
    assert.deepEqual([missing, (JSON.parse(text) as Json).code], [401, 'UNAUTHORIZED']);
    assert.deepEqual(await refusal(path, headers), [401, '{"error":"missing token"}']);
    assert.deepEqual(await refusal(`${path}?token=wrong`, headers), [401, '{"error":"invalid token"}']);
    assert.deepEqual(await refusal(`/ws?token=${token}`, headers), [404, '404 page not found']);
    const plain = await box.call('GET', `/ws?token=${token}`);
    assert.deepEqual([plain.status, plain.text.trim()], [400, 'Bad Request']);
  });

  it('takes the user from the query', async () => {
    const { token, id } = await box.colleague();
    const headers = { Authorization: `Bearer ${(await box.signIn()).access_token}` };
    const listener = await box.socket(`?token=${token}`, { path: '/api/v1/ws', headers });
    assert.equal(((await listener.frame('connected')).payload as Json).user_id, id);
  });

  it('greets, tells who comes, types and goes, and nothing else', async () => {
    const { token, id } = await box.colleague();
    const admin = await box.agent();
    assert.deepEqual((await admin.frame('connected')).payload, {
      user_id: 'user_demo',
      tenant_id: 'tenant_demo',
      online_users: null,
    });
    const other = await box.agent(token);
    assert.deepEqual(((await other.frame('connected')).payload as Json).online_users, ['user_demo']);
    other.send({ type: 'typing', payload: { conversation_id: 'conv_ana', is_typing: true } });
    const typing = await admin.frame('typing');
    assert.deepEqual(typing.payload, { conversation_id: 'conv_ana', user_id: id, user_name: '', is_typing: true });
    await box.call('POST', '/conversations/conv_ana/messages', { content_type: 'text', content: 'hi' });
    await box.control('/messages', { conversationId: 'conv_ana', text: 'hello' });
    await box.call('POST', '/conversations/conv_ana/assign', { user_id: 'user_demo' });
    other.socket.close();
    const gone = await admin.frame('presence', ({ payload }) => (payload as Json).status === 'offline');
    assert.ok((gone.payload as Json).last_seen);
    assert.deepEqual(admin.types(), ['connected', 'presence', 'typing', 'presence']);
    assert.deepEqual(other.types(), ['connected']);
  });

  it('ignores what it does not understand, and answers pings of the protocol only', async () => {
    const { token } = await box.colleague();
    const [admin, other] = [await box.agent(), await box.agent(token)];
    for (const frame of [{ type: 'ping' }, { type: 'subscribe', conversationId: 'conv_ana' }, { type: 'typing' }]) {
      admin.send(frame);
    }
    for (const text of ['{', '[]', 'null', '7']) admin.socket.send(text);
    await admin.settled();
    await other.settled();
    assert.deepEqual(other.types(), ['connected']);
    const closed = admin.closed();
    admin.socket.send('x'.repeat(512 * 1024 + 1));
    assert.equal(await closed, 1009);
  });

  it('leaves the second socket of a user deaf when the first one goes', async () => {
    const { token } = await box.colleague();
    const watcher = await box.agent(token);
    const first = await box.agent();
    const second = await box.agent();
    await watcher.frames.some(2, ({ type }) => type === 'presence');
    watcher.send({ type: 'typing', payload: { conversation_id: 'conv_ana', is_typing: true } });
    await second.frame('typing');
    await first.settled();
    assert.deepEqual(first.types(), ['connected']);
    first.socket.close();
    await watcher.frame('presence', ({ payload }) => (payload as Json).status === 'offline');
    watcher.send({ type: 'typing', payload: { conversation_id: 'conv_ana', is_typing: false } });
    await watcher.settled();
    await second.settled();
    assert.equal(payloads(second).filter(([type]) => type === 'typing').length, 1);
    assert.equal(second.socket.readyState, WebSocket.OPEN);
    second.send({ type: 'typing', payload: { conversation_id: 'conv_ana', is_typing: true } });
    await watcher.frame('typing');
    assert.deepEqual(
      (await box.state()).clients.map((client) => (client as { deaf?: boolean }).deaf),
      [false, true],
    );
  });

  it('ends a socket that does not answer its pings', async () => {
    await box.control('/sockets/ping', { everyMs: 50, withinMs: 600 });
    const alive = await box.agent();
    const silent = await box.agent();
    silent.socket.pause();
    await alive.frames.some(1, () => true);
    let pings = 0;
    const later = new Promise<void>((resolve) => {
      alive.socket.on('ping', () => {
        pings += 1;
        if (pings === 20) resolve();
      });
    });
    await later;
    assert.equal((await box.state()).sockets.open, 1);
    silent.socket.resume();
    assert.equal(await silent.closed(), 1006);
  });

  it('announces messages and conversations when told to, as later servers may', async () => {
    const announcing = await serverBench({ announces: true });
    const listener = await announcing.agent();
    const sent = data(
      await announcing.call('POST', '/conversations/conv_ana/messages', { content_type: 'text', content: 'hi' }),
    );
    const frame = await listener.frame('new_message');
    assert.deepEqual(frame.payload, { conversation_id: 'conv_ana', message: sent });
    await announcing.call('POST', '/conversations/conv_ana/resolve');
    const { payload } = await listener.frame('conversation_updated');
    assert.deepEqual([(payload as Json).id, (payload as Json).status], ['conv_ana', 'resolved']);
    await announcing.close();
    const late = await box.agent();
    await box.control('/announces', { on: true });
    await box.control('/messages', { conversationId: 'conv_ana', text: 'hello' });
    await late.frame('new_message');
  });
});
