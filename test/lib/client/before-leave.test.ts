import { strict as assert } from 'node:assert';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { LinktorClient } from '../../../lib/client';
import { LinktorError } from '../../../lib/errors';

describe('client: right before a write leaves', () => {
  let server: http.Server;
  let posts: string[];
  before((done) => {
    server = http.createServer((request, response) => {
      let body = '';
      request.on('data', (chunk) => {
        body += chunk;
      });
      request.on('end', () => {
        if (request.method === 'POST') posts.push(body);
        response
          .setHeader('content-type', 'application/json')
          .end(JSON.stringify({ id: 'm1', conversationId: 'c1', direction: 'outbound' }));
      });
    });
    server.listen(0, '127.0.0.1', done);
  });
  beforeEach(() => {
    posts = [];
  });
  after(() => server.close());
  const client = () =>
    new LinktorClient({
      baseUrl: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
      contract: 'api',
      apiKey: 'k-1234567890',
    });
  const stop = new LinktorError('conflict', 'stopped');

  it('it may be stopped before a connection is made, and while it is', async () => {
    const one = client();
    // The first look passes, and the one when the connection stands does not.
    let looks = 0;
    const beforeLeave = () => {
      if (++looks > 1) throw stop;
    };
    await assert.rejects(one.conversations.send('c1', { type: 'text', text: 'x' }, { beforeLeave }), /stopped/);
    assert.deepEqual(posts, []);
    assert.ok(looks >= 2);
    await one.close();
  });

  it('it waits for a promise, and leaves once', async () => {
    const one = client();
    let looks = 0;
    const beforeLeave = () => (++looks === 2 ? new Promise<void>((resolve) => setImmediate(resolve)) : undefined);
    await one.conversations.send('c1', { type: 'text', text: 'x' }, { beforeLeave });
    assert.equal(posts.length, 1);
    await one.conversations.send('c1', { type: 'text', text: 'y' }, { beforeLeave });
    assert.equal(posts.length, 2);
    await one.close();
  });

  it('on a connection that stands already', async () => {
    const one = client();
    await one.conversations.get('c1');
    let looks = 0;
    const beforeLeave = () => {
      if (++looks > 1) throw stop;
    };
    await assert.rejects(one.conversations.send('c1', { type: 'text', text: 'x' }, { beforeLeave }), /stopped/);
    assert.deepEqual(posts, []);
    await one.conversations.send('c1', { type: 'text', text: 'z' });
    assert.equal(posts.length, 1);
    await one.close();
  });

  it('reads are not looked at', async () => {
    const one = client();
    await one
      .with({
        beforeLeave: () => {
          throw stop;
        },
      })
      .conversations.get('c1');
    await one.close();
  });
});
