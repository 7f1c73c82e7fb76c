import { strict as assert } from 'node:assert';
import { useFakeTimers } from 'sinon';
import WebSocket from 'ws';
import type { ClientSettings, LinktorClient } from '../../../lib/client/index';
import { LinktorClient as Client } from '../../../lib/client/index';
import { assertSilent, type Bench, bench, deadUrl, failing, json, KEY, reset, type Served, serve } from '../support';

const email = 'demo@linktor.local';
const password = 'sandbox';
const me = { apiKey: undefined, email, password };

describe('client: which contract a server speaks', () => {
  let hosted: Bench;
  let api: Bench;
  before(async () => {
    hosted = await bench({ contract: 'server', receipts: 'manual' });
    api = await bench({ receipts: 'manual' });
  });
  after(async () => {
    await hosted.close();
    await api.close();
  });
  beforeEach(async () => {
    await hosted.control('/reset');
    await api.control('/reset');
  });
  const asked = async (box: Bench) => (await box.state()).requests.map(({ method, path }) => `${method} ${path}`);

  it('is found out with the first call, once, whoever asks meanwhile', async () => {
    const client = hosted.client(me);
    assert.deepEqual(await asked(hosted), []);
    await Promise.all(Array.from({ length: 10 }, () => client.conversations.sendText('conv_ana', 'x')));
    await client.auth.me();
    const requests = await asked(hosted);
    assert.deepEqual(requests.slice(0, 3), ['GET /auth/me', 'GET /api/v1/me', 'POST /api/v1/auth/login']);
    assert.deepEqual(requests.slice(3), [
      ...Array(10).fill('POST /api/v1/conversations/conv_ana/messages'),
      'GET /api/v1/me',
    ]);
    assert.deepEqual(await client.contract(), { name: 'server', url: `${hosted.url}/api/v1` });
  });

  it('keeps the order of what waits for it', async () => {
    const client = hosted.client(me);
    const texts = Array.from({ length: 20 }, (_, index) => `text ${index}`);
    await Promise.all(texts.map((text) => client.conversations.sendText('conv_ana', text)));
    const { items } = await client.conversations.messages('conv_ana', { limit: 20 });
    assert.deepEqual(items.map(({ text }) => text).reverse(), texts);
  });

  for (const [what, base] of [
    ['the bare address', ''],
    ['a slash', '/'],
    ['/api/v1', '/api/v1'],
    ['/api/v1/', '/api/v1/'],
  ] as const) {
    it(`needs no care about the address: ${what}`, async () => {
      for (const [box, name, url] of [
        [hosted, 'server', `${hosted.url}/api/v1`],
        [api, 'api', api.url],
      ] as const) {
        for (const contract of ['auto', name] as const) {
          const client = box.client({ ...me, baseUrl: box.url + base, contract });
          assert.equal((await client.auth.me()).email, email, `${name} ${contract}`);
          if (contract === 'auto') assert.deepEqual(await client.contract(), { name, url });
        }
      }
      const client = api.client({ baseUrl: api.url + base });
      assert.equal((await client.conversations.sendText('conv_ana', 'once')).text, 'once');
      assert.deepEqual(
        (await api.state()).sends.map(({ text }) => text),
        ['once'],
      );
    });
  }

  it('costs an API key of the documented API nothing', async () => {
    const client = api.client();
    await client.conversations.get('conv_ana');
    assert.equal((await failing(client.conversations.get('none'))).code, 'not_found');
    assert.deepEqual(await asked(api), ['GET /conversations/conv_ana', 'GET /conversations/none']);
    assert.equal((await client.contract()).name, 'api');
    assert.equal((await asked(api)).length, 2);
  });

  it('tells an API key at the self-hosted server what to do instead', async () => {
    for (const base of ['', '/api/v1']) {
      const client = hosted.client({ baseUrl: hosted.url + base });
      const error = await failing(client.conversations.sendText('conv_ana', 'x'));
      assert.equal(error.code, 'authentication');
      assert.match(String(error.cause.hint), /takes no API keys: sign in with e-mail and password/);
      assertSilent(error, [KEY]);
      assert.equal((await client.contract()).name, 'server');
    }
    assert.deepEqual((await hosted.state()).sends, []);
  });

  it('takes a token, and says of an old one what lasts longer', async () => {
    const { accessToken } = await hosted.client(me).auth.login(email, password);
    for (const given of [{ accessToken }, { apiKey: accessToken }]) {
      const client = hosted.client({ apiKey: undefined, ...given });
      assert.equal((await client.auth.me()).email, email);
    }
    await hosted.control('/tokens', { revoke: true });
    const error = await failing(hosted.client({ apiKey: undefined, accessToken }).auth.me());
    assert.deepEqual([error.code, /e-mail and password/.test(String(error.cause.hint))], ['authentication', true]);
    assertSilent(error, [accessToken]);
  });

  it('is asked without credentials', async () => {
    const seen: Served[] = [];
    const server = await serve(({ headers, url }, response) => {
      if (url === '/api/v1/me' && !headers.authorization)
        return json(response, 401, { code: 'UNAUTHORIZED', message: 'missing authorization header', details: null });
      if (url === '/api/v1/me') return json(response, 200, { success: true, data: { id: 'u' } });
      response.writeHead(404, { 'Content-Type': 'text/plain' }).end('404 page not found');
    });
    seen.push(server);
    const client = new Client({ baseUrl: server.url, accessToken: 'tok' });
    await client.auth.me();
    assert.deepEqual(
      server.asked.map(({ url, headers }) => [url, headers.authorization]),
      [
        ['/auth/me', undefined],
        ['/api/v1/me', undefined],
        ['/api/v1/me', 'Bearer tok'],
      ],
    );
    await client.close();
    await server.close();
  });

  it('is asked again when nobody answered, and the call says so', async () => {
    await hosted.control('/fail', { count: 1, reset: true, path: '/auth/me' });
    const client = hosted.client({ ...me, maxRetries: 0 });
    const { code, cause } = await failing(client.conversations.sendText('conv_ana', 'x'));
    assert.deepEqual([code, cause.ambiguous, cause.retryable], ['network', false, true]);
    await client.conversations.sendText('conv_ana', 'y');
    assert.deepEqual(
      (await hosted.state()).sends.map(({ text }) => text),
      ['y'],
    );
    const nowhere = new Client({ baseUrl: await deadUrl(), accessToken: 'x', maxRetries: 0 });
    assert.equal((await failing(nowhere.contract())).code, 'network');
    await nowhere.close();
  });

  it('is not asked where it was chosen by hand', async () => {
    assert.equal((await failing(hosted.client({ ...me, contract: 'api' }).auth.me())).code, 'not_found');
    assert.equal((await failing(api.client({ ...me, contract: 'server' }).auth.me())).code, 'not_found');
    assert.deepEqual(
      [await asked(hosted), await asked(api)],
      [['POST /auth/login'], ['POST /api/v1/auth/login', 'GET /ready']],
    );
    assert.equal((await hosted.client({ ...me, contract: 'api' }).contract()).name, 'api');
    const wrong = { ...me, contract: 'b' } as unknown as ClientSettings;
    assert.equal((await failing(() => hosted.client(wrong))).code, 'validation');
  });

  it('also shows the way to the socket: token in the header and in the address', async () => {
    const client = hosted.client(me);
    const { url, connection, contract } = client.realtime;
    const [address, options] = await Promise.all([url(), connection()]);
    assert.match(address, /^ws:.+\/api\/v1\/ws\?token=/);
    const socket = new WebSocket(address, options as WebSocket.ClientOptions);
    const first = await new Promise<string>((resolve, rejects) => {
      socket.on('message', (data) => resolve(String(data)));
      socket.on('error', rejects);
    });
    assert.equal(JSON.parse(first).type, 'connected');
    assert.equal(contract.frame(first), undefined);
    assert.equal(contract.signal({ type: 'subscribe', conversationId: 'c' }), undefined);
    socket.terminate();
  });
});

