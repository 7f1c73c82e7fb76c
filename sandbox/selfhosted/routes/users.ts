import { randomBytes } from 'node:crypto';
import { type State, stamp, touch } from '../../state';
import type { ApiKey, User } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import { type Answer, type Call, type Caller, type Handler, noContent } from '../../wire/router';
import { requireAdmin } from '../credentials';
import { newestPage, wrap, wrapCreated } from '../envelope';
import { findByUuid, requireText } from '../read';
import { badRequest, invalidBody, Refusal } from '../refusal';
import type { AddRoutes } from '../route';
import { formatTime } from '../time';
import { omitEmpty, userView } from '../views';
import { readEmail, readNewPassword } from './auth';

const MAX_LISTED_USERS = 20;
const ROLES = ['agent', 'supervisor', 'admin'];
const KEY_PREFIX_LENGTH = 10;

/** Users and API keys, for admins only. The keys are stored and never checked. */
export const userRoutes: AddRoutes = (on, { world: { state } }) => {
  const { users, keys } = state;
  const admin = (method: string, path: string, handler: Handler): void =>
    on(method, path, (call) => {
      requireAdmin(call.caller);
      return handler(call);
    });
  const need = ({ params }: Call): User => findByUuid(users, params.id, 'USER_NOT_FOUND');
  admin('GET', '/users', () =>
    newestPage(users.all().toReversed().slice(0, MAX_LISTED_USERS).map(userView), MAX_LISTED_USERS, users.size),
  );
  admin('POST', '/users', ({ body }) => wrapCreated(userView(create(state, new Form(body)))));
  admin('GET', '/users/:id', (call) => wrap(userView(need(call))));
  admin('PUT', '/users/:id', (call) => wrap(userView(update(need(call), new Form(call.body)))));
  admin('DELETE', '/users/:id', (call) => {
    const { id } = need(call);
    if (id === call.caller.userId) throw badRequest('Cannot delete yourself');
    users.remove(id);
    return noContent();
  });
  admin('GET', '/api-keys', () => wrap(keys.all().map(keyView)));
  admin('POST', '/api-keys', ({ body, caller }) => addKey(state, caller, new Form(body)));
  admin('DELETE', '/api-keys/:id', ({ params }) => {
    keys.remove(findByUuid(keys, params.id).id);
    return noContent();
  });
};

function create({ users }: State, form: Form): User {
  const email = readEmail(form);
  const password = readNewPassword(form, 'password');
  const name = requireText(form, 'name');
  const role = readRole(form) ?? '';
  if (!role) throw invalidBody();
  if (users.find((user) => user.email === email)) throw new Refusal(409, 'CONFLICT', 'Email already exists');
  return users.add({ ...stamp(users.newId()), email, password, name, role, status: 'active' });
}

function update(user: User, form: Form): User {
  user.role = readRole(form) ?? user.role;
  user.status = form.choice('status', ['active', 'inactive', 'suspended']) ?? user.status;
  user.name = form.text('name') || user.name;
  user.avatarUrl = form.text('avatar_url') ?? user.avatarUrl;
  touch(user);
  return user;
}

function readRole(form: Form): string | undefined {
  return form.choice('role', ROLES);
}

function addKey({ keys }: State, { userId }: Caller, form: Form): Answer {
  const key = `lk_${randomBytes(24).toString('hex')}`;
  const made = keys.add({
    ...stamp(keys.newId()),
    userId,
    name: requireText(form, 'name'),
    prefix: key.slice(0, KEY_PREFIX_LENGTH),
    scopes: form.texts('scopes') ?? [],
    expiresAt: readTime(form.text('expires_at')),
  });
  return wrapCreated({ ...keyView(made), key });
}

function readTime(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalidBody();
  return new Date(at).toISOString();
}

function keyView({ id, tenantId, userId, name, prefix, scopes, expiresAt, createdAt }: ApiKey): Fields {
  return {
    id,
    tenant_id: tenantId,
    user_id: userId,
    name,
    key_prefix: prefix,
    scopes,
    ...omitEmpty({ expires_at: formatTime(expiresAt) }),
    created_at: formatTime(createdAt),
  };
}
