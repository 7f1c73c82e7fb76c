import { strict as assert } from 'node:assert';
import { request } from 'node:http';
import { useFakeTimers } from 'sinon';
import { type Bench, bench, ids, type Json, rows } from './support';

describe('sandbox: control routes', () => {
  let box: Bench;
  before(async () => {
    box = await bench({ receipts: 'manual' });
  });
  beforeEach(async () => {
    await box.control('/reset');
    await box.hangUp();
  });
  after(() => box.close());
  const say = (body: Json) => box.control('/messages', body);

  describe('a customer writes', () => {
    it('into a conversation', async () => {
      const listener = await box.socket();
      await listener.subscribe('conv_ana');
      const { status, body } = await say({ conversationId: 'conv_ana', text: 'hi' });
      assert.equal(status, 201);
      assert.deepEqual(
        [body.direction, body.senderType, body.senderId, body.status, body.text],
        ['inbound', 'contact', 'ct_ana', 'delivered', 'hi'],
      );
      assert.deepEqual((await listener.frame('message')).message, body);
      const { body: conversation } = await box.api('GET', '/conversations/conv_ana');
      assert.deepEqual([conversation.unreadCount, (conversation.lastMessage as Json).id], [2, body.id]);
    });

    it('for the first time, which announces the conversation', async () => {
      const listener = await box.socket();
      const first = await say({ contact: { name: 'Dora', phone: '+55 11 98888-0001' }, text: 'hello' });
      const update = await listener.frame('conversation_update');
      assert.deepEqual([update.conversationId, update.status], [first.body.conversationId, 'open']);
      const { body } = await box.api('GET', `/conversations/${first.body.conversationId}`);
      assert.deepEqual([body.channelId, (body.contact as Json).name], ['ch_webchat', 'Dora']);
      const again = await say({ contact: { phone: '5511988880001' }, text: 'again' });
      assert.equal(again.body.conversationId, first.body.conversationId);
      const elsewhere = await say({ contact: { phone: '5511988880001' }, channelId: 'ch_whatsapp', text: 'here' });
      assert.notEqual(elsewhere.body.conversationId, first.body.conversationId);
      assert.equal(elsewhere.body.senderId, first.body.senderId);
    });

    it('found by name, into a new conversation when the old one is over', async () => {
      const { body } = await say({ contact: { name: 'ana souza' }, text: 'hi' });
      assert.equal(body.conversationId, 'conv_ana');
      await box.api('POST', '/conversations/conv_ana/resolve');
      const next = await say({ contact: { name: 'Ana Souza' }, text: 'hi' });
      assert.notEqual(next.body.conversationId, 'conv_ana');
      assert.equal(next.body.senderId, 'ct_ana');
    });

    it('into one that was over, which opens it again', async () => {
      await say({ conversationId: 'conv_carla', text: 'one more thing' });
      assert.equal((await box.api('GET', '/conversations/conv_carla')).body.status, 'open');
    });

    it('a picture', async () => {
      const { body } = await say({
        conversationId: 'conv_ana',
        media: { type: 'image', url: 'https://example.com/a.png', caption: 'look' },
      });
      assert.deepEqual([body.type, (body.media as Json).caption], ['image', 'look']);
    });

    it('by a choice, whose title is the text', async () => {
      const { body } = await say({ conversationId: 'conv_ana', choice: { id: 'yes', title: 'Yes, please' } });
      assert.deepEqual([body.type, body.text], ['interactive', 'Yes, please']);
      assert.deepEqual([(body.interactive as Json).id, (body.interactive as Json).title], ['yes', 'Yes, please']);
    });

    it('but not nothing, nobody or nowhere', async () => {
      assert.equal((await say({ conversationId: 'conv_ana' })).status, 400);
      assert.equal((await say({ text: 'hi' })).status, 400);
      assert.equal((await say({ conversationId: 'conv_x', text: 'hi' })).status, 404);
      assert.equal((await say({ contact: { name: 'x' }, channelId: 'ch_x', text: 'hi' })).status, 400);
    });
  });

  describe('statuses', () => {
    it('stay at sent until told, never go back and say why they failed', async () => {
      const listener = await box.socket();
      await listener.subscribe('conv_ana');
      const { body } = await box.api('POST', '/conversations/conv_ana/messages', { text: 'hi' });
      await listener.frame('message_status', ({ status }) => status === 'sent');
      const messageId = body.id;
      const set = (status: string, error?: string) => box.control('/status', { messageId, status, error });
      assert.equal((await set('delivered')).body.status, 'delivered');
      assert.equal((await set('delivered')).status, 200);
      assert.equal((await set('sent')).status, 409);
      assert.equal((await set('failed', 'number unknown')).body.failedReason, 'number unknown');
      assert.equal((await set('read')).status, 409);
      assert.equal((await set('lost')).status, 400);
      await listener.frame('message_status', ({ status }) => status === 'failed');
      const statuses = listener.frames.all.filter(({ type }) => type === 'message_status').map(({ status }) => status);
      assert.deepEqual(statuses, ['sent', 'delivered', 'failed']);
    });
  });

  describe('failures', () => {
    const post = (text: string) => box.api('POST', '/conversations/conv_ana/messages', { text });

    it('hit the next requests, then stop', async () => {
      await box.control('/fail', { count: 2, status: 503, headers: { 'Retry-After': '7' } });
      for (const _ of [1, 2]) {
        const { status, headers, body } = await post('x');
        assert.deepEqual([status, headers.get('retry-after'), body.code], [503, '7', 'SERVER_ERROR']);
      }
      assert.equal((await post('x')).status, 201);
      assert.equal((await box.state()).sends.length, 1);
    });

    it('hit a message once it is stored, which has failed then', async () => {
      await box.control('/fail', { afterStore: true, status: 502, headers: { 'Retry-After': '1' } });
      assert.equal((await box.api('GET', '/conversations')).status, 200);
      const { status, headers, body } = await post('kept');
      assert.deepEqual([status, headers.get('retry-after'), body.code], [502, '1', 'SERVER_ERROR']);
      const [newest] = rows(await box.api('GET', '/conversations/conv_ana/messages'));
      assert.deepEqual([newest?.text, newest?.status], ['kept', 'failed']);
      assert.equal((await post('x')).status, 201);
    });

    it('break a connection that takes too long, and the work goes on', async () => {
      const listener = await box.socket();
      await listener.subscribe('conv_ana');
      await box.control('/cutoff', { ms: 30 });
      await box.control('/latency', { ms: 120 });
      await assert.rejects(post('late'));
      const frame = await listener.frame('message');
      assert.equal((frame.message as Json).text, 'late');
    });

    it('hit only what they are meant for', async () => {
      await box.control('/fail', { status: 500, method: 'POST', path: '/messages', body: { error: { code: 'X' } } });
      assert.equal((await box.api('GET', '/conversations/conv_ana/messages')).status, 200);
      assert.equal((await box.api('POST', '/conversations/conv_ana/read')).status, 200);
      const { status, body } = await post('x');
      assert.deepEqual([status, body], [500, { error: { code: 'X' } }]);
      await box.control('/fail', { status: 500, path: '/conversations/*/messages' });
      assert.equal((await box.api('GET', '/conversations/conv_ana/messages/msg_ana_1')).status, 200);
      assert.equal((await post('x')).status, 500);
    });

    it('answer with a text, or with nothing', async () => {
      await box.control('/fail', { status: 502, body: '<html>Bad gateway</html>' });
      const text = await post('x');
      assert.deepEqual([text.status, text.text], [502, '<html>Bad gateway</html>']);
      await box.control('/fail', { status: 500, body: '' });
      assert.equal((await post('x')).text, '');
    });

    it('break the connection, before anything is done or after', async () => {
      await box.control('/fail', { count: 1, reset: true });
      await assert.rejects(post('never stored'));
      await box.control('/fail', { count: 1, after: true });
      await assert.rejects(post('stored'));
      assert.deepEqual(
        (await box.state()).sends.map(({ text }) => text),
        ['stored'],
      );
      assert.deepEqual(
        (await box.state()).requests.map(({ status }) => status),
        [0, 0],
      );
    });

    it('may lie: it is done, and the answer is an error', async () => {
      await box.control('/fail', { count: 1, after: true, status: 504 });
      assert.equal((await post('stored')).status, 504);
      assert.equal((await box.state()).sends.length, 1);
    });

    it('are called off by a count of 0, and refused without a status', async () => {
      await box.control('/fail', { count: 5, status: 500 });
      await box.control('/fail', { count: 0 });
      assert.equal((await post('x')).status, 201);
      assert.equal((await box.control('/fail', { count: 1 })).status, 400);
    });

    it('reach the socket only when they name its path', async () => {
      await box.control('/fail', { count: 1, status: 500 });
      const listener = await box.socket();
      await box.control('/fail', { count: 1, status: 403, path: '/ws' });
      await assert.rejects(box.socket(), /403/);
      assert.equal(listener.socket.readyState, listener.socket.OPEN);
    });
  });

  it('delays every request of the API', async () => {
    await box.control('/latency', { ms: 60 });
    const before = performance.now();
    await box.api('GET', '/channels');
    assert.ok(performance.now() - before >= 55);
    await box.control('/latency', { ms: 0 });
    assert.equal((await box.control('/latency', { ms: -1 })).status, 400);
  });

  it('limits the requests of a window, says so in headers, and lets more through in the next', async () => {
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    await box.control('/limit', { perMinute: 2, windowMs: 300 });
    const replies = [];
    for (const _ of [1, 2, 3]) replies.push(await box.api('GET', '/channels'));
    assert.deepEqual(
      replies.map(({ status }) => status),
      [200, 200, 429],
    );
    const remaining = replies.map(({ headers }) => headers.get('x-ratelimit-remaining'));
    assert.deepEqual(remaining, ['1', '0', '0']);
    const [, , refused] = replies;
    assert.equal(refused?.headers.get('x-ratelimit-limit'), '2');
    assert.equal(refused?.headers.get('retry-after'), '1');
    assert.equal(refused?.body.code, 'RATE_LIMIT_ERROR');
    assert.ok(Number(refused?.headers.get('x-ratelimit-reset')) >= Math.floor(Date.now() / 1000));
    assert.equal((await box.state()).counts.limited, 1);
    clock.tick(299);
    assert.equal((await box.api('GET', '/channels')).status, 429);
    clock.tick(1);
    assert.equal((await box.api('GET', '/channels')).status, 200);
    clock.restore();
    await box.control('/limit', { perMinute: 0 });
    assert.equal((await box.api('GET', '/channels')).headers.get('x-ratelimit-limit'), null);
  });

  describe('sockets', () => {
    it('are dropped without a word or with a code', async () => {
      const before = (await box.state()).sockets.total;
      const listener = await box.socket();
      const broken = listener.closed();
      assert.deepEqual((await box.control('/sockets/drop')).body, { dropped: 1 });
      assert.equal(await broken, 1006);
      const second = await box.socket();
      const closed = second.closed();
      await box.control('/sockets/drop', { code: 1012 });
      assert.equal(await closed, 1012);
      const { sockets } = await box.state();
      assert.deepEqual([sockets.open, sockets.total], [0, before + 2]);
      assert.equal((await box.control('/sockets/drop', { code: 1005 })).status, 400);
    });

    it('go silent when frozen, and speak again when thawed', async () => {
      const frozen = await box.socket();
      await frozen.subscribe('conv_ana');
      assert.deepEqual((await box.control('/sockets/freeze')).body, { frozen: 1 });
      const pong = frozen.settled();
      const live = await box.socket();
      await live.subscribe('conv_ana');
      await say({ conversationId: 'conv_ana', text: 'lost' });
      await live.frame('message');
      await live.settled();
      assert.deepEqual(frozen.types(), []);
      const first = await Promise.race([pong.then(() => 'pong'), live.settled().then(() => 'silence')]);
      assert.equal(first, 'silence');
      assert.deepEqual((await box.control('/sockets/thaw')).body, { thawed: 1 });
      await pong;
      await say({ conversationId: 'conv_ana', text: 'heard' });
      assert.equal(((await frozen.frame('message')).message as Json).text, 'heard');
    });
  });

  it('tell what happened', async () => {
    await box.api('POST', '/conversations/conv_ana/messages', { text: 'hi' }, { 'Idempotency-Key': 'k1' });
    await box.api('GET', '/nowhere?x=1');
    const { counts, requests, sends } = await box.state();
    assert.deepEqual(
      requests.map(({ method, path, status, idempotencyKey }) => [method, path, status, idempotencyKey]),
      [
        ['POST', '/conversations/conv_ana/messages', 201, 'k1'],
        ['GET', '/nowhere', 404, undefined],
      ],
    );
    assert.deepEqual([counts.requests, counts.conversations, counts.contacts, counts.messages], [2, 3, 3, 9]);
    assert.deepEqual([sends[0]?.conversationId, sends[0]?.text, sends[0]?.idempotencyKey], ['conv_ana', 'hi', 'k1']);
  });

  it('remember the last 200 requests and count them all', async () => {
    await Promise.all(Array.from({ length: 205 }, () => box.api('GET', '/channels')));
    const { counts, requests } = await box.state();
    assert.deepEqual([counts.requests, requests.length], [205, 200]);
  });

  it('go back to the seed', async () => {
    await box.api('POST', '/contacts', { name: 'Temp' });
    await box.control('/fail', { count: 9, status: 500 });
    await box.control('/reset');
    const contacts = await box.api('GET', '/contacts');
    assert.deepEqual(ids(contacts), ['ct_ana', 'ct_bruno', 'ct_carla']);
    assert.ok(rows(contacts).every(({ phone }) => typeof phone === 'string'));
    assert.equal((await box.state()).counts.requests, 1);
  });

  it('answer nobody from elsewhere', async () => {
    const { port } = new URL(box.url);
    const ask = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const asked = request({ port, host: '127.0.0.1', path: '/_sandbox/state', headers }, (response) => {
          response.resume();
          resolve(response.statusCode);
        });
        asked.on('error', reject);
        asked.end();
      });
    assert.equal(await ask({ Host: 'evil.example' }), 403);
    assert.equal(await ask({ Host: '127.0.0.1.evil.example' }), 403);
    assert.equal(await ask({ Host: `127.0.0.1:${port}`, Origin: 'https://evil.example' }), 403);
    for (const Host of ['localhost', `localhost:${port}`, '127.0.0.1', `[::1]:${port}`])
      assert.equal(await ask({ Host }), 200);
    assert.equal(await ask({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` }), 200);
  });

  it('and no page on the web may use the key that everybody knows, whatever name it has for us', async () => {
    const { port } = new URL(box.url);
    const hook = JSON.stringify({ url: 'http://10.0.0.1/inside', events: ['*'] });
    const ask = (headers: Record<string, string>) =>
      new Promise<number | undefined>((resolve, reject) => {
        const own = { 'X-API-Key': 'sandbox-key', 'Content-Type': 'application/json', ...headers };
        const asked = request(
          { port, host: '127.0.0.1', method: 'POST', path: '/webhooks', headers: own },
          (response) => {
            response.resume();
            resolve(response.statusCode);
          },
        );
        asked.on('error', reject);
        asked.end(hook);
      });
    for (const Origin of [
      'http://evil.example',
      `http://evil.example:${port}`,
      'https://127.0.0.1.evil.example',
      'null',
    ]) {
      assert.equal(await ask({ Host: `evil.example:${port}`, Origin }), 403, Origin);
      await assert.rejects(box.socket(undefined, { path: '/ws', headers: { Origin } }));
    }
    assert.deepEqual((await box.api('GET', '/webhooks')).body.data, []);
    assert.equal(await ask({}), 201);
    await box.socket(undefined, { path: '/ws', headers: { Origin: box.url } });
    assert.equal(await ask({ Host: `localhost:${port}`, Origin: `http://localhost:${port}` }), 201);
  });
});
