import { strict as assert } from 'node:assert';
import type { Browser } from 'playwright-core';
import { type Sandbox, startSandbox } from '../../sandbox';
import { chromiumPath, launch } from '../support/browser';
import { addressOf, promisedRoutes } from '../support/editor-routes';
import { asEditor, Listener, Red, type RedOptions, until } from '../support/red';

const routes = promisedRoutes();

/** A shop whose account is in use. */
async function open(sandbox: Sandbox, settings: RedOptions, headers: Record<string, string> = {}): Promise<Red> {
  const red = await Red.start(settings);
  const place = { z: 'tab', x: 1, y: 1, wires: [[], []] };
  const hook = { id: 'hook', type: 'linktor-webhook-in', config: 'account', path: '/linktor/hook' };
  const nodes = [
    { id: 'tab', type: 'tab', label: 'Shop' },
    { id: 'account', type: 'linktor-config', baseUrl: sandbox.url, credentials: { apiKey: 'sandbox-key' } },
    { ...hook, ...place, credentials: { secret: 'the secret of the webhook' } },
  ];
  await red.ask('POST', '/flows', nodes, { ...headers, 'Node-RED-Deployment-Type': 'full' });
  await until(
    'the account',
    async () => (await red.ask('GET', '/linktor/account/list/channels', undefined, headers)).json?.ok,
  );
  return red;
}

/** As a program would, with these headers alone. */
async function plain(
  red: Red,
  method: string,
  path: string,
  given: Record<string, string | undefined>,
): Promise<Response> {
  const body = method === 'POST' ? '{}' : undefined;
  const headers = Object.fromEntries(Object.entries(given).flatMap(([name, value]) => (value ? [[name, value]] : [])));
  return fetch(red.url + path, { method, headers: { 'Content-Type': 'application/json', ...headers }, body });
}

