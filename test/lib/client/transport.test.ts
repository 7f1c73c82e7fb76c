import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { createAgents } from '../../../lib/client/agents';
import { createTransport, type HttpAnswer, type HttpFault, type Transport } from '../../../lib/client/transport';
import { joinUrl, parseBaseUrl } from '../../../lib/client/url';
import { deadUrl, failing, json, reset, type Served, serve } from '../support';

const secret = 'key_7f3a9c';

/** Any characters at all, but no halves of one. */
const anyText = fc
  .array(fc.integer({ min: 0, max: 0x10ffff }).filter((code) => code < 0xd800 || code > 0xdfff))
  .map((codes) => String.fromCodePoint(...codes));

describe('client: addresses', () => {
  it('keeps the path of a base URL and takes slashes off its end', () => {
    const cases: [string, string][] = [
      ['https://api.linktor.io', 'https://api.linktor.io'],
      ['https://api.linktor.io/', 'https://api.linktor.io'],
      ['https://h.test/api/v1', 'https://h.test/api/v1'],
      ['https://h.test/api/v1///', 'https://h.test/api/v1'],
      ['  http://localhost:4010/ ', 'http://localhost:4010'],
      ['HTTPS://H.test/Api', 'https://h.test/Api'],
      ['http://[::1]:81/x', 'http://[::1]:81/x'],
      ['https://h.test/API/V1', 'https://h.test/api/v1'],
      ['<https://h.test/>', 'https://h.test'],
      ['"https://h.test",', 'https://h.test'],
      ['https://h.test;', 'https://h.test'],
    ];
    for (const [given, expected] of cases) {
      assert.equal(parseBaseUrl(given), expected);
      assert.equal(joinUrl(parseBaseUrl(given), ['conversations', 'c1']), `${expected}/conversations/c1`);
    }
  });

  it('refuses what is no base URL, without quoting it', async () => {
    for (const given of [
      '',
      'api.linktor.io',
      '/api',
      'ftp://h.test',
      'ws://h.test',
      'file:///etc/passwd',
      `https://user:${secret}@h.test`,
      `https://${secret}@h.test`,
      `https://h.test?api_key=${secret}`,
      'https://h.test/?',
      'https://h.test#x',
      'https://h.test/#',
      'https://',
      'http://h .test',
    ]) {
      const error = await failing(() => parseBaseUrl(given));
      assert.equal(error.code, 'validation', given);
      assert.ok(!error.message.includes(secret));
    }
  });

  it('encodes every id, whatever is in it', () => {
    const cases: [string, string][] = [
      ['a/b', 'a%2Fb'],
      ['a?b=c', 'a%3Fb%3Dc'],
      ['a#b', 'a%23b'],
      ['../x', '..%2Fx'],
      ['...', '...'],
      ['%2e%2e', '%252e%252e'],
      ['olá', 'ol%C3%A1'],
      ['🌿', '%F0%9F%8C%BF'],
      [' ', '%20'],
      ['a\\b', 'a%5Cb'],
      ['a\r\nX: 1', 'a%0D%0AX%3A%201'],
      ['@:;', '%40%3A%3B'],
    ];
    for (const [id, expected] of cases) {
      const url = joinUrl('http://h.test/api', ['conversations', id, 'messages']);
      assert.equal(url, `http://h.test/api/conversations/${expected}/messages`);
      assert.equal(new URL(url).pathname, `/api/conversations/${expected}/messages`, 'an URL parser changes it');
    }
  });

  it('refuses an id that would climb out of its place, or is none', async () => {
    for (const id of ['', '.', '..', '\ud800', 'x\udfff']) {
      assert.equal((await failing(() => joinUrl('http://h.test', ['conversations', id]))).code, 'validation', id);
    }
    assert.equal((await failing(() => joinUrl('http://h.test', ['x'], { search: '\ud800' }))).code, 'validation');
  });

  it('leads every id to the place it names and to no other', () => {
    fc.assert(
      fc.property(anyText, anyText, (id, search) => {
        fc.pre(!['', '.', '..'].includes(id));
        const url = new URL(joinUrl('http://h.test/api', ['conversations', id, 'messages'], { search }));
        const segments = url.pathname.split('/');
        assert.equal(url.host, 'h.test');
        assert.deepEqual(
          [segments.length, segments[1], segments[2], segments[4]],
          [5, 'api', 'conversations', 'messages'],
        );
        assert.equal(decodeURIComponent(segments[3] ?? ''), id);
        assert.deepEqual([...url.searchParams], [['search', search]]);
      }),
      { numRuns: 40 },
    );
  });

  it('writes a query of what is set', () => {
    const query = { limit: 20, search: 'a&b=c d', none: undefined, nothing: null, no: false, zero: 0, empty: '' };
    assert.equal(
      joinUrl('http://h.test', ['x'], query),
      'http://h.test/x?limit=20&search=a%26b%3Dc%20d&no=false&zero=0&empty=',
    );
  });
});

