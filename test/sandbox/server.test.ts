import { strict as assert } from 'node:assert';
import { once } from 'node:events';
import { connect } from 'node:net';
import WebSocket from 'ws';
import { startSandbox } from '../../sandbox/index';
import { type Bench, bench } from './support';

describe('sandbox: the server', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  after(() => box.close());

  it('sends a request id back, or makes one', async () => {
    const echoed = await box.api('GET', '/channels', undefined, { 'X-Request-ID': 'req-7' });
    assert.equal(echoed.headers.get('x-request-id'), 'req-7');
    const made = await box.ask('GET', '/nowhere');
    assert.match(made.headers.get('x-request-id') ?? '', /^[0-9a-f-]{36}$/);
  });

  it('tells an unknown path from a wrong verb', async () => {
    const nowhere = await box.api('GET', '/nowhere');
    assert.deepEqual([nowhere.status, nowhere.body.code], [404, 'NOT_FOUND']);
    const wrong = await box.api('PUT', '/conversations/conv_ana', {});
    assert.equal(wrong.status, 405);
    assert.deepEqual(wrong.headers.get('allow')?.split(', ').sort(), ['DELETE', 'GET', 'PATCH']);
    assert.equal((await box.api('GET', '//channels')).status, 404);
  });

  it('refuses what is not JSON, not UTF-8, not an object or too big', async () => {
    const path = '/conversations/conv_ana/messages';
    for (const body of ['{"text":', '[1]', '"text"', 'null']) {
      const { status, body: error } = await box.api('POST', path, body);
      assert.deepEqual([status, error.code], [400, 'VALIDATION_ERROR'], body);
    }
    const huge = await box.api('POST', path, { text: 'x'.repeat(1024 * 1024) });
    assert.deepEqual([huge.status, huge.body.code], [413, 'VALIDATION_ERROR']);
    const bytes = await fetch(box.url + path, {
      method: 'POST',
      headers: { 'X-API-Key': 'sandbox-key' },
      body: Buffer.from([0x7b, 0x22, 0xff, 0x22, 0x7d]),
    });
    assert.equal(bytes.status, 400);
  });

  it('decodes ids in paths', async () => {
    const { status, body } = await box.api('GET', '/conversations/conv%5Fana');
    assert.deepEqual([status, body.id], [200, 'conv_ana']);
    assert.equal((await box.api('GET', '/conversations/..%2Fchannels')).status, 404);
  });

  it('answers page and health without credentials', async () => {
    assert.deepEqual((await box.ask('GET', '/health')).body, { status: 'healthy' });
    assert.match((await box.ask('GET', '/')).text, /sandbox/i);
    const withPage = await bench({ page: '<p>chat</p>' });
    const page = await withPage.ask('GET', '/');
    await withPage.close();
    assert.equal(page.text, '<p>chat</p>');
    assert.match(page.headers.get('content-type') ?? '', /^text\/html/);
  });

  it('runs twice in one process, each with its own state', async () => {
    const other = await bench({ seed: false });
    assert.deepEqual((await other.api('GET', '/channels')).body.data, []);
    assert.equal((await other.api('GET', '/auth/me')).status, 200);
    assert.equal((await box.api('GET', '/channels/ch_webchat')).status, 200);
    await other.close();
  });

  it('closes at once, with connections and sockets still open', async () => {
    const sandbox = await startSandbox();
    const idle = connect(sandbox.port, '127.0.0.1');
    await once(idle, 'connect');
    const ended = once(idle.resume(), 'close');
    const control = (path: string, body = {}) =>
      fetch(`${sandbox.url}/_sandbox${path}`, { method: 'POST', body: JSON.stringify(body) });
    const frozen = new WebSocket(`${sandbox.url.replace('http', 'ws')}/ws?api_key=sandbox-key`);
    await once(frozen, 'open');
    const dropped = once(frozen, 'close');
    await control('/sockets/freeze');
    await control('/latency', { ms: 60_000 });
    const hanging = assert.rejects(
      fetch(`${sandbox.url}/channels`, { headers: { 'X-API-Key': 'sandbox-key' } }),
      'a request that waits is broken off',
    );
    const seen = async () => (await (await fetch(`${sandbox.url}/_sandbox/state`)).json()) as { requests: unknown[] };
    while ((await seen()).requests.length === 0);
    await sandbox.close();
    await Promise.all([ended, dropped, hanging]);
    await assert.rejects(fetch(`${sandbox.url}/health`));
  });

  it('says which port is taken', async () => {
    const port = Number(new URL(box.url).port);
    await assert.rejects(startSandbox({ port }), { code: 'EADDRINUSE' });
  });
});