describe('client: signing in to the self-hosted server', () => {
  let box: Bench;
  let client: LinktorClient;
  before(async () => {
    box = await bench({ contract: 'server', receipts: 'manual' });
  });
  after(() => box.close());
  beforeEach(async () => {
    await box.control('/reset');
    client = box.client({ ...me, contract: 'server' });
  });
  const asked = async () => (await box.state()).requests.map(({ path, status }) => `${path} ${status}`);

  it('renews the token before its fifteen minutes are over, once for all', async () => {
    const clock = useFakeTimers({ now: Date.now(), toFake: ['Date'] });
    try {
      await client.auth.me();
      for (let round = 1; round <= 3; round++) {
        clock.tick(850_000);
        const many = Array.from({ length: 20 }, () => client.auth.me());
        await Promise.all(many);
        const statuses = await asked();
        assert.equal(statuses.filter((one) => one === '/api/v1/auth/refresh 200').length, round);
        assert.ok(!statuses.some((one) => one.endsWith('401')));
      }
      assert.equal((await asked()).filter((one) => one.startsWith('/api/v1/auth/login')).length, 1);
    } finally {
      clock.restore();
    }
  });

  it('signs in anew when the server has forgotten us, and does the call once', async () => {
    await client.auth.me();
    await box.control('/tokens', { revoke: true });
    await client.conversations.sendText('conv_ana', 'x');
    assert.equal((await box.state()).sends.length, 1);
    assert.deepEqual((await asked()).slice(2), [
      '/api/v1/conversations/conv_ana/messages 401',
      '/api/v1/auth/refresh 401',
      // A server without its database answers the same.
      '/ready 200',
      '/api/v1/auth/login 200',
      '/api/v1/conversations/conv_ana/messages 201',
    ]);
  });

  it('leaves without a word: there is nothing to sign out of', async () => {
    await client.auth.me();
    await client.close();
    assert.deepEqual(await asked(), ['/api/v1/auth/login 200', '/api/v1/me 200']);
  });
});

