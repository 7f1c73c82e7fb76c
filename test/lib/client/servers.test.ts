import { strict as assert } from 'node:assert';
import type { ServerResponse } from 'node:http';
import { type ClientSettings, LinktorClient } from '../../../lib/client/index';
import { verifyWrite } from '../../../lib/client/verify';
import { LinktorError } from '../../../lib/errors';
import { type Asked, type Bench, bench, failing, fastTime, json, KEY, type Served, serve } from '../support';

describe('client: servers as they are', () => {
  const open: { close(): unknown }[] = [];
  afterEach(async () => {
    for (const one of open.splice(0).reverse()) await one.close();
  });
  const start = async (handler: (asked: Asked, response: ServerResponse) => void, settings: ClientSettings = {}) => {
    const server: Served = await serve(handler);
    const client = new LinktorClient({ baseUrl: server.url, apiKey: KEY, contract: 'api', ...settings });
    open.push(server, client);
    return { server, client };
  };

  describe('an answer that only says that it was done', () => {
    const answers: [what: string, status: number, body: string, type?: string][] = [
      ['204', 204, ''],
      ['an empty 200', 200, ''],
      ['null', 200, 'null'],
      ['success', 200, '{"success":true}'],
      ['success without data', 200, '{"success":true,"data":null}'],
      ['a message', 200, '{"message":"Execution cancelled"}'],
      ['OK', 200, 'OK', 'text/plain'],
      ['a text as JSON', 202, '"accepted"'],
      ['a word of its own', 200, '{"cancelled":true}'],
      ['success at a time', 200, '{"success":true,"timestamp":"2026-05-01T12:00:00Z","requestId":"r"}'],
      ['success and no error', 200, '{"success":true,"error":null,"errors":[]}'],
      ['the id of something else', 200, '{"message":"done","flow_id":"f"}'],
      ['an empty list', 200, '[]'],
      ['figures', 200, '{"data":{"modifiedCount":1}}'],
    ];
    for (const [what, status, body, type = 'application/json'] of answers) {
      it(`is no failure, and the entity is read: ${what}`, async () => {
        const { client, server } = await start(({ method, url }, response) => {
          if (method === 'GET') return json(response, 200, { id: url.split('/').at(-1), status: 'read' });
          response.writeHead(status, { 'Content-Type': type }).end(body);
        });
        const calls = [
          () => client.flows.cancel('f', 'e1'),
          () => client.conversations.resolve('e1'),
          () => client.conversations.update('e1', { status: 'open' }),
          () => client.contacts.addTags('e1', ['vip']),
          () => client.bots.removeChannels('e1', ['c']),
          () => client.channels.disconnect('e1'),
          () => client.contacts.merge('e1', ['e2']),
        ];
        for (const call of calls) assert.deepEqual([(await call()).id, (await call()).status], ['e1', 'read']);
        assert.equal(server.asked.filter(({ method }) => method !== 'GET').length, 2 * calls.length, 'nothing twice');
      });
    }

    for (const [what, , body, type = 'application/json'] of answers) {
      it(`is no failure of what gives nothing back: ${what}`, async () => {
        const { client } = await start((_asked, response) =>
          response.writeHead(200, { 'Content-Type': type }).end(body),
        );
        for (const call of [
          () => client.contacts.remove('e1'),
          () => client.conversations.markRead('e1', ['m1']),
          () => client.auth.changePassword('old', 'new'),
        ]) {
          assert.equal(await call(), undefined);
        }
      });
    }

    const refusals: [body: string, message: RegExp, type?: string][] = [
      ['{"status":"error","message":"The flow has ended"}', /The flow has ended/],
      ['{"status":"fail","data":{"title":"is required"}}', /is required/],
      ['{"statusCode":409,"message":"Somebody was faster"}', /Somebody was faster/],
      ['{"code":403,"msg":"Not yours"}', /Not yours/],
      ['{"success":"false","message":"No"}', /No/],
      ['{"result":"failed","reason":"Locked"}', /Locked/],
    ];
    for (const [body, message] of refusals) {
      it(`is a failure where it says the opposite: ${body}`, async () => {
        const { client } = await start((_asked, response) => json(response, 200, JSON.parse(body)));
        for (const call of [
          () => client.flows.cancel('f', 'e1'),
          () => client.contacts.remove('e1'),
          () => client.contacts.get('e1'),
          () => client.conversations.sendText('e1', 'x'),
        ]) {
          const error = await failing(call());
          assert.match(error.message, message);
          assert.equal(error.cause.ambiguous, false);
        }
      });
    }

    it('is a failure where a text says the opposite, or a page of somebody else comes', async () => {
      for (const body of ['Error: no such flow', 'Forbidden', '<html>Sign in</html>']) {
        const { client } = await start((_asked, response) =>
          response.writeHead(200, { 'Content-Type': 'text/html' }).end(body),
        );
        assert.equal((await failing(client.flows.cancel('f', 'e1'))).code, 'serialization', body);
        assert.equal((await failing(client.contacts.remove('e1'))).code, 'serialization', body);
      }
    });

    it('is no failure either where the entity cannot be read afterwards', async () => {
      const { client } = await start(({ method }, response) => json(response, method === 'GET' ? 403 : 200, null));
      assert.deepEqual(await client.flows.cancel('f', 'e1'), { id: 'e1' });
    });

    it('is still a failure where its content is what was asked for', async () => {
      const { client } = await start((_asked, response) => json(response, 200, { success: true }));
      assert.equal((await failing(client.contacts.get('c'))).code, 'serialization');
      const error = await failing(client.conversations.sendText('c', 'x'));
      assert.deepEqual([error.code, error.cause.ambiguous], ['serialization', true]);
    });
  });

  it('find the socket where the paths are, before anybody is refused', async () => {
    for (const [given, served] of [
      ['/api/v1', ''],
      ['', '/api/v1'],
    ] as const) {
      const { client, server } = await start(
        ({ url }, response) => json(response, url === `${served}/auth/me` ? 401 : 404, { code: 'X' }),
        {},
      );
      const own = new LinktorClient({ baseUrl: server.url + given, apiKey: KEY });
      open.push(own);
      const url = new URL(await own.realtime.url(true));
      assert.equal(url.pathname, `${served}/ws`, given);
      assert.ok(client);
    }
  });

  it('give files as bytes and texts in their charset to calls in their own words', async () => {
    const bytes = Buffer.from([0x89, 0x50, 0, 255, 254]);
    const answers: [type: string | undefined, sent: Buffer, body: unknown][] = [
      ['image/png', bytes, bytes],
      ['application/pdf', bytes, bytes],
      [undefined, bytes, bytes],
      ['text/plain; charset=iso-8859-1', Buffer.from('ol\u00e1', 'latin1'), 'ol\u00e1'],
      ['text/csv', Buffer.from('ol\u00e1'), 'ol\u00e1'],
      [undefined, Buffer.from('{"a":"\u00e1"}'), { a: '\u00e1' }],
      ['application/problem+json', Buffer.from('{"a":1}'), { a: 1 }],
      ['application/json; charset=utf-16le', Buffer.from('{"a":1}', 'utf16le'), { a: 1 }],
      ['text/plain; charset=klingon', bytes, bytes],
    ];
    for (const [type, sent, body] of answers) {
      const { client } = await start((_asked, response) =>
        response.writeHead(200, type ? { 'Content-Type': type } : {}).end(sent),
      );
      assert.deepEqual((await client.request({ path: '/x' })).body, body, type);
    }
  });

  it('take no more than they can: a file that is too large is refused before anything leaves', async () => {
    const { client, server } = await start((_asked, response) => json(response, 200, { id: 'd' }));
    const error = await failing(
      client.knowledgeBases.uploadDocument('k', { name: 'x', file: Buffer.alloc(30 * 1024 * 1024), filename: 'x.bin' }),
    );
    assert.deepEqual([error.code, error.cause.ambiguous], ['validation', false]);
    assert.match(error.message, /30 MB/);
    assert.equal((await failing(client.conversations.sendText('c', 'x'.repeat(26 * 1024 * 1024)))).code, 'validation');
    assert.equal(server.asked.length, 0);
  });

  const MEGABYTE = 1024 * 1024;
  const form = (parts: Record<string, string | Blob>) => {
    const made = new FormData();
    for (const [name, part] of Object.entries(parts)) made.append(name, part);
    return made;
  };
  for (const [what, send] of [
    [
      'a file within the limit, and what is told of it',
      (client) =>
        client.knowledgeBases.uploadDocument('k', {
          ...{ name: 'x', filename: 'x.bin', file: Buffer.alloc(24.9 * MEGABYTE) },
          metadata: { note: 'x'.repeat(MEGABYTE) },
        }),
    ],
    [
      'a form whose letters take three bytes each',
      (client) => client.request({ method: 'POST', path: '/x', body: form({ text: '漢'.repeat(10 * MEGABYTE) }) }),
    ],
    [
      'a form of many parts',
      (client) => {
        const parts = Array.from({ length: 6 }, (_, index) => [`p${index}`, new Blob([Buffer.alloc(5 * MEGABYTE)])]);
        return client.request({ method: 'POST', path: '/x', body: form(Object.fromEntries(parts)) });
      },
    ],
    [
      'an object as a form',
      (client) => {
        const headers = { 'Content-Type': 'multipart/form-data' };
        return client.request({ method: 'POST', path: '/x', headers, body: { text: 'é'.repeat(13 * MEGABYTE) } });
      },
    ],
    [
      'a text',
      (client) => client.request({ method: 'PUT', path: '/x', body: JSON.stringify('é'.repeat(13 * MEGABYTE)) }),
    ],
    ['a Buffer', (client) => client.request({ method: 'PUT', path: '/x', body: Buffer.alloc(26 * MEGABYTE) })],
    ['a question to a model', (client) => client.ai.complete('x'.repeat(26 * MEGABYTE))],
    ['texts to embed', (client) => client.ai.embedAll(Array(26).fill('x'.repeat(MEGABYTE)))],
    ['data of a picture', (client) => client.vre.preview('t', { text: 'x'.repeat(26 * MEGABYTE) })],
  ] as [string, (client: LinktorClient) => Promise<unknown>][]) {
    it(`is refused before anything leaves: ${what}`, async () => {
      const { client, server } = await start((_asked, response) => json(response, 200, { id: 'd' }));
      const error = await failing(send(client));
      assert.deepEqual([error.code, error.cause.ambiguous, error.cause.retryable], ['validation', false, false]);
      assert.match(error.message, /25 MB/);
      assert.equal(server.asked.length, 0);
    });
  }

  it('may hang for one channel, and the others are served', async () => {
    const restore = fastTime();
    try {
      const { client, server } = await start(({ url }, response) => {
        if (url.includes('/dead')) return;
        json(response, 200, { id: 'm' });
      });
      const hung = Array.from({ length: 120 }, (_, index) =>
        failing(client.conversations.sendText(`dead${index}`, 'x', { timeout: 60 })),
      );
      const before = Date.now();
      assert.equal((await client.conversations.sendText('alive', 'x')).id, 'm');
      assert.ok(Date.now() - before < 20_000, `${Date.now() - before}`);
      await client.close();
      await Promise.all(hung);
      assert.ok(server.asked.length > 100);
    } finally {
      restore();
    }
  });

  it('get one text as a text, and many as a list', async () => {
    const { client, server } = await start(({ body }, response) => {
      const { input } = JSON.parse(body) as { input: unknown };
      const texts = Array.isArray(input) ? input : [input];
      json(response, 200, { data: texts.map((_, index) => ({ index, embedding: [1, 2] })) });
    });
    await client.ai.embed('t');
    await client.ai.embedAll(['t', 'u']);
    assert.deepEqual(
      server.asked.map(({ body }) => JSON.parse(body).input),
      ['t', ['t', 'u']],
    );
  });

  it('get buttons and lists in the words of both SDK families', async () => {
    const { client, server } = await start((_asked, response) => json(response, 200, { id: 'm' }));
    const buttons = [{ type: 'reply', id: 'yes', title: 'Yes' }];
    await client.conversations.send('c', {
      type: 'interactive',
      interactive: { type: 'button', body: { text: 'So?' }, action: { buttons } },
    });
    const sections = [{ title: 'A', rows: [{ id: 'r', title: 'Row' }] }];
    await client.conversations.send('c', {
      type: 'interactive',
      interactive: { type: 'list', body: { text: 'So?' }, action: { sections } },
    });
    const [first, second] = server.asked.map(({ body }) => JSON.parse(body) as Record<string, unknown>);
    assert.deepEqual(first?.interactive, { type: 'button', body: { text: 'So?' }, action: { buttons } });
    assert.deepEqual(first?.content, { text: 'So?', buttons: [{ type: 'reply', text: 'Yes', payload: 'yes' }] });
    assert.deepEqual(second?.content, { text: 'So?', listSections: sections });
  });
});

