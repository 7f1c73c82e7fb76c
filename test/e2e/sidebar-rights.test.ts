import { strict as assert } from 'node:assert';
import WebSocket from 'ws';
import type { Report } from '../../nodes/sidebar/types';
import { type Sandbox, startSandbox } from '../../sandbox';
import { until } from '../support/flows';
import { closedPort, Red, Shop } from '../support/red';

const heard = {
  type: 'linktor-message-in',
  id: 'in',
  config: 'account',
  conversations: 'all',
};
const words = 'My card number is 5555 5555 5555 4444';
const contact = { name: 'Private Person', phone: '+5511988887777' };

describe('who may ask what the sidebar asks', function () {
  this.timeout(60_000);
  const key = 'canary-key-7Hs2Lk';
  let sandbox: Sandbox;
  let red: Red;
  let shop: Shop;

  before(async () => {
    sandbox = await startSandbox();
    shop = new Shop(sandbox.url);
    // The token says what its bearer may do.
    const code = `module.exports.adminAuth = {
      type: 'credentials',
      users: [],
      tokens: async (token) => ({ username: token, permissions: token }),
    };`;
    red = await Red.start({ code });
    const nodes = [
      { id: 'tab', type: 'tab', label: 'Side' },
      { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, credentials: { apiKey: 'sandbox-key' } },
      {
        id: 'other',
        type: 'linktor-config',
        baseUrl: `http://user:${key}@127.0.0.1:${await closedPort()}/${key}`,
        credentials: { apiKey: key },
      },
      { ...heard, z: 'tab', x: 1, y: 1, wires: [[]] },
      { ...heard, id: 'in-other', config: 'other', z: 'tab', x: 1, y: 1, wires: [[]] },
    ];
    await red.ask('POST', '/flows', nodes, { ...bearer('*'), 'Node-RED-Deployment-Type': 'full' });
    await shop.heard();
  });
  after(async () => {
    if (red) await red.stop();
    await sandbox?.close();
  });

  function bearer(token: string): Record<string, string> {
    return { Authorization: `Bearer ${token}` };
  }
  const status = async (method: string, path: string, token?: string, body?: object) =>
    (await red.ask(method, path, body, token ? bearer(token) : {})).status;

  it('those who may read may look, and nobody else', async () => {
    for (const path of [
      '/linktor/accounts',
      '/linktor/accounts?watch=account',
      '/linktor/account/sandbox?conversation=conv_ana',
    ]) {
      assert.equal(await status('GET', path), 401, path);
      assert.equal(await status('GET', path, 'status.read'), 401, path);
      assert.equal(await status('GET', path, 'read'), 200, path);
      assert.equal(await status('GET', path, 'linktor-config.read'), 200, path);
    }
  });

  it('those who may write may play the customer, and nobody else', async () => {
    const deed = { conversationId: 'conv_ana', text: 'Permitted?' };
    const count = async () => (await shop.ask('GET', '/_sandbox/state')).json.counts.messages as number;
    const before = await count();
    for (const token of [undefined, 'read', 'linktor-config.read', 'status.read']) {
      assert.equal(await status('POST', '/linktor/account/sandbox', token, deed), 401, token);
    }
    assert.equal(await count(), before);
    assert.equal(await status('POST', '/linktor/account/sandbox', 'linktor-config.write', deed), 200);
    assert.equal(await count(), before + 1);
  });

  it('those who may write may steer the instances, and nobody else', async () => {
    const steer = (token?: string) => status('POST', '/linktor/account/instances', token, { action: 'handOver' });
    for (const token of [undefined, 'read', 'linktor-config.read', 'status.read'])
      assert.equal(await steer(token), 401, token);
    assert.equal(await steer('linktor-config.write'), 200);
  });

  it('the socket of the editor, which needs less, carries no event', async () => {
    const socket = new WebSocket(`${red.url.replace('http', 'ws')}/comms`);
    const frames: string[] = [];
    socket.on('message', (data) => frames.push(data.toString()));
    try {
      await new Promise((resolve, reject) => socket.once('open', resolve).once('error', reject));
      socket.send(JSON.stringify({ auth: 'status.read' }));
      await until(
        async () => frames.join(),
        (text) => text.includes('"auth":"ok"'),
      );
      await status('GET', '/linktor/accounts?watch=account', 'read');
      await shop.customerWrites(contact, words);
      await until(
        async () => frames.join(),
        (text) => text.includes('linktor/activity'),
      );
      const { json } = await red.ask('GET', '/linktor/accounts?watch=account', undefined, bearer('read'));
      const line = (json as Report).lines.find(({ event }) => event === 'message.received');
      assert.ok(line?.conversationId);
      for (const told of [line.conversationId, words, contact.name, 'message.received']) {
        assert.equal(frames.join().includes(told), false, told);
      }
    } finally {
      socket.terminate();
    }
  });

  it('no answer holds a secret', async () => {
    const answers = await Promise.all(
      [
        '/linktor/accounts',
        '/linktor/accounts?watch=account',
        '/linktor/accounts?watch=other',
        '/linktor/accounts?watch=__proto__',
      ].map(async (path) => (await red.ask('GET', path, undefined, bearer('read'))).text),
    );
    for (const text of answers) {
      assert.match(text, /"ok":true/);
      assert.doesNotMatch(text, /canary|sandbox-key/);
    }
  });
});
