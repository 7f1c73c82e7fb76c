import { randomBytes } from 'node:crypto';
import type { World } from '../sim/world';
import { type State, touch } from '../state';
import { newId } from '../state/collection';
import type { User } from '../state/entities';
import { Form } from '../wire/form';
import { invalid, Problem } from '../wire/problem';
import { type Answer, type Caller, noContent, ok, type Router } from '../wire/router';
import { userView } from '../wire/views';

const ACCESS_LIFETIME_S = 3600;
const REFRESH_LIFETIME_S = 7 * 24 * 3600;

/** Sign-in, the user's own profile, and the tenant. */
export function authRoutes(router: Router, { state }: World): void {
  const me = ({ userId }: Caller): User => state.users.need(userId);
  router
    .on('POST', '/auth/login', ({ body }) => login(state, new Form(body)), { open: true })
    .on('POST', '/auth/refresh', ({ body }) => refresh(state, new Form(body)), { open: true })
    .on('POST', '/auth/logout', ({ caller }) => logout(state, caller))
    .on('GET', '/auth/me', ({ caller }) => ok(userView(me(caller))))
    .on('PATCH', '/auth/me', ({ caller, body }) => ok(userView(update(me(caller), new Form(body)))))
    .on('POST', '/auth/change-password', ({ caller, body }) => changePassword(me(caller), new Form(body)))
    .on('GET', '/auth/tenant', () => ok(state.tenant));
}

function login(state: State, form: Form): Answer {
  const email = form.needText('email').toLowerCase();
  const password = form.needText('password');
  const user = state.users.find((candidate) => candidate.email === email);
  if (!user || user.password !== password) throw new Problem(401, 'E-mail or password is wrong');
  user.lastLoginAt = new Date().toISOString();
  return ok({ ...issueTokens(state, user.id), user: userView(user), tenant: state.tenant });
}

function refresh(state: State, form: Form): Answer {
  const token = state.tokens.get(form.needText('refreshToken'));
  if (token?.kind !== 'refresh' || token.expiresAt <= Date.now())
    throw new Problem(401, 'The refresh token is not valid');
  endSession(state, token.session);
  return ok(issueTokens(state, token.userId));
}

function logout(state: State, { token }: Caller): Answer {
  const session = token === undefined ? undefined : state.tokens.get(token)?.session;
  if (session !== undefined) endSession(state, session);
  return noContent();
}

function update(user: User, form: Form): User {
  if (form.has('name')) user.name = form.needText('name');
  form.patch(user, 'phone', (field) => form.text(field));
  form.patch(user, 'avatarUrl', (field) => form.text(field));
  touch(user);
  return user;
}

function changePassword(user: User, form: Form): Answer {
  const current = form.needText('currentPassword');
  const next = form.needText('newPassword');
  if (current !== user.password) throw invalid('currentPassword', 'is wrong');
  user.password = next;
  return noContent();
}

function issueTokens(state: State, userId: string): Record<string, unknown> {
  const session = newId('session');
  const accessToken = `at_${randomBytes(24).toString('hex')}`;
  const refreshToken = `rt_${randomBytes(24).toString('hex')}`;
  const at = Date.now();
  state.tokens.set(accessToken, { userId, kind: 'access', session, expiresAt: at + ACCESS_LIFETIME_S * 1000 });
  state.tokens.set(refreshToken, { userId, kind: 'refresh', session, expiresAt: at + REFRESH_LIFETIME_S * 1000 });
  return { accessToken, refreshToken, expiresIn: ACCESS_LIFETIME_S, tokenType: 'Bearer' };
}

function endSession(state: State, session: string): void {
  for (const [text, token] of state.tokens) if (token.session === session) state.tokens.delete(text);
}