describe('client: transport', () => {
  let transport: Transport;
  const servers: Served[] = [];
  beforeEach(() => {
    transport = createTransport(() => createAgents('http://127.0.0.1'));
  });
  afterEach(async () => {
    transport.close();
    for (const server of servers.splice(0)) await server.close();
  });
  const start = async (handler: Parameters<typeof serve>[0]) => {
    const server = await serve(handler);
    servers.push(server);
    return server;
  };
  const get = (url: string, timeout = 5000, signal?: AbortSignal) =>
    transport.send({ method: 'GET', url, headers: { 'X-API-Key': secret } }, timeout, signal);
  const post = (url: string, body: string, timeout = 5000, signal?: AbortSignal) =>
    transport.send(
      { method: 'POST', url, headers: { 'X-API-Key': secret, 'Content-Type': 'application/json' }, body },
      timeout,
      signal,
    );
  const answer = (given: HttpAnswer | HttpFault) => {
    assert.ok(!('fault' in given), JSON.stringify(given));
    return given;
  };
  const fault = (given: HttpAnswer | HttpFault) => {
    assert.ok('fault' in given, JSON.stringify(given));
    return given;
  };

  it('sends what it is given and brings back what came, whatever the status', async () => {
    const server = await start((asked, response) =>
      json(response, Number(asked.url.slice(1)), { said: 'Olá 🌿' }, { 'X-Request-ID': 'r1' }),
    );
    for (const status of [200, 201, 400, 401, 404, 429, 500, 503]) {
      const got = answer(await post(`${server.url}/${status}`, '{"a":"é"}'));
      assert.deepEqual(
        [got.status, JSON.parse(got.text), got.headers['x-request-id']],
        [status, { said: 'Olá 🌿' }, 'r1'],
      );
    }
    const [asked] = server.asked;
    assert.deepEqual([asked?.method, asked?.body, asked?.headers['x-api-key']], ['POST', '{"a":"é"}', secret]);
    assert.equal(asked?.headers['content-type'], 'application/json');
  });

  it('keeps one connection for calls that follow one another', async () => {
    const ports = new Set<number | undefined>();
    const server = await start((_asked, response, request) => {
      ports.add(request.socket.remotePort);
      json(response, 200, {});
    });
    for (let call = 0; call < 4; call++) answer(await get(server.url));
    assert.equal(ports.size, 1);
  });

  it('follows no redirect, and the key never reaches where it leads', async () => {
    const target = await start((_asked, response) => json(response, 200, {}));
    const server = await start((asked, response) => {
      response.writeHead(Number(asked.url.slice(1)), { Location: `${target.url}/stolen` });
      response.end();
    });
    for (const status of [301, 302, 303, 307, 308]) {
      assert.equal(answer(await get(`${server.url}/${status}`)).status, status);
      assert.equal(answer(await post(`${server.url}/${status}`, '{}')).status, status);
    }
    assert.deepEqual(target.asked, []);
  });

  it('reads a compressed answer', async () => {
    const server = await start((_asked, response) => {
      response.writeHead(200, { 'Content-Encoding': 'gzip', 'Content-Type': 'application/json' });
      response.end(gzipSync('{"a":"é"}'));
    });
    assert.equal(answer(await get(server.url)).text, '{"a":"é"}');
  });

  it('gives up on an answer that never begins', async () => {
    const server = await start(() => {});
    assert.deepEqual(fault(await get(server.url, 60)), { fault: 'timeout', reason: 'ERR_CANCELED', left: true });
  });

  it('gives up on an answer that drips, since the time is for the whole of it', async () => {
    const server = await start((_asked, response) => {
      response.writeHead(200, { 'Content-Type': 'application/json' });
      const drip = setInterval(() => response.write(' '), 5);
      response.on('close', () => clearInterval(drip));
    });
    const got = fault(await get(server.url, 80));
    assert.deepEqual([got.fault, got.left], ['timeout', true]);
  });

  for (const [what, send] of [
    ['plain', (body: Buffer) => ({ headers: {}, body })],
    [
      'compressed, so that it is small on the wire',
      (body: Buffer) => ({ headers: { 'Content-Encoding': 'gzip' }, body: gzipSync(body) }),
    ],
  ] as const) {
    it(`takes no answer of more than 10 MiB: ${what}`, async () => {
      const server = await start((asked, response) => {
        const { headers, body } = send(Buffer.alloc(Number(asked.url.slice(1)), 0x20));
        response.writeHead(200, headers);
        response.end(body);
      });
      const most = 10 * 1024 * 1024;
      assert.equal(answer(await get(`${server.url}/${most}`)).text.length, most);
      const got = fault(await get(`${server.url}/${most + 1}`));
      assert.deepEqual([got.fault, got.left], ['too_large', true]);
    });
  }

  it('does not send a request of more than 25 MiB', async () => {
    const server = await start((_asked, response) => json(response, 200, {}));
    const got = fault(await post(server.url, 'x'.repeat(25 * 1024 * 1024 + 1)));
    assert.deepEqual([got.fault, got.left], ['too_large', false]);
    assert.deepEqual(server.asked, []);
  });

  it('knows that a refused connection carried nothing', async () => {
    assert.deepEqual(fault(await post(await deadUrl(), '{}')), {
      fault: 'network',
      reason: 'ECONNREFUSED',
      left: false,
    });
  });

  it('knows that a name nobody has carried nothing', async () => {
    const got = fault(await post('http://nobody.invalid/', '{}'));
    assert.deepEqual([got.fault, got.left], ['network', false]);
  });

  it('knows that nothing left when the other side does not speak TLS', async () => {
    const server = await start((_asked, response) => json(response, 200, {}));
    transport.close();
    transport = createTransport(() => createAgents('https://127.0.0.1'));
    const got = fault(await post(server.url.replace('http', 'https'), '{}'));
    assert.deepEqual([got.fault, got.left], ['network', false]);
    assert.deepEqual(server.asked, []);
  });

  it('counts a request as left when the connection breaks after it was read', async () => {
    const server = await start((_asked, _response, request) => reset(request));
    const got = fault(await post(server.url, '{}'));
    assert.deepEqual([got.fault, got.left], ['network', true]);
    assert.equal(server.asked.length, 1);
  });

  it('counts a request as left on a connection that was used before', async () => {
    let calls = 0;
    const server = await start((_asked, response, request) =>
      ++calls === 1 ? json(response, 200, {}) : reset(request),
    );
    answer(await post(server.url, '{}'));
    assert.deepEqual(fault(await post(server.url, '{}')).left, true);
  });

  it('calls an answer that ends halfway a network fault, not a large one', async () => {
    for (const headers of [{ 'Content-Length': '100' }, {}]) {
      const server = await start((_asked, response, request) => {
        response.writeHead(200, headers);
        response.write('{"id":', () => reset(request));
      });
      const got = fault(await get(server.url));
      assert.deepEqual([got.fault, got.left], ['network', true]);
    }
  });

  it('calls an answer that is no HTTP a network fault', async () => {
    const server = createServer((socket) => {
      socket.on('error', () => {});
      socket.end('SSH-2.0-OpenSSH_9.6\r\n');
    });
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const got = fault(await get(`http://127.0.0.1:${(server.address() as AddressInfo).port}/`));
    assert.deepEqual([got.fault, got.left], ['network', true]);
    server.close();
  });

  it('ends at an abort, before and after it has left', async () => {
    const abort = new AbortController();
    const server = await start(() => abort.abort());
    assert.deepEqual(fault(await get(server.url, 5000, AbortSignal.abort())), {
      fault: 'aborted',
      reason: 'closed',
      left: false,
    });
    assert.equal(server.asked.length, 0);
    const got = fault(await get(server.url, 5000, abort.signal));
    assert.deepEqual([got.fault, got.left], ['aborted', true]);
    assert.equal(server.asked.length, 1);
  });

  it('gives faults that hold no key', async () => {
    const server = await start((_asked, _response, request) => reset(request));
    for (const got of [
      await get(server.url),
      await get(await deadUrl()),
      await get(server.url, 5000, AbortSignal.abort()),
    ]) {
      assert.ok(!JSON.stringify(got).includes(secret));
      assert.deepEqual(Object.keys(got).sort(), ['fault', 'left', 'reason']);
    }
  });
});
