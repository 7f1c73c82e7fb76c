import { strict as assert } from 'node:assert';
import { inspect } from 'node:util';
import fc from 'fast-check';
import { type AnswerFacts, type ClientSettings, LinktorClient } from '../../../lib/client/index';
import type { LinktorError } from '../../../lib/errors';
import {
  assertSilent,
  type Bench,
  bench,
  deadUrl,
  failing,
  fastTime,
  json,
  ours,
  reset,
  type Served,
  serve,
} from '../support';

const secret = 'lk_live_5e3f9a7c1b';

describe('client: settings', () => {
  it('wants credentials and a usable URL', async () => {
    for (const settings of [
      {},
      { apiKey: '' },
      { apiKey: '  ' },
      { accessToken: '' },
      { apiKey: 'k', baseUrl: 'nowhere' },
    ]) {
      assert.equal((await failing(() => new LinktorClient(settings))).code, 'validation', JSON.stringify(settings));
    }
  });

  it('shows no credentials when it is printed', async () => {
    const client = new LinktorClient({ apiKey: secret, accessToken: secret });
    assert.ok(!inspect(client, { depth: 10, showHidden: true }).includes(secret));
    assert.ok(!JSON.stringify(client).includes(secret));
    await client.close();
  });

  it('says where the socket is: below the base URL, with the credentials in the query', async () => {
    const url = (settings: ClientSettings) => new LinktorClient({ contract: 'api', ...settings }).realtime.url();
    assert.equal(await url({ apiKey: 'k&1' }), 'wss://api.linktor.io/ws?api_key=k%261');
    assert.equal(await url({ apiKey: 'k', baseUrl: 'http://h:1/api/v1/' }), 'ws://h:1/api/v1/ws?api_key=k');
    assert.equal(await url({ accessToken: 't', baseUrl: 'https://h' }), 'wss://h/ws?token=t');
    assert.equal(await url({ apiKey: 'k', accessToken: 't', baseUrl: 'https://h' }), 'wss://h/ws?api_key=k');
  });
});