describe('client: writes to the self-hosted server', () => {
  let box: Bench;
  let client: LinktorClient;
  before(async () => {
    box = await bench({ contract: 'server', receipts: 'manual' });
  });
  after(() => box.close());
  beforeEach(async () => {
    await box.control('/reset');
    // The option is about servers that honour the key: this one does not.
    client = box.client({ ...me, contract: 'server', idempotent: true, maxRetries: 3 });
    await client.auth.me();
  });
  const posts = async () => (await box.state()).requests.filter(({ method }) => method !== 'GET').length - 1;

  for (const [what, fault] of [
    ['crashed', { status: 500, body: '' }],
    ['answered 503', { status: 503 }],
    ['was cut off', { reset: true }],
  ] as const) {
    it(`finds a message that was stored although the send ${what}`, async () => {
      await client.conversations.sendText('conv_ana', 'once');
      await box.control('/fail', { count: 1, after: true, method: 'POST', ...fault });
      const sent = await client.conversations.sendText('conv_ana', 'once');
      assert.deepEqual([sent.text, sent.direction, sent.metadata], ['once', 'outbound', undefined]);
      const { items } = await client.conversations.messages('conv_ana');
      assert.deepEqual([items[0]?.id, items.filter(({ text }) => text === 'once').length], [sent.id, 2]);
      assert.equal(await posts(), 2);
    });
  }

  it('sends many at once and knows each one again', async () => {
    await box.control('/fail', { count: 10, after: true, reset: true, method: 'POST' });
    const texts = Array.from({ length: 20 }, () => 'the same words');
    const sent = await Promise.all(texts.map((text) => client.conversations.sendText('conv_bruno', text)));
    assert.equal(new Set(sent.map(({ id }) => id)).size, 20);
    assert.equal((await box.state()).sends.length, 20);
  });

  it('says that it cannot know when nothing is found, and does not send again', async () => {
    await box.control('/fail', { count: 1, status: 500, path: '/messages', method: 'POST' });
    const { code, cause } = await failing(client.conversations.sendText('conv_ana', 'x'));
    assert.deepEqual([code, cause.status, cause.ambiguous, cause.retryable], ['server', 500, true, false]);
    assert.deepEqual([(await box.state()).sends, await posts()], [[], 1]);
  });

  it('says so too when it cannot even look', async () => {
    const quick = box.client({ ...me, contract: 'server', maxRetries: 0 });
    await quick.auth.me();
    await box.control('/fail', { count: 2, reset: true, path: '/messages' });
    const { code, cause } = await failing(quick.conversations.sendText('conv_ana', 'x'));
    assert.deepEqual([code, cause.ambiguous], ['network', true]);
  });

  it('takes a message that was stored and could not be sent on for what it is', async () => {
    await box.control('/fail', { count: 1, afterStore: true });
    const { code, message, cause } = await failing(client.conversations.sendText('conv_ana', 'x'));
    const [stored] = (await client.conversations.messages('conv_ana')).items;
    assert.deepEqual(
      [code, cause.ambiguous, cause.retryable, cause.details],
      ['server', false, false, { messageId: stored?.id }],
    );
    assert.match(message, /could not send it on/);
    assert.deepEqual([stored?.status, await posts()], ['failed', 1]);
  });

  it('does not look for what surely never left', async () => {
    const own = new Client({ baseUrl: await deadUrl(), contract: 'server', accessToken: 't', maxRetries: 0 });
    const { code, cause } = await failing(own.conversations.sendText('c', 'x'));
    assert.deepEqual([code, cause.ambiguous, cause.retryable], ['network', false, true]);
    await own.close();
  });

  it('finds a conversation resolved, assigned or reopened although the answer was lost', async () => {
    for (const [act, shows] of [
      [() => client.conversations.resolve('conv_ana'), { status: 'resolved' }],
      [() => client.conversations.reopen('conv_ana'), { status: 'open' }],
      [() => client.conversations.assign('conv_ana', 'user_demo'), { assignedTo: 'user_demo' }],
    ] as const) {
      await box.control('/fail', { count: 1, after: true, reset: true, method: 'POST' });
      const conversation = await act();
      for (const [key, value] of Object.entries(shows)) assert.equal(conversation[key], value);
    }
  });

  it('says of an operation of several parts that a part of it is done', async () => {
    const quick = box.client({ ...me, contract: 'server', maxRetries: 0 });
    await quick.auth.me();
    await box.control('/fail', { count: 1, status: 503, method: 'GET', path: '/bots/bot_demo' });
    const { code, cause, message } = await failing(quick.bots.deactivate('bot_demo'));
    assert.deepEqual([code, cause.ambiguous, cause.retryable], ['server', true, false]);
    assert.match(message, /its first write has been made/);
    assert.equal((cause.details as { written: number }).written, 1);
    assert.equal((await quick.bots.get('bot_demo')).status, 'inactive');
    await box.control('/fail', { count: 1, status: 500, method: 'GET', path: '/contacts/ct_ana' });
    // Nothing has been written while only the reading had failed.
    assert.equal((await failing(quick.contacts.update('ct_ana', { name: 'A' }))).cause.ambiguous, false);
  });

  it('loses none of the changes that are made to one contact at once', async () => {
    const tags = Array.from({ length: 10 }, (_, index) => `t${index}`);
    await Promise.all([
      ...tags.map((tag) => client.contacts.addTags('ct_ana', [tag])),
      client.contacts.update('ct_ana', { customFields: { a: 1 } }),
    ]);
    const ana = await client.contacts.get('ct_ana');
    assert.deepEqual([ana.tags, ana.customFields, ana.email], [['vip', ...tags], { a: '1' }, 'ana@example.com']);
  });

  it('tells the facts of an operation of several parts once', async () => {
    const facts: object[] = [];
    await client.contacts.update('ct_ana', { name: 'A' }, { onAnswer: (one) => facts.push(one) });
    assert.equal(facts.length, 1);
  });

  it('says of a list that the server shows no more of it', async () => {
    for (let index = 0; index < 25; index++) {
      await box.control('/messages', { contact: { name: `C${index}`, phone: `+55110000${index}` }, text: 'hi' });
    }
    const page = await client.conversations.list();
    assert.deepEqual([page.items.length, page.hasNext, page.truncated], [20, false, true]);
    let seen = 0;
    const each = client.conversations.each({ limit: 8 });
    let last = await each.next();
    for (; !last.done; last = await each.next()) seen++;
    assert.deepEqual([seen, last.value], [20, true]);
    for (let index = 0; index < 60; index++) await client.conversations.sendText('conv_ana', `n${index}`);
    const messages = await client.conversations.messages('conv_ana');
    assert.deepEqual([messages.items.length, messages.items[0]?.text, messages.truncated], [50, 'n59', true]);
    const known = messages.items[10]?.id;
    const after = await client.conversations.messages('conv_ana', { after: known });
    assert.deepEqual([after.items.length, after.truncated], [10, undefined]);
    const lost = await client.conversations.messages('conv_ana', { after: 'msg_ana_1' });
    assert.deepEqual([lost.items.length, lost.truncated], [50, true]);
    const before = await client.conversations.messages('conv_ana', { before: 'msg_ana_1' });
    assert.deepEqual([before.items.length, before.hasNext, before.truncated], [0, false, true]);
  }).timeout(15_000);

  it('survives a server that breaks off while we look', async () => {
    const server = await serve(({ method, url }, response, request) => {
      if (url.endsWith('/auth/login'))
        return json(response, 200, { success: true, data: { access_token: 'token-1', expires_in: 900 } });
      if (method === 'POST') return response.writeHead(500).end();
      reset(request);
    });
    const own = new Client({ baseUrl: server.url, contract: 'server', email, password, maxRetries: 0 });
    assert.deepEqual((await failing(own.conversations.sendText('c', 'x'))).cause.ambiguous, true);
    await own.close();
    await server.close();
  });
});
