import { strict as assert } from 'node:assert';
import helper from 'node-red-node-test-helper';
import linktor from '../../nodes';
import type { Part } from '../../nodes/kit/admin/types';
import type { RED } from '../../nodes/kit/red';
import { promisedRoutes } from '../support/editor-routes';
import { type FlowNode, setUpFlows } from '../support/flows';
import { asEditor } from '../support/red';

const knowledge: FlowNode = { id: 'ask', type: 'linktor-knowledge', config: 'account', wires: [[], []] };

/** Asks one of our routes. */
async function ask<T>(path: string, body?: object): Promise<T & { ok: boolean; code?: string; message?: string }> {
  const request = body
    ? helper.request().post(path).set(asEditor).send(body)
    : helper.request().get(path).set(asEditor);
  return (await request).body as T & { ok: boolean; code?: string; message?: string };
}

const list = (what: string, query = '') => ask<Part>(`/linktor/account/list/${what}${query}`);

describe('the lists of the editor', () => {
  const { play } = setUpFlows();
  beforeEach(async () => {
    await play([knowledge]);
  });

  for (const what of [
    'agents',
    'bots',
    'channels',
    'contacts',
    'conversations',
    'flows',
    'knowledgeBases',
    'templates',
  ]) {
    it(`${what}: ids with titles for people`, async () => {
      const { ok, items } = await list(what);
      assert.ok(ok && items.length > 0);
      for (const { value, label } of items) {
        assert.ok(value !== '' && label !== '' && label !== value, `${value}: ${label}`);
      }
    });
  }

  it('are searched by the server where it can, and by us where it cannot', async () => {
    for (const [what, search] of [
      ['contacts', 'souza'],
      ['conversations', 'ana'],
      ['knowledgeBases', 'xícara'],
      ['templates', 'zzz'],
    ] as const) {
      const all = await list(what);
      const { items } = await list(what, `?search=${encodeURIComponent(search)}`);
      assert.ok(items.length < all.items.length || what === 'knowledgeBases', what);
      assert.equal(items.length > 0, search !== 'zzz', what);
    }
  });

  it('say where they go on', async () => {
    const { items, next } = await list('contacts');
    assert.equal(next, undefined);
    assert.ok(items.length > 0);
    const part = await list('contacts', '?page=2');
    assert.deepEqual(part.items, []);
  });

  it('are those that there are, and no other', async () => {
    for (const what of ['users', '__proto__', 'constructor', 'toString']) {
      const { status } = await helper.request().get(`/linktor/account/list/${what}`).set(asEditor);
      assert.equal(status, 404, what);
    }
  });

  it('want a config node that is deployed', async () => {
    assert.equal((await ask('/linktor/nobody/list/channels')).code, 'not_deployed');
    assert.equal((await ask('/linktor/ask/list/channels')).code, 'not_deployed');
  });
});

describe('the lists of a server that searches little', () => {
  const { play } = setUpFlows({ contract: 'server' });

  it('are searched by us, and conversations still say who it is', async () => {
    const credentials = { email: 'demo@linktor.local', password: 'sandbox' };
    await play([knowledge], { account: { contract: 'server', signIn: 'password' }, credentials });
    const all = await list('conversations');
    assert.ok(
      all.items.some(({ label }) => label === 'Ana Souza'),
      JSON.stringify(all.items),
    );
    const { items } = await list('conversations', '?search=souza');
    assert.deepEqual([...new Set(items.map(({ label }) => label))], ['Ana Souza']);
    assert.equal((await list('agents')).code, 'not_supported');
  });
});

describe('the routes of the editor', () => {
  const { play } = setUpFlows();

  it('are those that SECURITY.md names, and no others', async () => {
    const registered: string[] = [];
    const load = (red: RED) => {
      const { get, post } = red.httpAdmin;
      const noted = (method: string, register: typeof get): typeof get =>
        function (this: unknown, path, ...handlers) {
          if (handlers.length > 0) registered.push(`${method} ${String(path)}`);
          return register.call(red.httpAdmin, path, ...handlers);
        };
      Object.assign(red.httpAdmin, { get: noted('GET', get), post: noted('POST', post) });
      linktor(red);
      Object.assign(red.httpAdmin, { get, post });
    };
    await play([knowledge], { load });
    const promised = promisedRoutes().map(({ method, pattern }) => `${method} ${pattern}`);
    assert.deepEqual(registered.sort(), promised.sort());
  });
});
