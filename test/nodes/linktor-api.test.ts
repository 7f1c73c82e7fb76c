import { strict as assert } from 'node:assert';
import { alone, setUpFlows } from '../support/flows';
import { failsWell } from './failures';

describe('linktor-api', () => {
  const set = setUpFlows();
  const run = alone(set, 'linktor-api');

  it('makes the call that the message asks for', async () => {
    const body = { name: 'Lia' };
    const msg = await run({}, { method: 'post', path: '/contacts', body, payload: 'kept elsewhere' });
    assert.equal((msg.payload as { name: string }).name, 'Lia');
    assert.equal(msg.statusCode, 201);
    assert.match(String((msg.headers as Record<string, string>)['content-type']), /json/);
  });

  it('is a GET without a word about it', async () => {
    const msg = await run({}, { path: '/contacts/ct_ana', body: { not: 'sent' } });
    assert.equal((msg.payload as { name: string }).name, 'Ana Souza');
  });

  it('takes its own settings before those of the message', async () => {
    const own = { method: 'GET', path: '/contacts/{{contactId}}', pathType: 'str' };
    const msg = await run(own, { contactId: 'ct_ana', method: 'DELETE', path: '/contacts/ct_bruno' });
    assert.equal((msg.payload as { id: string }).id, 'ct_ana');
    assert.equal((await set.state()).counts.contacts, 3);
  });

  const path = { method: 'DELETE', path: '/contacts/{{payload}}', pathType: 'str' };
  for (const [payload, asked] of [
    ['a/b', '/contacts/a%2Fb'],
    ['a?all=true', '/contacts/a%3Fall%3Dtrue'],
    ['a#b', '/contacts/a%23b'],
    ['ü 7', '/contacts/%C3%BC%207'],
    [7, '/contacts/7'],
  ] as const) {
    it(`fills ${JSON.stringify(payload)} into a path as one segment`, async () => {
      await run(path, { payload });
      const { requests } = await set.state();
      assert.deepEqual(
        requests.map((one) => one.path),
        [asked],
      );
    });
  }

  for (const payload of ['', '  ', '.', '..', null, undefined, {}, []]) {
    it(`makes no call about everything where the id is ${JSON.stringify(payload)}`, async () => {
      assert.equal((await run(path, { payload })).error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  for (const payload of ['', '  ', '/', null, {}]) {
    it(`nor where the path begins with ${JSON.stringify(payload)}`, async () => {
      const own = { method: 'DELETE', path: '{{payload}}/contacts', pathType: 'str' };
      assert.equal((await run(own, { payload })).error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  for (const expression of ['"/contacts/" & id', '"/contacts/" & id & "/tags"', '"/contacts/ "']) {
    it(`nor where an expression leaves it out: ${expression}`, async () => {
      const own = { method: 'DELETE', path: expression, pathType: 'jsonata' };
      assert.equal((await run(own, { id: '' })).error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  for (const [what, extra] of Object.entries({
    'an object in the query': { query: { filter: { a: 1 } } },
    'a number that is none in the query': { query: { limit: Number.NaN } },
    'null in a list of the query': { query: { ids: ['a', null] } },
  })) {
    it(`refuses ${what} before anything leaves`, async () => {
      const { error } = await run({}, { path: '/contacts', ...extra });
      assert.equal(error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  for (const headers of [{ 'X Own': 'a' }, { 'X-Own': 'a\r\nX-Other: b' }, { 'X-Own': '水' }]) {
    it(`refuses headers that cannot be sent, before anything leaves: ${JSON.stringify(headers)}`, async () => {
      const own = { headers: JSON.stringify(headers), headersType: 'json' };
      assert.equal((await run(own, { path: '/contacts' })).error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('writes dates in the query as ISO 8601', async () => {
    await run({}, { path: '/contacts', query: { since: new Date(0) } });
    const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
    assert.match(query, /since=1970-01-01T00%3A00%3A00\.000Z/);
  });

  it('finds no place for the result before the call, not after it', async () => {
    const body = { name: 'Lia' };
    const { error } = await run(
      { method: 'POST', result: 'payload.answer' },
      { path: '/contacts', body, payload: 'a text' },
    );
    assert.equal(error?.code, 'validation');
    assert.equal((await set.state()).counts.contacts, 3, 'nothing has been made');
  });

  for (const [result, payload] of [
    ['payload.answer', {}],
    ['a.b["c"].d', 'kept'],
    ['payload[0].id', [{}]],
  ] as const) {
    it(`puts the result into ${result}`, async () => {
      const found = await run({ result }, { path: '/contacts/ct_ana', payload });
      assert.equal(found.error, undefined);
      assert.match(JSON.stringify(found), /Ana Souza/);
    });
  }

  it('gives the whole answer', async () => {
    const { payload } = await run({ returns: 'full' }, { path: '/contacts/ct_ana' });
    const { status, headers, body } = payload as Record<string, unknown>;
    assert.equal(status, 200);
    assert.equal(typeof headers, 'object');
    assert.equal((body as { id: string }).id, 'ct_ana');
  });

  it('gives what is in the envelope', async () => {
    const { payload } = await run({ returns: 'data' }, { path: '/contacts' });
    assert.equal((payload as unknown[]).length, 3);
  });

  it('takes an answer that is not JSON as it is', async () => {
    await set.control('fail', { count: 1, status: 200, headers: { 'Content-Type': 'text/csv' }, body: 'a,b' });
    assert.equal((await run({}, { path: '/contacts' })).payload, 'a,b');
  });

  it('gives all pages of a list', async () => {
    const msg = await run({ operation: 'list', paging: 'all', limit: 2 }, { path: '/contacts' });
    assert.equal((msg.payload as unknown[]).length, 2);
    assert.equal((msg.page as { total: number }).total, 3);
  });

  it('says that an answer is no list', async () => {
    const { error } = await run({ operation: 'list' }, { path: '/contacts/ct_ana' });
    assert.equal(error?.code, 'serialization');
  });

  it('sends headers and a query of its own', async () => {
    const headers = { headers: '{"X-Own":"yes"}', headersType: 'json' };
    await run(headers, { path: '/contacts', query: { search: 'Ana Souza', limit: 1 } });
    const [{ query }] = (await set.state()).requests as unknown as [{ query: string }];
    assert.match(query, /search=Ana%20Souza&limit=1/);
  });

  for (const path of ['https://elsewhere.example/x', '//elsewhere.example', '/../x', '/%2e%2e/x', 'a\\b', '/a#b']) {
    it(`stays where it belongs: ${path}`, async () => {
      const { error } = await run({}, { path });
      assert.equal(error?.code, 'validation');
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  const keys = ['/auth/login', 'auth/me', '/API-keys', '/x/%61uth/refresh', '/me/password'];
  const written = [
    '/%61uth/login?x=%',
    '/me//password',
    ' /api-keys ',
    '/api-keys ?x=1',
    '/auth%2Flogin',
    '/auth/me?a?b',
  ];
  for (const path of [...keys, ...written]) {
    it(`keeps its hands off keys and sign-in: ${path}`, async () => {
      const { error } = await run({}, { path });
      assert.equal(error?.code, 'validation');
      assert.match(error?.cause.hint as string, /"sensitive"/);
      assert.equal((await set.state()).requests.length, 0);
    });
  }

  it('unless its author means it', async () => {
    const { payload } = await run({ sensitive: true }, { path: '/auth/me' });
    assert.equal((payload as { email: string }).email, 'demo@linktor.local');
  });

  const json = { count: 1, status: 200, headers: { 'Content-Type': 'application/json' } };

  for (const depth of [1000, 100_000]) {
    it(`takes no answer of ${depth} levels: a copy of it would end Node-RED`, async () => {
      await set.control('fail', { ...json, body: '{"a":['.repeat(depth) + ']}'.repeat(depth) });
      const { error } = await run({}, { path: '/contacts' });
      assert.equal(error?.code, 'serialization');
    });
  }

  for (const key of ['__proto__', '\\u005f_proto__']) {
    it(`gives no ${key}, which a copy of the message would take for its prototype`, async () => {
      await set.control('fail', { ...json, body: `{"data":{"id":1,"${key}":{"admin":true}}}` });
      const { payload } = await run({ returns: 'full' }, { path: '/contacts' });
      assert.deepEqual(JSON.stringify((payload as { data: object }).data), '{"id":1}');
    });
  }

  it('never repeats a write by itself, unless it is told that this does no harm', async () => {
    const call = { method: 'PUT', path: '/nowhere', body: {} };
    await set.control('fail', { count: 10, status: 500 });
    await run({}, call);
    assert.equal((await set.state()).requests.length, 1);
  });

  it('repeats what it may', async () => {
    const { node, caught } = await set.play([{ id: 'node', type: 'linktor-api', config: 'account', repeat: true }], {
      account: { maxRetries: 1 },
    });
    await set.control('fail', { count: 10, status: 500 });
    node('node').receive({ method: 'PATCH', path: '/contacts/ct_ana', body: {} });
    await caught.first();
    assert.equal((await set.state()).requests.length, 2);
  });

  failsWell(set, 'linktor-api', {
    call: { msg: { method: 'POST', path: '/contacts', body: { name: 'Lia' } }, kind: 'write', takesText: true },
    list: { msg: { path: '/contacts' }, kind: 'read' },
  });
});
