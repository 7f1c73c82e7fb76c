import { strict as assert } from 'node:assert';
import type { Tested } from '../../nodes/kit/admin/types';
import { type Sandbox, startSandbox } from '../../sandbox';
import { Listener, Red, until } from '../support/red';

describe('the routes of the editor in a real Node-RED', function () {
  this.timeout(60_000);
  /** Node-RED puts the value in when it deploys, and never in a dialog. */
  const variable = (name: string) => ['$', `{${name}}`].join('');
  const env = [
    { name: 'SHOP_URL', type: 'str', value: '' },
    { name: 'SHOP_KEY', type: 'str', value: 'sandbox-key' },
    { name: 'ELSEWHERE', type: 'str', value: '' },
  ];
  const typed = { baseUrl: variable('SHOP_URL'), signIn: 'apiKey', apiKey: '__PWRD__', contract: 'auto' };
  let sandbox: Sandbox;
  let stranger: Listener;
  let red: Red;

  const hook = (id: string, config: string, secret: string) => {
    const node = { id, type: 'linktor-webhook-in', z: 'tab', x: 1, y: 1, wires: [[], []] };
    return { ...node, config, path: `/${id}`, credentials: { secret } };
  };

  before(async () => {
    [sandbox, stranger] = await Promise.all([startSandbox(), Listener.open()]);
    Object.assign(env[0] ?? {}, { value: sandbox.url });
    Object.assign(env[2] ?? {}, { value: stranger.url });
    const code = `module.exports.adminAuth = { type: 'credentials', users: [], tokens: async (token) => ({ username: 't', permissions: token.split(' ') }) };`;
    red = await Red.start({ code });
    const account = { type: 'linktor-config', baseUrl: typed.baseUrl };
    const nodes = [
      { id: 'tab', type: 'tab', label: 'Routes' },
      { id: 'env', type: 'global-config', env },
      { ...account, id: 'account', credentials: { apiKey: variable('SHOP_KEY') } },
      { ...account, id: 'twin', credentials: { apiKey: 'sandbox-key', accessToken: 'unused' } },
      { ...account, id: 'single', signIn: 'accessToken', credentials: { apiKey: 'sandbox-key', accessToken: 'own' } },
      { ...account, id: 'secure', baseUrl: 'https://127.0.0.1', credentials: { apiKey: 'sandbox-key' } },
      { id: 'way', type: 'http proxy', url: stranger.url, noproxy: [] },
      hook('own', 'account', 'own secret of this account'),
      hook('other', 'secure', 'secret for another server'),
    ];
    await red.ask('POST', '/flows', nodes, { ...bearer('*'), 'Node-RED-Deployment-Type': 'full' });
    await until('the account', async () => (await get('/linktor/account/list/channels')).json.ok);
  });
  after(async () => {
    await red?.stop();
    await Promise.all([sandbox, stranger].map((one) => one?.close()));
  });

  const bearer = (permissions: string) => ({ Authorization: `Bearer ${permissions}` });
  const get = (path: string, permissions = 'linktor-config.read') =>
    red.ask('GET', path, undefined, bearer(permissions));
  const test = (body: object, permissions = 'linktor-config.write', id = 'account') =>
    red.ask('POST', `/linktor/${id}/test`, { ...typed, ...body }, bearer(permissions));

  it('want the right to read for lists, and the right to write for a test', async () => {
    for (const path of ['/linktor/account/list/channels', '/linktor/account/twin']) {
      assert.equal((await red.ask('GET', path)).status, 401);
      assert.equal((await get(path, 'flows.read')).status, 401);
      assert.equal((await get(path)).status, 200);
    }
    assert.equal((await test({}, 'linktor-config.read')).status, 401);
    assert.equal((await test({})).status, 200);
  });

  it('test what environment variables say once that is deployed, and never show it', async () => {
    for (const apiKey of ['__PWRD__', variable('SHOP_KEY')]) {
      const { json, text } = await test({ apiKey });
      const { findings, diagnostics } = json as Tested;
      assert.deepEqual(
        findings.filter(({ ok }) => ok === false),
        [],
      );
      assert.ok(diagnostics.includes(`Server: ${typed.baseUrl}`), diagnostics);
      for (const hidden of [new URL(sandbox.url).host, 'sandbox-key']) assert.ok(!text.includes(hidden), hidden);
    }
  });

  it('test no variable that is not deployed here: its value would go where somebody wants it', async () => {
    for (const body of [
      { baseUrl: variable('ELSEWHERE') },
      { baseUrl: stranger.url, apiKey: variable('SHOP_KEY') },
      { baseUrl: stranger.url, apiKey: variable('PATH') },
      { baseUrl: stranger.url },
      { wsUrl: stranger.url.replace('http', 'ws') },
    ]) {
      const { ok, message } = (await test(body)).json;
      assert.equal(ok, false, JSON.stringify(body));
      assert.match(message, /known once it is deployed|deployed for/);
    }
    assert.equal((await test({}, undefined, 'nobody')).json.ok, false);
    assert.deepEqual(stranger.heard, []);
  });

  it('test what is stored on no other way to the same server', async () => {
    for (const [body, id] of [
      [{ proxy: 'way' }, 'account'],
      [{ baseUrl: 'https://127.0.0.1', wsUrl: 'ws://127.0.0.1' }, 'secure'],
      [{ baseUrl: 'https://127.0.0.1', wsUrl: 'http://127.0.0.1' }, 'secure'],
    ] as const) {
      const { ok, message } = (await test(body, undefined, id)).json;
      assert.equal(ok, false, JSON.stringify(body));
      assert.match(message, /deployed for/);
    }
    assert.deepEqual(stranger.heard, []);
    // What is typed anew is for whomever it is typed for.
    assert.equal((await test({ baseUrl: sandbox.url, apiKey: 'typed', proxy: 'way' })).json.ok, true);
    assert.ok(stranger.heard.length > 0);
    stranger.heard.length = 0;
  });

  it('register a webhook with the secret of this account, and with that of no other', async () => {
    const register = async (node: string, url = 'http://127.0.0.1:9/hook') =>
      (await red.ask('POST', '/linktor/account/webhook', { node, url }, bearer('linktor-config.write'))).json;
    for (const node of ['other', 'account', 'nobody', '__proto__']) {
      const { ok, message } = await register(node);
      assert.equal(ok, false, node);
      assert.match(message, /no webhook secret yet/);
    }
    for (const url of ['', 'nowhere', 'file:///etc/passwd', 'javascript:alert(1)']) {
      assert.match((await register('own', url)).message, /no address/, url);
    }
    assert.deepEqual(await register('own'), { ok: true, outcome: 'created' });
  });

  it('know who signs in as whom, and only say whether anybody else does', async () => {
    for (const [id, shared] of [
      ['account', true],
      ['twin', true],
      ['single', false],
      ['nobody', false],
    ] as const) {
      assert.deepEqual((await get(`/linktor/${id}/twin`)).json, { ok: true, shared }, id);
    }
  });
});