describe('the routes of the editor, asked by somebody else', function () {
  this.timeout(60_000);
  let sandbox: Sandbox;
  before(async () => {
    sandbox = await startSandbox();
  });
  after(() => sandbox?.close());

  it('are all in the table of SECURITY.md', () =>
    assert.equal(routes.length, new Set(routes.map((one) => one.method + one.pattern)).size));

  describe('without adminAuth', () => {
    let red: Red;
    before(async () => {
      red = await open(sandbox, {});
    });
    after(() => red?.stop());

    for (const route of routes) {
      const path = addressOf(route);
      const named = `${route.method} ${route.pattern}`;
      const here = () => new URL(red.url).origin;
      for (const [what, headers] of [
        ['without the header of the editor', {}],
        ['with another one', { 'X-Requested-With': 'fetch' }],
        ['from another origin', { ...asEditor, Origin: 'https://elsewhere.example' }],
        ['from a page without an origin', { ...asEditor, Origin: 'null' }],
        ['from another port', { ...asEditor, Origin: 'http://127.0.0.1:1' }],
        ['from another site', { ...asEditor, 'Sec-Fetch-Site': 'cross-site' }],
        ['from the same site, another origin', { ...asEditor, 'Sec-Fetch-Site': 'same-site' }],
        ['typed into the address bar', { ...asEditor, 'Sec-Fetch-Site': 'none' }],
      ] as const) {
        it(`${named} refuses who asks ${what}`, async () => {
          const response = await plain(red, route.method, path, headers);
          assert.equal(response.status, 403);
          assert.deepEqual(Object.keys(await response.json()).sort(), ['code', 'message']);
        });
      }

      it(`${named} answers the editor`, async () => {
        for (const headers of [{}, { Origin: here() }, { 'Sec-Fetch-Site': 'same-origin' }]) {
          const { status } = await plain(red, route.method, path, { ...asEditor, ...headers });
          assert.equal(status, 200);
        }
      });
    }
  });

  // The token says what its bearer may do; who has none is the default user.
  for (const [what, fallback] of [
    ['a default user who may read', 'read'],
    ['no default user', undefined],
  ] as const) {
    describe(`with adminAuth and ${what}`, () => {
      let red: Red;
      before(async () => {
        const user = fallback ? `default: async () => ({ anonymous: true, permissions: '${fallback}' }),` : '';
        const code = `module.exports.adminAuth = { type: 'credentials', users: [], ${user}
          tokens: async (token) => ({ username: token, permissions: token.split(' ') }) };`;
        red = await open(sandbox, { code }, { Authorization: 'Bearer *' });
      });
      after(() => red?.stop());

      for (const route of routes) {
        const path = addressOf(route);
        const reads = route.permission.endsWith('.read');
        const expected: [who: string, token: string | undefined, may: boolean][] = [
          ['nobody in particular', undefined, reads && fallback === 'read'],
          ['who may read everything', 'read', reads],
          ['who may read accounts', 'linktor-config.read', reads],
          ['who may write accounts', 'linktor-config.write', !reads],
          ['who may do something else', 'flows.write', false],
          ['who may do everything', '*', true],
        ];
        it(`${route.method} ${route.pattern} answers those with ${route.permission}, and nobody else`, async () => {
          for (const [who, token, may] of expected) {
            const headers = token === undefined ? {} : { Authorization: `Bearer ${token}` };
            const { status } = await plain(red, route.method, path, { ...asEditor, ...headers });
            assert.equal(status, may ? 200 : 401, who);
          }
        });

        it(`${route.method} ${route.pattern} answers no foreign page, whoever is signed in`, async () => {
          const headers = { Authorization: 'Bearer *', ...asEditor, 'Sec-Fetch-Site': 'cross-site' };
          assert.equal((await plain(red, route.method, path, headers)).status, 403);
        });
      }
    });
  }

  describe('by a page of somebody else in the same browser', () => {
    let red: Red;
    let browser: Browser;
    let stranger: Listener;
    let bait: Listener;
    before(async function () {
      if (chromiumPath === '') return this.skip();
      stranger = await Listener.open(() => ({ headers: { 'Content-Type': 'text/html' }, body: '<body>Win a prize!' }));
      bait = await Listener.open();
      [red, browser] = await Promise.all([open(sandbox, {}), launch()]);
    });
    after(async () => {
      await browser?.close();
      await red?.stop();
      await Promise.all([stranger?.close(), bait?.close()]);
    });

    for (const name of ['127.0.0.1', 'localhost']) {
      it(`reads nothing and changes nothing, from ${name}`, async () => {
        const page = await browser.newPage();
        const before = await (await fetch(`${sandbox.url}/_sandbox/state`)).json();
        await page.goto(stranger.url.replace('127.0.0.1', name));
        const asked = routes.map((route) => ({ method: route.method, url: red.url + addressOf(route) }));
        const body = {
          node: 'hook',
          url: `${bait.url}/hook`,
          conversationId: 'conv_ana',
          text: 'Bought!',
          baseUrl: bait.url,
        };
        const named = { 'X-Requested-With': 'XMLHttpRequest', 'Content-Type': 'application/json' };
        const attempts = asked.flatMap(({ method, url }) =>
          (method === 'GET' ? [undefined] : [JSON.stringify(body), String(new URLSearchParams(body))]).flatMap(
            (sent) => [
              { url, init: { method, body: sent } },
              { url, init: { method, body: sent, mode: 'no-cors' as const, credentials: 'include' as const } },
              { url, init: { method, body: sent && JSON.stringify(body), headers: named } },
            ],
          ),
        );
        const read = await page.evaluate(async (all) => {
          const seen: string[] = [];
          for (const { url, init } of all) {
            try {
              const response = await fetch(url, init);
              seen.push(`${url} ${response.type} ${response.status}`);
            } catch {
              seen.push(`${url} refused`);
            }
          }
          return seen;
        }, attempts);
        assert.equal(read.length, attempts.length);
        for (const line of read) assert.match(line, /refused$|opaque 0$| 403$/, line);
        // A form that is sent shows its answer to the person, and to no script.
        const post = asked.find(({ url }) => url.endsWith('/sandbox') && url);
        const answer = page.waitForResponse((response) => response.url().includes('/linktor/account/sandbox'));
        await page.evaluate(
          ({ url, body }) => {
            const form = document.body.appendChild(document.createElement('form'));
            Object.assign(form, { action: url, method: 'post' });
            for (const [field, value] of Object.entries(body)) {
              form.appendChild(Object.assign(document.createElement('input'), { name: field, value }));
            }
            form.submit();
          },
          { url: String(post?.url), body },
        );
        assert.equal((await answer).status(), 403);
        await page.close();
        const { counts } = await (await fetch(`${sandbox.url}/_sandbox/state`)).json();
        assert.deepEqual(counts, before.counts);
        assert.deepEqual(bait.heard, []);
      });
    }
  });
});
