import { now, type State, touch } from '../../state';
import type { User } from '../../state/entities';
import { Form } from '../../wire/form';
import type { Answer, Caller } from '../../wire/router';
import { wrap, wrapMessage } from '../envelope';
import { findRecord, readTextMap, requireText } from '../read';
import { invalidBody, Refusal } from '../refusal';
import type { AddRoutes } from '../route';
import { tenantView, userView } from '../views';

const MIN_SIGN_IN_LENGTH = 6;
const MIN_PASSWORD_LENGTH = 8;

/** Sign-in, the user's own profile, and the tenant. */
export const authRoutes: AddRoutes = (on, { world: { state }, tokens }) => {
  const me = ({ userId }: Caller): User => findRecord(state.users, userId, 'USER_NOT_FOUND');
  on(
    'POST',
    '/auth/login',
    ({ body }) => {
      const user = signIn(state, new Form(body));
      return wrap({ user: userView(user), ...tokens.issue(user) });
    },
    { open: true },
  );
  on(
    'POST',
    '/auth/refresh',
    ({ body }) => {
      const claims = tokens.read(requireText(new Form(body), 'refresh_token'));
      const user = claims && state.users.get(claims.user_id);
      if (!user) throw new Refusal(401, 'TOKEN_INVALID', 'Invalid refresh token');
      return wrap(tokens.issue(user));
    },
    { open: true },
  );
  on('GET', '/me', ({ caller }) => wrap(userView(me(caller))));
  on('PUT', '/me', ({ caller, body }) => wrap(userView(updateProfile(me(caller), new Form(body)))));
  on('PUT', '/me/password', ({ caller, body }) => changePassword(me(caller), new Form(body)));
  on('GET', '/tenant', () => wrap(tenantView(state.tenant)));
  on('PUT', '/tenant', ({ body }) => {
    const form = new Form(body);
    const settings = readTextMap(form, 'settings');
    state.tenant.name = form.text('name') || state.tenant.name;
    state.tenant.settings = { ...state.tenant.settings, ...settings };
    touch(state.tenant);
    return wrap(tenantView(state.tenant));
  });
  on('GET', '/tenant/usage', () => usageAnswer(state));
};

function signIn(state: State, form: Form): User {
  const email = readEmail(form);
  const password = requireText(form, 'password');
  if (password.length < MIN_SIGN_IN_LENGTH) throw invalidBody();
  const user = state.users.find((candidate) => candidate.email === email);
  if (!user || user.password !== password || user.status !== 'active') {
    throw new Refusal(401, 'INVALID_CREDENTIALS', 'Invalid email or password');
  }
  user.lastLoginAt = now();
  return user;
}

/** Reads an e-mail address, in lower case. */
export function readEmail(form: Form): string {
  const email = requireText(form, 'email');
  if (!/^[^\s@]+@[^\s@]+$/.test(email)) throw invalidBody();
  return email.toLowerCase();
}

/** Reads a new password; one that is too short is refused. */
export function readNewPassword(form: Form, field: string): string {
  const password = requireText(form, field);
  if (password.length < MIN_PASSWORD_LENGTH) throw invalidBody();
  return password;
}

function updateProfile(user: User, form: Form): User {
  user.name = form.text('name') || user.name;
  user.avatarUrl = form.text('avatar_url') ?? user.avatarUrl;
  touch(user);
  return user;
}

/** A wrong current password is a 401 even with a valid token. */
function changePassword(user: User, form: Form): Answer {
  const current = requireText(form, 'current_password');
  const next = readNewPassword(form, 'new_password');
  if (current !== user.password) throw new Refusal(401, 'INVALID_CREDENTIALS', 'Current password is incorrect');
  user.password = next;
  return wrapMessage('Password changed');
}

function usageAnswer(state: State): Answer {
  const { limits } = tenantView(state.tenant);
  return wrap({
    users: state.users.size,
    channels: state.channels.size,
    contacts: state.contacts.size,
    messages_this_month: 0,
    limits,
  });
}