describe('client: calls, against a server of our own', () => {
  const servers: Served[] = [];
  const clients: LinktorClient[] = [];
  let normalTime: () => void;
  beforeEach(() => {
    normalTime = fastTime();
  });
  afterEach(async () => {
    normalTime();
    for (const client of clients.splice(0)) await client.close();
    for (const server of servers.splice(0)) await server.close();
  });
  const start = async (handler: Parameters<typeof serve>[0], settings: ClientSettings = {}) => {
    const server = await serve(handler);
    servers.push(server);
    const client = connect(server.url, settings);
    return { server, client };
  };
  const connect = (baseUrl: string, settings: ClientSettings = {}) => {
    const client = new LinktorClient({ baseUrl, contract: 'api', apiKey: secret, ...settings });
    clients.push(client);
    return client;
  };
  const good = { id: 'x1', content: 'Hi', text: 'Hi', chunks: [] };

  it('signs in as it was told, and only so', async () => {
    const { server, client } = await start((_asked, response) => json(response, 200, good));
    await client.auth.me();
    await connect(`${server.url}/api/v1`, { apiKey: undefined, accessToken: 'tok' }).auth.me();
    await connect(server.url, { apiKey: ' k1\n', accessToken: 'tok' }).auth.me();
    const [first, second, third] = server.asked;
    assert.deepEqual([first?.headers['x-api-key'], first?.headers.authorization], [secret, undefined]);
    assert.deepEqual([second?.headers['x-api-key'], second?.headers.authorization], [undefined, 'Bearer tok']);
    assert.equal(second?.url, '/api/v1/auth/me');
    assert.deepEqual([third?.headers['x-api-key'], third?.headers.authorization], ['k1', undefined]);
  });

  it('gives every write a key of its own and a read none', async () => {
    const { server, client } = await start((_asked, response) => json(response, 200, good));
    await client.conversations.sendText('c', 'a');
    await client.conversations.sendText('c', 'b');
    await client.ai.complete('x');
    await client.knowledgeBases.query({ base: 'kb', query: 'q' });
    await client.auth.me();
    await client.conversations.sendText('c', 'c', { idempotencyKey: 'mine' });
    const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
    const uuid = /^[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}$/;
    for (const key of keys.slice(0, 3)) assert.match(String(key), uuid);
    assert.equal(new Set(keys.slice(0, 3)).size, 3);
    assert.deepEqual(keys.slice(3), [undefined, undefined, 'mine']);
  });

  it('tells the facts of the answer', async () => {
    const headers = { 'X-Request-ID': 'r1', 'X-RateLimit-Limit': '100', 'X-RateLimit-Remaining': '99' };
    const { client } = await start((_asked, response) => json(response, 200, good, headers));
    const facts: AnswerFacts[] = [];
    await client.auth.me({ onAnswer: (one) => facts.push(one) });
    assert.deepEqual(facts, [{ requestId: 'r1', rate: { limit: 100, remaining: 99, reset: undefined } }]);
  });

  it('holds the options of a scope for every call made through it, and a call may have its own', async () => {
    const { server, client } = await start((_asked, response) => json(response, 200, good));
    const scoped = client.with({ idempotencyKey: 'scope' });
    await scoped.conversations.sendText('c', 'a');
    await scoped.conversations.sendText('c', 'b', { idempotencyKey: 'call' });
    await client.conversations.sendText('c', 'c');
    const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
    assert.deepEqual(keys.slice(0, 2), ['scope', 'call']);
    assert.notEqual(keys[2], 'scope');
  });

  const impatient: ClientSettings = { timeout: 5 };
  const passing: [string, Parameters<typeof serve>[0]][] = [
    ['500', (_asked, response) => json(response, 500, {})],
    ['503', (_asked, response) => json(response, 503, {})],
    ['408', (_asked, response) => json(response, 408, {})],
    ['a reset', (_asked, _response, request) => reset(request)],
    [
      'half an answer',
      (_asked, response, request) => {
        response.writeHead(200, { 'Content-Length': '99' });
        response.write('{', () => reset(request));
      },
    ],
    ['silence', () => {}],
  ];
  for (const [what, fail] of passing) {
    it(`repeats a read after ${what}, and neither a write nor a completion`, async () => {
      let failures = 2;
      const { server, client } = await start((asked, response, request) => {
        if (failures-- > 0) fail(asked, response, request);
        else json(response, 200, good);
      }, impatient);
      assert.equal((await client.auth.me()).id, 'x1');
      assert.equal(server.asked.length, 3);
      failures = 1;
      const write = await failing(client.conversations.sendText('c', 'a'));
      assert.deepEqual([write.cause.ambiguous, write.cause.retryable], [true, false]);
      assert.match(String(write.cause.hint), /look before you repeat/);
      failures = 1;
      const costly = await failing(client.ai.complete('x'));
      assert.deepEqual([costly.cause.ambiguous, costly.cause.retryable], [true, false]);
      assert.equal(server.asked.length, 5);
    });

    it(`repeats a write after ${what} with the same key where the server honours it, and never a completion`, async () => {
      let failures = 2;
      const { server, client } = await start(
        (asked, response, request) => {
          if (failures-- > 0) fail(asked, response, request);
          else json(response, 200, good);
        },
        { idempotent: true, ...impatient },
      );
      await client.conversations.sendText('c', 'a');
      const keys = server.asked.map(({ headers }) => headers['idempotency-key']);
      assert.deepEqual([keys.length, new Set(keys).size], [3, 1]);
      failures = 1;
      assert.equal((await failing(client.ai.complete('x'))).cause.ambiguous, true);
      assert.equal(server.asked.length, 4);
    });
  }

  it('makes 1 + maxRetries attempts and then gives the last error', async () => {
    for (const maxRetries of [0, 1, 3]) {
      const { server, client } = await start((_asked, response) => json(response, 500, { message: 'Broken' }), {
        maxRetries,
      });
      const error = await failing(client.auth.me());
      assert.deepEqual([error.code, error.message, error.cause.retryable], ['server', 'Broken', true]);
      assert.equal(server.asked.length, 1 + maxRetries);
    }
  });

  it('does not repeat what will be refused again', async () => {
    for (const status of [400, 401, 403, 404, 409, 422, 501, 302]) {
      const { server, client } = await start((_asked, response) => json(response, status, {}));
      for (const call of [client.auth.me(), client.conversations.sendText('c', 'a')]) {
        const error = await failing(call);
        assert.deepEqual([error.cause.status, error.cause.retryable, error.cause.ambiguous], [status, false, false]);
      }
      assert.equal(server.asked.length, 2, String(status));
    }
  });

  it('sends a write again after a 429 as often as it takes, and that costs no retries', async () => {
    let limited = 9;
    const { server, client } = await start(
      (_asked, response) =>
        limited-- > 0 ? json(response, 429, {}, { 'Retry-After': '1' }) : json(response, 200, good),
      { maxRetries: 1 },
    );
    await client.conversations.sendText('c', 'a');
    assert.equal(server.asked.length, 10);
    assert.equal(new Set(server.asked.map(({ headers }) => headers['idempotency-key'])).size, 1);
  });

  it('spends its retries on other failures alone', async () => {
    const answers = [429, 500, 429, 500, 429, 500, 200];
    const { server, client } = await start(
      (_asked, response) => json(response, answers.shift() ?? 200, good, { 'Retry-After': '1' }),
      { maxRetries: 2 },
    );
    const error = await failing(client.auth.me());
    assert.equal(error.code, 'server');
    assert.equal(server.asked.length, 6);
  });

  it('waits longer and longer for a server that limits without saying how long', async () => {
    const times: number[] = [];
    const { client } = await start(
      (_asked, response) => {
        times.push(Date.now());
        json(response, 429, {});
      },
      { deadline: 60 },
    );
    const error = await failing(client.auth.me());
    assert.equal(error.code, 'rate_limit');
    // Without growth, waits of at most a second would make some sixty attempts and more.
    assert.ok(times.length < 25, `${times.length} attempts`);
  });

  it('makes no storm of a server that asks for no wait', async () => {
    const { server, client } = await start((_asked, response) => json(response, 429, {}, { 'Retry-After': '0' }), {
      deadline: 5,
      timeout: 5,
    });
    await failing(client.auth.me());
    assert.ok(server.asked.length <= 21, `${server.asked.length} attempts in 5 s`);
  });

  it('repeats nothing at all with maxRetries 0, not even after a 429', async () => {
    const { server, client } = await start((_asked, response) => json(response, 429, {}, { 'Retry-After': '1' }), {
      maxRetries: 0,
    });
    const error = await failing(client.auth.me());
    assert.deepEqual([error.code, error.cause.retryAfter, error.cause.retryable], ['rate_limit', 1, true]);
    assert.equal(server.asked.length, 1);
  });

  for (const [what, headers, body] of [
    ['seconds', { 'Retry-After': '7' }, {}],
    ['a date', { 'Retry-After': 'date' }, {}],
    ['the body', {}, { error: { retryAfter: 7 } }],
  ] as const) {
    it(`waits as long as the server says: ${what}`, async () => {
      const times: number[] = [];
      const { client } = await start((_asked, response) => {
        times.push(Date.now());
        const date = new Date(Date.now() + 7000).toUTCString();
        const said = Object.fromEntries(
          Object.entries(headers).map(([name, value]) => [name, value === 'date' ? date : value]),
        );
        if (times.length === 1) json(response, 429, body, said);
        else json(response, 200, good);
      });
      await client.conversations.sendText('c', 'a');
      const waited = (times[1] ?? 0) - (times[0] ?? 0);
      // A date has no fractions of a second.
      assert.ok(waited >= 6000 && waited < 12_000, `${waited} ms`);
    });
  }

  it('gives up at once when the wait would end after the deadline', async () => {
    const { server, client } = await start((_asked, response) => json(response, 429, {}, { 'Retry-After': '300' }));
    const before = Date.now();
    const error = await failing(client.conversations.sendText('c', 'a'));
    assert.deepEqual(
      [error.code, error.cause.retryAfter, error.cause.retryable, error.cause.ambiguous, error.cause.status],
      ['rate_limit', 300, true, false, 429],
    );
    assert.ok(Date.now() - before < 100_000);
    assert.equal(server.asked.length, 1);
  });

  it('gives up at once on a wait that no timer can hold', async () => {
    for (const wait of [2 ** 31, 2 ** 40]) {
      const { server, client } = await start((_asked, response) =>
        json(response, 429, {}, { 'Retry-After': String(wait) }),
      );
      assert.equal((await failing(client.auth.me())).cause.retryAfter, 3600, 'as it is shown');
      assert.equal(server.asked.length, 1);
    }
  });

  it('goes back to many calls at a time after a limit that has passed', async () => {
    let limited = 1;
    let now = 0;
    let most = 0;
    const { client } = await start((_asked, response) => {
      if (limited-- > 0) return json(response, 429, {}, { 'Retry-After': '1' });
      most = Math.max(most, ++now);
      setTimeout(() => {
        now--;
        json(response, 200, good);
      }, 1000);
    });
    await client.auth.me();
    await Promise.all(Array.from({ length: 20 }, () => client.auth.me()));
    assert.ok(most >= 10, `${most} at a time`);
  });

  it('answers other calls while any number of models think', async () => {
    const patient = { timeout: 6000, deadline: 6000 };
    const { server, client } = await start(({ url }, response) => {
      if (!url.includes('/ai/')) json(response, 200, good);
    }, patient);
    const streams = Array.from({ length: 60 }, () => client.ai.stream({ messages: [] }).next());
    const answers = Array.from({ length: 60 }, () => failing(client.ai.complete('x')));
    while (server.asked.length < 110) await new Promise((resolve) => setImmediate(resolve));
    assert.equal((await client.conversations.get('c')).id, 'x1');
    await client.conversations.sendText('c', 'a');
    await client.close();
    await Promise.allSettled(streams);
    assert.deepEqual(new Set((await Promise.all(answers)).map(({ code }) => code)), new Set(['unexpected']));
  });

  it('ends a call with all its attempts at the deadline', async () => {
    const { server, client } = await start(() => {}, { timeout: 4, deadline: 10, maxRetries: 50 });
    const before = Date.now();
    const error = await failing(client.auth.me());
    assert.equal(error.code, 'timeout');
    assert.equal(error.cause.retryable, true);
    assert.ok(Date.now() - before <= 12_000, `${Date.now() - before}`);
    assert.ok(server.asked.length >= 2);
  });

  it('takes the timeout of a call before that of the client', async () => {
    const { client } = await start(() => {}, { maxRetries: 0, deadline: 100 });
    const before = Date.now();
    assert.equal((await failing(client.auth.me({ timeout: 2 }))).code, 'timeout');
    assert.ok(Date.now() - before < 10_000);
  });

  it('says that nothing left when nobody listens', async () => {
    const client = connect(await deadUrl());
    const error = await failing(client.conversations.sendText('c', 'a'));
    assert.deepEqual([error.code, error.cause.ambiguous, error.cause.retryable], ['network', false, true]);
  });

  it('calls a 2xx that cannot be read a serialization error, ambiguous for a write', async () => {
    const bodies = ['', 'OK', '<html>', '{', 'null', '[]', '{}', '{"id":""}'];
    for (const body of bodies) {
      const { server, client } = await start((_asked, response) => {
        response.writeHead(200, { 'X-Request-ID': 'r1' });
        response.end(body);
      });
      const read = await failing(client.auth.me());
      assert.deepEqual(
        [read.code, read.cause.ambiguous, read.cause.status, read.cause.requestId],
        ['serialization', false, 200, 'r1'],
        body,
      );
      const write = await failing(client.conversations.sendText('c', 'a'));
      assert.deepEqual(
        [write.code, write.cause.ambiguous, write.cause.retryable],
        ['serialization', true, false],
        body,
      );
      if (body !== '[]') assert.equal((await failing(client.conversations.list())).code, 'serialization', body);
      assert.ok(server.asked.length <= 3);
    }
  }).timeout(5000);

  it('believes a 2xx that says that it has failed: nothing has happened, for the reason that is given', async () => {
    const refusals: [body: string, code: string, message: string][] = [
      ['{"success":false,"error":{"code":"X","message":"No credit"}}', 'server', 'No credit'],
      ['{"success":false,"message":"No such channel","statusCode":404}', 'not_found', 'No such channel'],
      ['{"success":false}', 'server', 'The server says that it did not succeed.'],
      ['{"error":"over capacity"}', 'server', 'over capacity'],
      ['{"error":{"message":"Too many","status":429}}', 'rate_limit', 'Too many'],
    ];
    for (const [body, code, message] of refusals) {
      const { client } = await start((_asked, response) => response.writeHead(200).end(body));
      for (const call of [client.auth.me(), client.conversations.sendText('c', 'a'), client.conversations.list()]) {
        const error = await failing(call);
        assert.deepEqual([error.code, error.message, error.cause.ambiguous], [code, message, false], body);
      }
      // A call in the server's own words shows the answer as it is.
      assert.deepEqual((await client.request({ path: '/x' })).body, JSON.parse(body));
    }
  });

  it('does not leave with what cannot be written', async () => {
    const { server, client } = await start((_asked, response) => json(response, 200, good));
    const circular: Record<string, unknown> = {};
    circular.self = circular;
    for (const call of [
      () => client.conversations.sendRaw('c', circular),
      () => client.conversations.sendRaw('c', { big: 1n }),
      () => client.conversations.sendRaw('c', { toJSON: () => assert.fail('a value of somebody else') }),
      () => client.conversations.sendText('..', 'a'),
      () => client.conversations.sendText('', 'a'),
      () => client.conversations.sendText('\ud800', 'a'),
      () => client.conversations.get('.'),
      () => client.contacts.list({ search: '\udfff' }),
    ]) {
      const error = await failing(call());
      assert.deepEqual([error.code, error.cause.ambiguous], ['validation', false]);
    }
    assert.deepEqual(server.asked, []);
  });

  it('ends a read at an abort quietly, and says of a write whether it has left', async () => {
    const abort = new AbortController();
    const { client } = await start((asked) => {
      if (asked.url.includes('now')) abort.abort();
    });
    const read = failing(client.conversations.get('r', { signal: abort.signal }));
    const write = failing(client.conversations.sendText('w', 'a', { signal: abort.signal }));
    const behind = failing(client.conversations.sendText('w', 'b', { signal: abort.signal }));
    const last = failing(client.conversations.get('now', { signal: abort.signal }));
    const facts = (error: LinktorError) => [error.code, error.cause.ambiguous, error.cause.retryable];
    assert.deepEqual(facts(await read), ['unexpected', false, false]);
    assert.deepEqual(facts(await write), ['unexpected', true, false]);
    assert.deepEqual(facts(await behind), ['unexpected', false, true]);
    assert.deepEqual(facts(await last), ['unexpected', false, false]);
  });

  it('ends a wait between two attempts at an abort', async () => {
    const abort = new AbortController();
    const { server, client } = await start((_asked, response) => json(response, 429, {}, { 'Retry-After': '100' }));
    const before = Date.now();
    const write = failing(client.conversations.sendText('c', 'a', { signal: abort.signal }));
    while (server.asked.length === 0) await new Promise((resolve) => setImmediate(resolve));
    for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
    abort.abort();
    const error = await write;
    assert.deepEqual([error.code, error.cause.ambiguous, error.cause.retryable], ['rate_limit', false, true]);
    assert.ok(Date.now() - before < 90_000);
  });

  for (const own of [false, true]) {
    it(`ends everything at close, ${own ? 'also calls with a signal of their own' : 'calls without a signal'}`, async () => {
      const { server, client } = await start((asked, response) => {
        if (asked.url.includes('limited')) json(response, 429, {}, { 'Retry-After': '100' });
      });
      const options = own ? { signal: new AbortController().signal } : {};
      const calls = [
        failing(client.conversations.get('r', options)),
        failing(client.conversations.sendText('w', 'a', options)),
        failing(client.conversations.sendText('w', 'b', options)),
        failing(client.conversations.get('limited', options)),
      ];
      while (server.asked.length < 3) await new Promise((resolve) => setImmediate(resolve));
      for (let turn = 0; turn < 20; turn++) await new Promise((resolve) => setImmediate(resolve));
      const before = Date.now();
      await client.close();
      const [read, write, behind] = await Promise.all(calls);
      assert.equal(read?.code, 'unexpected');
      assert.equal(write?.cause.ambiguous, true);
      assert.deepEqual([behind?.cause.ambiguous, behind?.cause.retryable], [false, true]);
      assert.ok(Date.now() - before < 5000, `${Date.now() - before} ms`);
      assert.equal(server.asked.length, 3);
      const late = Date.now();
      assert.equal((await failing(client.auth.me(options))).code, 'unexpected');
      assert.ok(Date.now() - late < 5000, `${Date.now() - late} ms`);
      assert.equal(server.asked.length, 3);
    });
  }

  it('does not wait for the end of a limit when it was aborted before', async () => {
    const { client } = await start((_asked, response) => json(response, 429, {}, { 'Retry-After': '50' }), {
      maxRetries: 0,
    });
    await failing(client.auth.me());
    const before = Date.now();
    const error = await failing(client.conversations.sendText('c', 'a', { signal: AbortSignal.abort() }));
    assert.deepEqual([error.code, error.cause.ambiguous, error.cause.retryable], ['unexpected', false, true]);
    assert.ok(Date.now() - before < 10_000, `${Date.now() - before} ms`);
  });

  it('tells no secret in any error, not even when the server does', async () => {
    const settings: ClientSettings[] = [{}, { apiKey: undefined, accessToken: secret }];
    for (const given of settings) {
      const answers: Parameters<typeof serve>[0][] = [
        (_asked, response) =>
          json(response, 401, { code: 'X', message: `The key ${secret} is unknown`, details: { key: secret } }),
        (asked, response) => json(response, 500, { error: { message: JSON.stringify(asked.headers) } }),
        (_asked, response) => response.writeHead(400).end(`no such key: ${secret}`),
        (_asked, response) => json(response, 302, {}, { Location: `https://evil.test/?key=${secret}` }),
        (_asked, response) => response.end(`{"broken ${secret}`),
        (asked, response) => json(response, 200, { headers: asked.headers }),
        (_asked, _response, request) => reset(request),
        () => {},
      ];
      for (const handler of answers) {
        const { client } = await start(handler, { ...given, maxRetries: 0, timeout: 2 });
        for (const call of [client.auth.me(), client.conversations.sendText('c', 'a'), client.ai.complete('x')]) {
          assertSilent(await failing(call), [secret]);
        }
      }
      assertSilent(await failing(connect(await deadUrl(), { ...given, maxRetries: 0 }).auth.me()), [secret]);
    }
  }).timeout(8000);

  it('applies the least score itself when the server does not', async () => {
    const chunks = [0.9, 0.5, 0.1].map((score) => ({ id: String(score), content: 'x', score }));
    const { client } = await start((_asked, response) => json(response, 200, { chunks }));
    const scores = async (minScore?: number) =>
      (await client.knowledgeBases.query({ base: 'kb', query: 'q', minScore })).chunks.map(({ score }) => score);
    assert.deepEqual(await scores(), [0.9, 0.5, 0.1]);
    assert.deepEqual(await scores(0.5), [0.9, 0.5]);
    assert.deepEqual(await scores(1), []);
  });

  it('never has more than 50 requests under way', async () => {
    let now = 0;
    let most = 0;
    const { client } = await start((_asked, response) => {
      most = Math.max(most, ++now);
      setImmediate(() => {
        now--;
        json(response, 200, good);
      });
    });
    await Promise.all(Array.from({ length: 120 }, (_, index) => client.conversations.sendText(`c${index}`, 'x')));
    assert.ok(most <= 50, String(most));
  });
});