describe('client: the self-hosted server as it really is', () => {
  let box: Bench;
  let client: LinktorClient;
  before(async () => {
    box = await bench({ contract: 'server' });
  });
  after(() => box.close());
  beforeEach(async () => {
    await box.control('/reset');
    client = new LinktorClient({
      baseUrl: box.url,
      contract: 'server',
      email: 'demo@linktor.local',
      password: 'sandbox',
      maxRetries: 0,
    });
  });
  afterEach(() => client.close());

  it('tells an outage of its database from an absence', async () => {
    await client.auth.me();
    await box.control('/outage', { database: true });
    for (const call of [
      () => client.conversations.get('conv_ana'),
      () => client.contacts.get('ct_ana'),
      () => client.conversations.sendText('conv_ana', 'x'),
    ]) {
      const { code, cause } = await failing(call());
      assert.deepEqual([code, cause.retryable, cause.ambiguous], ['server', true, false]);
    }
    await box.control('/outage', { database: false });
    assert.equal((await failing(client.conversations.get('0197a000-0000-7000-8000-000000000000'))).code, 'not_found');
  });

  it('is not taken for a wrong password while its database is down', async () => {
    await box.control('/outage', { database: true });
    const { code, cause } = await failing(client.auth.me());
    assert.deepEqual([code, cause.retryable], ['server', true]);
    await box.control('/outage', { database: false });
    await client.auth.me();
  });

  it('shows lists to calls in its own words: empty ones, pages, and those that are cut', async () => {
    const page = (path: string, limit = 100) => client.requestPage({ path }, { limit, page: 1 });
    const conversations = await page('/conversations');
    assert.equal(conversations.truncated, conversations.items.length >= 20 ? true : undefined);
    const contacts = await page('/contacts', 2);
    assert.deepEqual([contacts.items.length, contacts.hasNext], [2, true]);
    assert.deepEqual((await page('/knowledge-bases')).hasNext, false);
    assert.equal(
      (await client.requestPage({ path: '/contacts', query: { search: 'nobody-is-called-so' } }, { limit: 5, page: 1 }))
        .items.length,
      0,
    );
  });

  it('names an id that is none, where the server only fails', async () => {
    for (const call of [
      () => client.channels.get('shop'),
      () => client.bots.remove('shop'),
      () => client.flows.activate('shop'),
      () => client.knowledgeBases.get('shop'),
    ]) {
      const { code, message, cause } = await failing(call());
      assert.deepEqual([code, cause.ambiguous, cause.retryable], ['not_found', false, false]);
      assert.match(`${message} ${cause.hint}`, /"shop".*UUID/);
    }
    assert.equal((await failing(client.channels.get('0197a000-0000-7000-8000-000000000000'))).code, 'not_found');
  });

  it('says that it knows no such user, and that nobody was assigned', async () => {
    const { code, message, cause } = await failing(client.conversations.assign('conv_ana', 'nobody'));
    assert.deepEqual([code, cause.ambiguous], ['not_found', false]);
    assert.match(message, /"nobody"/);
    await box.control('/fail', { count: 1, status: 500, path: '/assign' });
    const again = await failing(client.conversations.assign('conv_ana', 'user_demo'));
    assert.equal(again.cause.ambiguous, false);
  });

  it('says of each field of a conversation what to do without it', async () => {
    const hintOf = async (changes: Record<string, unknown>) =>
      (await failing(client.conversations.update('conv_ana', changes))).cause.hint;
    assert.match((await hintOf({ metadata: { a: 1 } })) ?? '', /subject, priority, status/);
    assert.match((await hintOf({ tags: ['a'] })) ?? '', /tag the contact/);
  });

  it('writes a new identity of WhatsApp as WhatsApp does, and shows whole numbers with their plus', async () => {
    const { id } = await client.contacts.create({
      name: 'Nina',
      phone: '+5511955554444',
      identifiers: [
        { channelType: 'whatsapp', identifier: '+55 11 95555-4444' },
        { channelType: 'telegram', identifier: '+nina' },
      ],
    });
    const { identifiers } = await client.contacts.get(id);
    assert.deepEqual(
      identifiers.map(({ identifier }) => identifier),
      ['5511955554444', '+nina'],
    );
    await box.control('/messages', {
      channelId: 'ch_whatsapp',
      contact: { name: 'Otto', phone: '5511944443333' },
      text: 'oi',
    });
    const [otto] = (await client.contacts.search('5511944443333')).items;
    const { phone } = await client.contacts.get(otto?.id ?? '');
    assert.equal(phone, '+5511944443333');
    // What is written back is what was there.
    await client.contacts.update(otto?.id ?? '', { name: 'Otto K.' });
    const stored = (await client.request({ path: `/contacts/${otto?.id}` })).data as { phone: string };
    assert.equal(stored.phone, '5511944443333');
  });

  it('says why an answer of its AI breaks off', async () => {
    const cut = await serve((_asked, response) => response.destroy());
    const other = new LinktorClient({ baseUrl: cut.url, contract: 'server', accessToken: 'x', maxRetries: 0 });
    try {
      const { cause } = await failing(other.ai.complete('long', { model: 'ollama/llama3' }));
      assert.match(cause.hint ?? '', /15 seconds/);
    } finally {
      await other.close();
      await cut.close();
    }
  });
});

