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

  it('tags: those in use, the most frequent first', async () => {
    const { items } = await list('tags');
    assert.deepEqual(items.map(({ value }) => value).sort(), ['plants', 'question', 'vip']);
  });

  it('templates: with what they want, where the server says so', async () => {
    const { items } = await list('templates', '?search=status_pedido');
    const places = items[0]?.placeholders ?? [];
    assert.deepEqual(
      places.slice(0, 3).map(({ id, optional = false }) => [id, optional]),
      [
        ['numero_pedido', false],
        ['status_atual', false],
        ['itens_resumo', true],
      ],
    );
  });

  for (const what of ['messageTemplates', 'models', 'providers', 'users']) {
    it(`${what}: says that the server has no such list`, async () => {
      assert.equal((await list(what)).code, 'not_supported');
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
    for (const what of ['messages', '__proto__', 'constructor', 'toString']) {
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

describe('the lists of a server that knows its people, models and approved templates', () => {
  const { play } = setUpFlows({ contract: 'server' });
  beforeEach(async () => {
    const credentials = { email: 'demo@linktor.local', password: 'sandbox' };
    await play([knowledge], { account: { contract: 'server', signIn: 'password' }, credentials });
  });

  it('users: who may be in charge', async () => {
    const { items } = await list('users');
    assert.deepEqual(items, [{ value: 'user_demo', label: 'Demo User', detail: 'demo@linktor.local · admin' }]);
  });

  it('models: each with its provider, so that it says whose it is', async () => {
    const { items } = await list('models', '?search=large');
    assert.deepEqual(items, [{ value: 'openai/sandbox-model-large', label: 'sandbox-model-large', detail: 'openai' }]);
    assert.deepEqual(
      (await list('providers')).items.map(({ value }) => value),
      ['openai', 'anthropic', 'ollama'],
    );
  });

  it('messageTemplates: the approved ones, with their language and placeholders', async () => {
    const { items } = await list('messageTemplates', '?search=order');
    assert.deepEqual(
      items.map(({ value, detail, facts, placeholders }) => [value, detail, facts, placeholders?.map(({ id }) => id)]),
      [
        ['order_update', 'pt_BR · UTILITY', { language: 'pt_BR' }, ['body.1', 'body.2']],
        ['order_update', 'en · UTILITY', { language: 'en' }, ['header.1', 'body.1', 'body.2', 'button.1.url']],
      ],
    );
    assert.ok((await list('messageTemplates')).items.every(({ value }) => value !== 'not_yet'));
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