describe('client: against the sandbox', () => {
  let box: Bench;
  let normalTime: (() => void) | undefined;
  beforeEach(async () => {
    box = await bench({ receipts: 'manual' });
  });
  afterEach(async () => {
    normalTime?.();
    normalTime = undefined;
    await box.close();
  });
  const hurry = () => {
    normalTime = fastTime();
  };

  it('reads what is there', async () => {
    const client = box.client();
    assert.equal((await client.auth.me()).id, 'user_demo');
    assert.equal((await client.auth.tenant()).id, 'tenant_demo');
    const { items } = await client.conversations.list({ status: 'open' });
    assert.deepEqual(
      items.map(({ id }) => id),
      ['conv_ana', 'conv_bruno'],
    );
    const ana = await client.conversations.get('conv_ana');
    assert.deepEqual([ana.channelType, ana.contact?.name, ana.priority], ['webchat', 'Ana Souza', 'normal']);
    assert.equal(ana.lastMessage?.id, 'msg_ana_3');
    const messages = await client.conversations.messages('conv_ana');
    assert.deepEqual(
      messages.items.map(({ id }) => id),
      ['msg_ana_3', 'msg_ana_2', 'msg_ana_1'],
    );
    assert.equal((await client.contacts.get('ct_ana')).phone, '+5511999990001');
    assert.equal((await client.channels.list()).items.length, 2);
    assert.equal((await client.knowledgeBases.list()).items[0]?.id, 'kb_shop');
    const { chunks } = await client.knowledgeBases.query({
      base: 'kb_shop',
      query: 'How often do I water a fern?',
      topK: 2,
    });
    assert.ok(chunks.length > 0 && chunks.length <= 2);
    assert.ok((await client.ai.complete('Hello?', { knowledgeBaseIds: ['kb_shop'] })).text.length > 0);
  });

  it('walks through lists of many pages', async () => {
    const client = box.client();
    for (let index = 0; index < 25; index++) await client.conversations.sendText('conv_ana', `m${index}`);
    const texts: (string | undefined)[] = [];
    for await (const { text } of client.conversations.eachMessage('conv_ana', { limit: 10 })) texts.push(text);
    assert.equal(texts.length, 28);
    assert.deepEqual(texts.slice(0, 3), ['m24', 'm23', 'm22']);
  });

  it('says why a call was refused', async () => {
    const client = box.client();
    const missing = await failing(client.conversations.get('nobody'));
    assert.deepEqual([missing.code, missing.cause.status, missing.cause.serverCode], ['not_found', 404, 'NOT_FOUND']);
    assert.ok(missing.cause.requestId);
    const bad = await failing(client.conversations.sendRaw('conv_ana', {}));
    assert.equal(bad.code, 'validation');
    assert.ok(bad.cause.details);
    const stranger = box.client({ apiKey: secret });
    for (const call of [stranger.auth.me(), stranger.conversations.sendText('conv_ana', 'x')]) {
      const error = await failing(call);
      assert.deepEqual([error.code, error.cause.ambiguous], ['authentication', false]);
      assertSilent(error, [secret]);
    }
    assert.deepEqual((await box.state()).sends, []);
  });

  it('keeps one Idempotency-Key through the retries of a write, and takes a new one for the next', async () => {
    hurry();
    const client = box.client();
    await box.control('/fail', {
      count: 2,
      status: 429,
      headers: { 'Retry-After': '1' },
      method: 'POST',
      path: '/messages',
    });
    await client.conversations.sendText('conv_ana', 'one');
    await client.conversations.sendText('conv_ana', 'two');
    const { requests, sends } = await box.state();
    const keys = requests.filter(({ method }) => method === 'POST').map(({ idempotencyKey }) => idempotencyKey);
    assert.equal(keys.length, 4);
    assert.deepEqual(new Set(keys.slice(0, 3)).size, 1);
    assert.notEqual(keys[3], keys[0]);
    assert.deepEqual(
      sends.map(({ text, idempotencyKey }) => [text, idempotencyKey]),
      [
        ['one', keys[0]],
        ['two', keys[3]],
      ],
    );
  });

  it('repeats reads after a 500 and a reset', async () => {
    hurry();
    const client = box.client();
    await box.control('/fail', { count: 1, status: 500, method: 'GET' });
    await box.control('/fail', { count: 1, reset: true, method: 'GET' });
    assert.equal((await client.conversations.get('conv_ana')).id, 'conv_ana');
    assert.equal((await box.state()).counts.requests, 3);
  });

  it('gets everything through a limit of the server', async () => {
    hurry();
    const client = box.client();
    await box.control('/limit', { perMinute: 5, windowMs: 2000 });
    const texts = Array.from({ length: 15 }, (_, index) => `m${index}`);
    await Promise.all(texts.map((text) => client.conversations.sendText('conv_ana', text)));
    assert.deepEqual(
      (await box.state()).sends.map(({ text }) => text),
      texts,
    );
  });

  it('lets a write that is begun in its turn keep its place among the others', async () => {
    const client = box.client();
    let begun = false;
    const all = [
      client.conversations.sendText('conv_ana', 'one'),
      client.inTurn('conv_ana', (seat) => {
        begun = true;
        return seat.conversations.sendText('conv_ana', 'two');
      }),
      client.conversations.sendText('conv_ana', 'three'),
    ];
    assert.equal(begun, false);
    await Promise.all(all);
    assert.deepEqual(
      (await box.state()).sends.map(({ text }) => text),
      ['one', 'two', 'three'],
    );
  });

  it('does not begin what was called off before its turn, and frees the turn when it failed', async () => {
    const client = box.client();
    const first = client.conversations.sendText('conv_ana', 'one');
    const begin = () => assert.fail('It has begun.');
    const never = await failing(() => client.inTurn('conv_ana', begin, { signal: AbortSignal.abort() }));
    assert.deepEqual([never.code, never.cause.ambiguous], ['unexpected', false]);
    await first;
    await assert.rejects(
      client.inTurn('conv_ana', () => Promise.reject(new Error('no'))),
      /^Error: no$/,
    );
    await client.conversations.sendText('conv_ana', 'two');
  });

  it('stores the messages of a conversation in the order of the calls, whatever else goes on', async () => {
    hurry();
    const client = box.client();
    const ids = ['conv_ana', 'conv_bruno', 'conv_carla'];
    await box.control('/fail', { count: 6, status: 429, headers: { 'Retry-After': '1' }, method: 'POST' });
    const calls: Promise<unknown>[] = [];
    for (let index = 0; index < 40; index++) {
      for (const id of ids) calls.push(client.conversations.sendText(id, `m${index}`));
      calls.push(client.conversations.get('conv_ana'));
    }
    await Promise.all(calls);
    const { sends } = await box.state();
    const expected = Array.from({ length: 40 }, (_, index) => `m${index}`);
    for (const id of ids) {
      assert.deepEqual(
        sends.filter(({ conversationId }) => conversationId === id).map(({ text }) => text),
        expected,
        id,
      );
    }
  });

  const anyFault = fc.oneof(
    fc.record({
      status: fc.constantFrom(400, 401, 404, 408, 429, 500, 502, 503, 504),
      count: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({
      status: fc.constantFrom(429, 503),
      count: fc.integer({ min: 1, max: 6 }),
      headers: fc.constantFrom({ 'Retry-After': '0' }, { 'Retry-After': '2' }, { 'Retry-After': '500' }),
    }),
    fc.record({ reset: fc.constant(true), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({ reset: fc.constant(true), after: fc.constant(true), count: fc.integer({ min: 1, max: 5 }) }),
    fc.record({
      status: fc.constantFrom(500, 502, 504),
      after: fc.constant(true),
      count: fc.integer({ min: 1, max: 5 }),
    }),
    fc.record({
      status: fc.constant(200),
      body: fc.constantFrom('junk', '', []),
      after: fc.boolean(),
      count: fc.constant(1),
    }),
  );

  for (const idempotent of [false, true]) {
    it(`stores no write twice, whatever goes wrong, ${idempotent ? 'where the key is honoured' : 'where it is not'}`, async () => {
      const own = await bench({ receipts: 'manual', idempotency: idempotent });
      hurry();
      try {
        await fc.assert(
          fc.asyncProperty(
            fc.array(anyFault, { maxLength: 3 }),
            fc.array(fc.constantFrom('conv_ana', 'conv_bruno'), { minLength: 1, maxLength: 4 }),
            async (faults, targets) => {
              await own.control('/reset');
              for (const fault of faults) await own.control('/fail', fault);
              const client = own.client({ idempotent });
              const outcomes = await Promise.all(
                targets.map((id, index) =>
                  client.conversations.sendText(id, `m${index}`).then(
                    () => undefined,
                    (error: unknown) => ours(error),
                  ),
                ),
              );
              await client.close();
              const { sends } = await own.state();
              const keys = sends.map(({ idempotencyKey }) => idempotencyKey);
              assert.equal(new Set(keys).size, keys.length, 'one key was stored twice');
              for (const [index, error] of outcomes.entries()) {
                const stored = sends.filter(({ text }) => text === `m${index}`).length;
                if (!error) assert.equal(stored, 1, `m${index} was sent and is stored ${stored} times`);
                else if (!error.cause.ambiguous) assert.equal(stored, 0, `m${index} was refused and is stored`);
                else assert.ok(stored <= 1, `m${index} is stored ${stored} times`);
              }
            },
          ),
          { numRuns: 30 },
        );
      } finally {
        await own.close();
      }
    }).timeout(20_000);
  }
});