describe('client: looking for a write whose answer was lost', () => {
  let restore: () => void;
  beforeEach(() => {
    restore = fastTime();
  });
  afterEach(() => restore());

  const { signal } = new AbortController();
  const down = (reason: string) => new LinktorError('network', `The server did not answer (${reason}).`);
  /** Looks that go one way after the other, the last one for ever. */
  const looks = (...ways: (string | Error | undefined)[]) => {
    let count = 0;
    return async () => {
      const way = ways[Math.min(count++, ways.length - 1)];
      if (way instanceof Error) throw way;
      return way;
    };
  };
  const verify = (...ways: (string | Error | undefined)[]) => verifyWrite(looks(...ways), true, signal);

  it('finds it, also after the server was started anew', async () => {
    assert.equal(await verify('there'), 'there');
    assert.equal(await verify(undefined, 'there'), 'there');
    assert.equal(await verify(down('ECONNRESET'), down('ECONNREFUSED'), 'there'), 'there');
  });

  it('knows that it was not done once the process that had it has ended', async () => {
    assert.equal(await verify(down('ECONNREFUSED'), undefined), 'undone');
    assert.equal(await verify(down('ECONNRESET'), down('ECONNREFUSED'), undefined), 'undone');
  });

  it('leaves it open where nothing proves that', async () => {
    assert.equal(await verify(undefined, undefined), undefined);
    assert.equal(await verify(down('ECONNRESET'), undefined), undefined);
    assert.equal(await verify(down('ECONNREFUSED')), undefined);
    assert.equal(await verify(new LinktorError('authorization', 'no')), undefined);
  });
});
