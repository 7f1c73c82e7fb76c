import { strict as assert } from 'node:assert';
import http, { type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { setUpFlows } from '../support/flows';

interface Seen {
  method?: string;
  url: string;
  headers: IncomingHttpHeaders;
  body: Buffer;
}

describe('linktor-api, requests as they are meant', () => {
  const set = setUpFlows();
  const seen: Seen[] = [];
  let rows = 0;
  const server = http.createServer(async (request, response) => {
    const parts: Buffer[] = [];
    for await (const part of request) parts.push(part);
    const { method, url = '', headers } = request;
    seen.push({ method, url, headers, body: Buffer.concat(parts) });
    response.setHeader('X-Total', '12');
    response.setHeader('Allow', 'GET, HEAD');
    response.setHeader('Content-Type', 'application/json');
    const query = new URL(url, 'http://here').searchParams;
    const size = Number(query.get('per_page') ?? query.get('limit') ?? 10);
    const page = Number(query.get('page') ?? 1);
    const ids = Array.from({ length: rows }, (_, at) => ({ id: String(at) })).slice((page - 1) * size, page * size);
    response.end(JSON.stringify({ data: ids, pagination: { page, limit: size, total: rows } }));
  });

  before(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
  beforeEach(() => {
    seen.length = 0;
    rows = 0;
  });
  after(() => {
    server.closeAllConnections();
    server.close();
  });

  /** One call to our own server. @returns what it got, or the error */
  async function ask(msg: Record<string, unknown>, node: Record<string, unknown> = {}) {
    const { port } = server.address() as AddressInfo;
    const account = { baseUrl: `http://127.0.0.1:${port}`, contract: 'api', maxRetries: 2 };
    const played = await set.play(
      [
        { id: 'node', type: 'linktor-api', config: 'account', wires: [['out']], ...node },
        { id: 'out', type: 'probe' },
      ],
      { account },
    );
    played.node('node').receive(msg);
    const msgs = await Promise.race([played.probe('out').first(), played.caught.first()]);
    return { msg: msgs, error: msgs.error, sent: seen[0], all: seen };
  }
  const typed = (type: string) => ({ headers: JSON.stringify({ 'content-type': type }), headersType: 'json' });
  const post = (body: unknown, node = {}) => ask({ method: 'POST', path: '/things', body }, node);

  const form = 'application/x-www-form-urlencoded';
  const cases: [what: string, body: unknown, given: string | undefined, type: string, sent: string][] = [
    ['an object', { a: 1, at: new Date(0) }, undefined, 'application/json', '{"a":1,"at":"1970-01-01T00:00:00.000Z"}'],
    ['text that is JSON', '{"a":1}', undefined, 'application/json', '{"a":1}'],
    ['text that is a list', ' [1]', undefined, 'application/json', ' [1]'],
    ['a word', 'hello', undefined, 'application/json', '"hello"'],
    ['JSON text of its own type', '"a"', 'application/vnd.own+json', 'application/vnd.own+json', '"a"'],
    ['form text', 'a=1&b=%20', form, form, 'a=1&b=%20'],
    ['a form', { a: 'x y', b: [1, 2], c: undefined }, form, form, 'a=x+y&b=1&b=2'],
    ['a search text', new URLSearchParams({ a: 'ü' }), undefined, form, 'a=%C3%BC'],
    ['XML', '<a/>', 'text/xml', 'text/xml', '<a/>'],
    ['a Buffer', Buffer.from('{"a"'), undefined, 'application/octet-stream', '{"a"'],
    ['bytes of their own type', new Uint8Array([104, 105]), 'text/plain', 'text/plain', 'hi'],
    ['a number as text', 5, 'text/plain', 'text/plain', '5'],
  ];
  for (const [what, body, given, type, sent] of cases) {
    it(`sends ${what} as it is meant`, async () => {
      const { sent: got, error } = await post(body, given === undefined ? {} : typed(given));
      assert.equal(error, undefined);
      assert.deepEqual([got?.headers['content-type'], got?.body.toString()], [type, sent]);
      assert.equal(Number(got?.headers['content-length'] ?? got?.body.length), Buffer.byteLength(sent));
    });
  }

  const own = new FormData();
  own.append('a', '1');
  own.append('file', new Blob(['xyz'], { type: 'text/plain' }), 'x.txt');
  const fields = {
    a: '1',
    file: { value: Buffer.from('xyz'), options: { filename: 'x.txt', contentType: 'text/plain' } },
  };
  for (const [what, body, node] of [
    ['FormData', own, {}],
    ['FormData, whatever its type is called', own, typed('multipart/form-data')],
    ['fields as parts', fields, typed('multipart/form-data')],
  ] as const) {
    it(`sends ${what} with a boundary`, async () => {
      const { sent, error } = await post(body, node);
      assert.equal(error, undefined);
      const type = String(sent?.headers['content-type']);
      const boundary = /^multipart\/form-data; boundary=(.+)$/.exec(type)?.[1] ?? 'none';
      const text = String(sent?.body);
      assert.ok(text.includes(`--${boundary}`), text);
      assert.match(text, /name="a"\r\n\r\n1\r\n/);
      assert.match(text, /name="file"; filename="x\.txt"\r\nContent-Type: text\/plain\r\n\r\nxyz\r\n/i);
    });
  }

  for (const [what, body, node] of [
    ['a number that is none', { a: [Number.NaN] }, {}],
    ['a date that is none', { at: new Date(Number.NaN) }, {}],
    ['a Map', { a: new Map([['b', 1]]) }, {}],
    ['an error', { a: new Error('x') }, {}],
    ['an error with a code', [Object.assign(new Error('x'), { code: 'E' })], {}],
    ['a pattern', { a: /x/ }, {}],
    ['a promise', { a: Promise.resolve(1) }, {}],
    ['a Blob', { a: new Blob(['x']) }, {}],
    ['bytes in an object', { a: new Uint8Array(3) }, {}],
    ['a buffer of bytes in an object', { a: new ArrayBuffer(3) }, {}],
    ['a boxed number that is none', { a: new Number(Number.NaN) }, {}],
    ['a function', () => 1, {}],
    ['JSON text with a mistake', '{"a":1', {}],
    ['words as JSON', 'hello', typed('application/json')],
    ['an object as XML', { a: 1 }, typed('text/xml')],
    ['an object in a form', { a: { b: 1 } }, typed(form)],
    ['letters of another charset', 'ü', typed('text/plain; charset=iso-8859-1')],
    ['parts without a boundary', 'a', typed('multipart/form-data')],
    ['a form of parts as JSON', own, typed('application/json')],
    ['26 MB', Buffer.alloc(26 * 1024 * 1024), {}],
    ['a length of its own', {}, { headers: '{"Content-Length":"3"}', headersType: 'json' }],
  ] as const) {
    it(`refuses ${what} before anything leaves`, async () => {
      const { error, all } = await post(body, node);
      assert.equal(error?.code, 'validation', JSON.stringify(error));
      assert.equal(all.length, 0);
    });
  }

  for (const method of ['HEAD', 'OPTIONS'] as const) {
    for (const [where, node, msg] of [
      ['node', { method }, {}],
      ['message', {}, { method: method.toLowerCase() }],
    ] as const) {
      it(`asks with ${method} of the ${where}, without a body`, async () => {
        const { msg: got, sent } = await ask({ path: '/things', body: { a: 1 }, ...msg }, node);
        assert.deepEqual([sent?.method, sent?.body.length], [method, 0]);
        assert.equal(sent?.headers['idempotency-key'], undefined);
        assert.equal(got.statusCode, 200);
        const { allow, 'x-total': total } = got.headers as Record<string, string>;
        assert.deepEqual([allow, total], ['GET, HEAD', '12']);
      });
    }
  }

  const listed = (query: Record<string, unknown>, node: Record<string, unknown>, path = '/things') =>
    ask({ path, query }, { operation: 'list', paging: 'all', ...node });
  const asked = (name: string) => seen.map(({ url }) => new URL(url, 'http://here').searchParams.get(name));

  it('keeps the page size of the query, and ends the list where the node says', async () => {
    rows = 12;
    const { msg } = await listed({ limit: 5 }, { limit: 11 });
    assert.equal((msg.payload as unknown[]).length, 11);
    assert.deepEqual(asked('limit'), ['5', '5', '5']);
    assert.equal((msg.page as { truncated?: boolean }).truncated, true);
  });

  it('keeps it in the path, by another name, and adds no second size', async () => {
    rows = 7;
    const { msg } = await listed({}, { limit: 100 }, '/things?per_page=3');
    assert.equal((msg.payload as unknown[]).length, 7);
    assert.deepEqual(asked('per_page'), ['3', '3', '3']);
    assert.deepEqual(asked('limit'), [null, null, null]);
  });

  it('begins at the page of the query', async () => {
    rows = 9;
    const { msg } = await listed({ limit: 3, page: 2 }, { limit: 100 });
    assert.deepEqual(
      (msg.payload as { id: string }[]).map(({ id }) => id),
      ['3', '4', '5', '6', '7', '8'],
    );
  });

  it('gives one page of at most so many, and says that there was more', async () => {
    rows = 12;
    const { msg } = await listed({ limit: 6 }, { limit: 4, paging: 'one' });
    assert.equal((msg.payload as unknown[]).length, 4);
    assert.equal((msg.page as { truncated?: boolean }).truncated, true);
    assert.deepEqual(asked('limit'), ['6']);
  });
});
