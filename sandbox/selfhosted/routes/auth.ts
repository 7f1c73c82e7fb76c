import { now, type State, touch } from '../../state';
import type { User } from '../../state/entities';
import { Form } from '../../wire/form';
import type { Answer, Caller } from '../../wire/router';
import { said, wrapped } from '../envelope';
import { find, needed, textMap } from '../read';
import { Refusal, unreadable } from '../refusal';
import type { Routes } from '../route';
import { tenantView, userView } from '../views';

const LEAST_SIGN_IN = 6;
const LEAST_NEW = 8;

/** Signing in, the own profile and the tenant. */
export const authRoutes: Routes = (on, { world: { state }, tokens }) => {
  const me = ({ userId }: Caller): User => find(state.users, userId, 'USER_NOT_FOUND');
  on(
    'POST',
    '/auth/login',
    ({ body }) => {
      const user = signedIn(state, new Form(body));
      return wrapped({ user: userView(user), ...tokens.issue(user) });
    },
    { open: true },
  );
  on(
    'POST',
    '/auth/refresh',
    ({ body }) => {
      const claims = tokens.read(needed(new Form(body), 'refresh_token'));
      const user = claims && state.users.get(claims.user_id);
      if (!user) throw new Refusal(401, 'TOKEN_INVALID', 'Invalid refresh token');
      return wrapped(tokens.issue(user));
    },
    { open: true },
  );
  on('GET', '/me', ({ caller }) => wrapped(userView(me(caller))));
  on('PUT', '/me', ({ caller, body }) => wrapped(userView(updated(me(caller), new Form(body)))));
  on('PUT', '/me/password', ({ caller, body }) => changePassword(me(caller), new Form(body)));
  on('GET', '/tenant', () => wrapped(tenantView(state.tenant)));
  on('PUT', '/tenant', ({ body }) => {
    const form = new Form(body);
    const settings = textMap(form, 'settings');
    state.tenant.name = form.text('name') || state.tenant.name;
    state.tenant.settings = { ...state.tenant.settings, ...settings };
    touch(state.tenant);
    return wrapped(tenantView(state.tenant));
  });
  on('GET', '/tenant/usage', () => usage(state));
};

function signedIn(state: State, form: Form): User {
  const email = emailIn(form);
  const password = needed(form, 'password');
  if (password.length < LEAST_SIGN_IN) throw unreadable();
  const user = state.users.find((candidate) => candidate.email === email);
  if (!user || user.password !== password || user.status !== 'active') {
    throw new Refusal(401, 'INVALID_CREDENTIALS', 'Invalid email or password');
  }
  user.lastLoginAt = now();
  return user;
}

/** An e-mail address, lower case. */
export function emailIn(form: Form): string {
  const email = needed(form, 'email');
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw unreadable();
  return email.toLowerCase();
}

/** A password that is good enough to be set. */
export function newPassword(form: Form, field: string): string {
  const password = needed(form, field);
  if (password.length < LEAST_NEW) throw unreadable();
  return password;
}

function updated(user: User, form: Form): User {
  user.name = form.text('name') || user.name;
  user.avatarUrl = form.text('avatar_url') ?? user.avatarUrl;
  touch(user);
  return user;
}

/** A wrong current password is a 401, although the token is good. */
function changePassword(user: User, form: Form): Answer {
  const current = needed(form, 'current_password');
  const next = newPassword(form, 'new_password');
  if (current !== user.password) throw new Refusal(401, 'INVALID_CREDENTIALS', 'Current password is incorrect');
  user.password = next;
  return said('Password changed');
}

function usage(state: State): Answer {
  const { limits } = tenantView(state.tenant);
  return wrapped({
    users: state.users.size,
    channels: state.channels.size,
    contacts: state.contacts.size,
    messages_this_month: 0,
    limits,
  });
}
