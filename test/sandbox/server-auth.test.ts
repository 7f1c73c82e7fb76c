import { strict as assert } from 'node:assert';
import { codeOf, data, type ServerBench, serverBench } from './server-support';
import type { Json } from './support';

describe('sandbox as the server: signing in', () => {
  let box: ServerBench;
  beforeEach(async () => {
    box = await serverBench();
  });
  afterEach(() => box.close());
  const login = (body: Json) => box.ask('POST', '/api/v1/auth/login', { body });
  const refresh = (refresh_token: unknown) => box.ask('POST', '/api/v1/auth/refresh', { body: { refresh_token } });

  it('answers a sign-in with the user and two JWTs, wrapped and in snake_case', async () => {
    const { status, body } = await login({ email: 'demo@linktor.local', password: 'sandbox' });
    const { user, access_token, refresh_token, expires_in, ...rest } = body.data as Json;
    assert.deepEqual([status, body.success, expires_in, rest], [200, true, 900, {}]);
    assert.deepEqual([(user as Json).tenant_id, (user as Json).role], ['tenant_demo', 'admin']);
    assert.equal((user as Json).password, undefined);
    const claims = JSON.parse(Buffer.from(String(access_token).split('.')[1] ?? '', 'base64url').toString());
    assert.deepEqual([claims.user_id, claims.sub, claims.iss], ['user_demo', 'user_demo', 'linktor']);
    assert.equal(claims.exp - claims.iat, 900);
    const long = JSON.parse(Buffer.from(String(refresh_token).split('.')[1] ?? '', 'base64url').toString());
    assert.equal(Math.round(long.exp - long.iat), 168 * 3600);
  });

  it('tells a malformed sign-in from a wrong one', async () => {
    for (const body of [{}, { email: 'x', password: 'sandbox' }, { email: 'demo@linktor.local', password: 'short' }]) {
      const reply = await login(body);
      assert.deepEqual([reply.status, codeOf(reply)], [400, 'VALIDATION_ERROR']);
      assert.equal((reply.body.error as Json).message, 'Invalid request body');
    }
    const wrong = await login({ email: 'demo@linktor.local', password: 'not this' });
    assert.deepEqual([wrong.status, codeOf(wrong)], [401, 'INVALID_CREDENTIALS']);
  });

  it('lets in with a bearer token alone, and says no in a flat form', async () => {
    const ask = (headers: Record<string, string>) => box.ask('GET', '/api/v1/me', { headers });
    const { access_token } = await box.signIn();
    assert.equal((await ask({ Authorization: `Bearer ${access_token}` })).status, 200);
    const nothing = await ask({ 'X-API-Key': 'sandbox-key' });
    assert.equal(nothing.status, 401);
    assert.deepEqual(nothing.body, {
      code: 'UNAUTHORIZED',
      message: 'missing authorization header',
      details: null,
    });
    assert.equal((await ask({ Authorization: `bearer ${access_token}` })).status, 401);
    for (const token of ['sandbox-key', `${access_token}x`, 'a.b.c']) {
      const { status, body } = await ask({ Authorization: `Bearer ${token}` });
      assert.deepEqual([status, body.code, body.details], [401, 'TOKEN_INVALID', null], token);
    }
  });

  it('rotates both tokens and keeps the old ones good', async () => {
    const first = await box.signIn();
    const second = data(await refresh(first.refresh_token));
    assert.deepEqual(Object.keys(second).sort(), ['access_token', 'expires_in', 'refresh_token']);
    assert.notEqual(second.access_token, first.access_token);
    assert.notEqual(second.refresh_token, first.refresh_token);
    for (const token of [first.access_token, second.access_token, first.refresh_token]) {
      assert.equal((await box.call('GET', '/me', undefined, String(token))).status, 200);
    }
    // Both are the same kind of token.
    assert.equal((await refresh(first.access_token)).status, 200);
    const bad = await refresh('nonsense');
    assert.deepEqual([bad.status, codeOf(bad)], [401, 'TOKEN_INVALID']);
  });

  it('lets tokens end when they are told to, and goes back at a reset', async () => {
    await box.control('/tokens', { accessSeconds: 0 });
    const short = await box.signIn();
    assert.equal(short.expires_in, 0);
    const { status, body } = await box.call('GET', '/me', undefined, String(short.access_token));
    assert.deepEqual([status, body.code], [401, 'TOKEN_INVALID']);
    assert.equal((await refresh(short.refresh_token)).status, 200);
    await box.control('/tokens', { refreshSeconds: 0 });
    assert.equal((await refresh((await box.signIn()).refresh_token)).status, 401);
    await box.control('/reset');
    assert.equal((await box.signIn()).expires_in, 900);
  });

  it('makes every token worthless at once when told to', async () => {
    const { access_token, refresh_token } = await box.signIn();
    await box.control('/tokens', { revoke: true });
    assert.equal((await box.call('GET', '/me', undefined, String(access_token))).status, 401);
    assert.equal((await refresh(refresh_token)).status, 401);
    const again = await box.signIn();
    assert.equal((await box.call('GET', '/me', undefined, String(again.access_token))).status, 200);
  });

  it('answers 401 to a wrong current password, with a good token', async () => {
    const change = (current_password: string, new_password: string) =>
      box.call('PUT', '/me/password', { current_password, new_password });
    const wrong = await change('not this', 'long enough');
    assert.deepEqual([wrong.status, codeOf(wrong)], [401, 'INVALID_CREDENTIALS']);
    assert.equal((await change('sandbox', 'short')).status, 400);
    assert.ok(data(await change('sandbox', 'long enough')).message);
    assert.equal((await login({ email: 'demo@linktor.local', password: 'long enough' })).status, 200);
  });

  it('shows and changes the profile and the tenant', async () => {
    assert.equal(data(await box.call('PUT', '/me', { name: 'Rosa' })).name, 'Rosa');
    assert.equal(data(await box.call('GET', '/me')).name, 'Rosa');
    const tenant = data(await box.call('PUT', '/tenant', { settings: { colour: 'green' } }));
    assert.deepEqual(tenant.settings, { language: 'en', colour: 'green' });
    assert.equal((await box.call('PUT', '/tenant', { settings: { size: 7 } })).status, 400);
    const usage = data(await box.call('GET', '/tenant/usage'));
    assert.deepEqual([usage.channels, usage.contacts, usage.messages_this_month], [2, 3, 0]);
  });

  it('lets only admins see users and keys', async () => {
    const { token } = await box.colleague('supervisor');
    for (const path of ['/users', '/api-keys']) {
      const { status, body } = await box.call('GET', path, undefined, token);
      assert.deepEqual([status, body.code, body.details], [403, 'FORBIDDEN', null]);
      assert.equal((await box.call('GET', path)).status, 200);
    }
  });

  it('manages users', async () => {
    const { id } = await box.colleague();
    const { body } = await box.call('GET', '/users');
    assert.equal((body.data as Json[])[0]?.id, id);
    assert.deepEqual([(body.meta as Json).total_items, (body.meta as Json).total_pages], [2, 0]);
    assert.equal(data(await box.call('PUT', `/users/${id}`, { role: 'supervisor' })).role, 'supervisor');
    assert.equal((await box.call('PUT', `/users/${id}`, { role: 'king' })).status, 400);
    const twice = await box.call('POST', '/users', {
      email: 'rita@example.com',
      password: 'long enough',
      name: 'R',
      role: 'agent',
    });
    assert.deepEqual([twice.status, codeOf(twice)], [409, 'CONFLICT']);
    assert.equal((await box.call('DELETE', '/users/user_demo')).status, 400);
    assert.equal((await box.call('DELETE', `/users/${id}`)).status, 204);
    assert.equal((await box.call('GET', `/users/${id}`)).status, 404);
    assert.equal((await box.call('GET', '/users/nobody')).status, 500);
  });

  it('makes API keys that open nothing', async () => {
    assert.deepEqual((await box.call('GET', '/api-keys')).body, { success: true, data: [] });
    const made = data(await box.call('POST', '/api-keys', { name: 'mine', scopes: ['messages:read'] }));
    assert.match(String(made.key), /^lk_[0-9a-f]{48}$/);
    const headers = { 'X-API-Key': String(made.key) };
    assert.equal((await box.ask('GET', '/api/v1/conversations', { headers })).status, 401);
    assert.equal((await box.call('GET', '/conversations', undefined, String(made.key))).status, 401);
    const [listed] = (await box.call('GET', '/api-keys')).body.data as Json[];
    assert.deepEqual([listed?.id, listed?.key], [made.id, undefined]);
    assert.equal((await box.call('DELETE', `/api-keys/${made.id}`)).status, 204);
  });
});
