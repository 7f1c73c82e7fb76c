import { strict as assert } from 'node:assert';
import { type Bench, bench } from './support';

describe('sandbox: signing in', () => {
  let box: Bench;
  before(async () => {
    box = await bench();
  });
  after(() => box.close());
  const login = () => box.ask('POST', '/auth/login', { body: { email: 'Demo@linktor.local', password: 'sandbox' } });
  const bearer = (token: unknown) => ({ headers: { Authorization: `Bearer ${token}` } });

  it('refuses a request without or with wrong credentials as a flat error', async () => {
    const attempts = [
      {},
      { headers: { 'X-API-Key': 'wrong' } },
      bearer('wrong'),
      { headers: { Authorization: 'Basic x' } },
    ];
    for (const attempt of attempts) {
      const { status, body } = await box.ask('GET', '/conversations', attempt);
      assert.equal(status, 401);
      assert.equal(body.code, 'AUTHENTICATION_ERROR');
      assert.equal(typeof body.message, 'string');
    }
  });

  it('accepts the key in either header, and judges the key alone when both are there', async () => {
    assert.equal((await box.api('GET', '/auth/me')).body.id, 'user_demo');
    assert.equal((await box.ask('GET', '/auth/me', bearer('sandbox-key'))).status, 200);
    const both = { headers: { 'X-API-Key': 'wrong', Authorization: 'Bearer sandbox-key' } };
    assert.equal((await box.ask('GET', '/auth/me', both)).status, 401);
  });

  it('answers a login with what every SDK family reads', async () => {
    const { status, body } = await login();
    assert.equal(status, 200);
    assert.deepEqual(Object.keys(body).sort(), [
      'accessToken',
      'expiresIn',
      'refreshToken',
      'tenant',
      'tokenType',
      'user',
    ]);
    assert.equal(body.expiresIn, 3600);
    assert.equal((body.user as { role: string }).role, 'admin');
    assert.ok(!JSON.stringify(body.user).includes('password'));
    const me = await box.ask('GET', '/auth/me', bearer(body.accessToken));
    assert.equal(me.body.email, 'demo@linktor.local');
    assert.equal((await box.ask('GET', '/auth/tenant', bearer(body.accessToken))).body.id, 'tenant_demo');
  });

  it('refuses a wrong password, and a login without one', async () => {
    const wrong = await box.ask('POST', '/auth/login', { body: { email: 'demo@linktor.local', password: 'no' } });
    assert.equal(wrong.status, 401);
    const none = await box.ask('POST', '/auth/login', { body: { email: 'demo@linktor.local' } });
    assert.deepEqual([none.status, none.body.details], [400, { password: 'is required' }]);
  });

  it('exchanges a refresh token once', async () => {
    const { accessToken, refreshToken } = (await login()).body;
    const fresh = await box.ask('POST', '/auth/refresh', { body: { refreshToken } });
    assert.equal(fresh.status, 200);
    assert.equal((await box.ask('GET', '/auth/me', bearer(fresh.body.accessToken))).status, 200);
    assert.equal((await box.ask('GET', '/auth/me', bearer(accessToken))).status, 401);
    assert.equal((await box.ask('POST', '/auth/refresh', { body: { refreshToken } })).status, 401);
    assert.equal((await box.ask('GET', '/auth/me', bearer(fresh.body.refreshToken))).status, 401);
  });

  it('ends the session at logout', async () => {
    const { accessToken, refreshToken } = (await login()).body;
    assert.equal((await box.ask('POST', '/auth/logout', bearer(accessToken))).status, 204);
    assert.equal((await box.ask('GET', '/auth/me', bearer(accessToken))).status, 401);
    assert.equal((await box.ask('POST', '/auth/refresh', { body: { refreshToken } })).status, 401);
  });

  it('changes profile and password', async () => {
    const changed = await box.api('PATCH', '/auth/me', { name: 'Somebody', phone: '+551199' });
    assert.deepEqual([changed.body.name, changed.body.phone], ['Somebody', '+551199']);
    const wrong = await box.api('POST', '/auth/change-password', { currentPassword: 'no', newPassword: 'next' });
    assert.deepEqual([wrong.status, wrong.body.details], [400, { currentPassword: 'is wrong' }]);
    await box.api('POST', '/auth/change-password', { currentPassword: 'sandbox', newPassword: 'next' });
    assert.equal((await login()).status, 401);
    await box.control('/reset');
    assert.equal((await login()).status, 200);
  });
});
