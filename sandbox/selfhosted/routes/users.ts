import { randomBytes } from 'node:crypto';
import { type State, stamp, touch } from '../../state';
import type { ApiKey, User } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import { type Answer, type Call, type Caller, gone, type Handler } from '../../wire/router';
import { onlyAdmins } from '../credentials';
import { added, newest, wrapped } from '../envelope';
import { findStrictly, needed } from '../read';
import { badRequest, Refusal, unreadable } from '../refusal';
import type { Routes } from '../route';
import { stampOf } from '../time';
import { sparse, userView } from '../views';
import { emailIn, newPassword } from './auth';

const LISTED = 20;
const ROLES = ['agent', 'supervisor', 'admin'];
const SHOWN_OF_KEY = 10;

/** Users and API keys, for admins only. The keys are kept, and nothing ever asks for one. */
export const userRoutes: Routes = (on, { world: { state } }) => {
  const { users, keys } = state;
  const admin = (method: string, path: string, handler: Handler): void =>
    on(method, path, (call) => {
      onlyAdmins(call.caller);
      return handler(call);
    });
  const need = ({ params }: Call): User => findStrictly(users, params.id, 'USER_NOT_FOUND');
  admin('GET', '/users', () => newest(users.all().toReversed().slice(0, LISTED).map(userView), LISTED, users.size));
  admin('POST', '/users', ({ body }) => added(userView(create(state, new Form(body)))));
  admin('GET', '/users/:id', (call) => wrapped(userView(need(call))));
  admin('PUT', '/users/:id', (call) => wrapped(userView(update(need(call), new Form(call.body)))));
  admin('DELETE', '/users/:id', (call) => {
    const { id } = need(call);
    if (id === call.caller.userId) throw badRequest('Cannot delete yourself');
    users.remove(id);
    return gone();
  });
  admin('GET', '/api-keys', () => wrapped(keys.all().map(keyView)));
  admin('POST', '/api-keys', ({ body, caller }) => addKey(state, caller, new Form(body)));
  admin('DELETE', '/api-keys/:id', ({ params }) => {
    keys.remove(findStrictly(keys, params.id).id);
    return gone();
  });
};

function create({ users }: State, form: Form): User {
  const email = emailIn(form);
  const password = newPassword(form, 'password');
  const name = needed(form, 'name');
  const role = roleIn(form) ?? '';
  if (!role) throw unreadable();
  if (users.find((user) => user.email === email)) throw new Refusal(409, 'CONFLICT', 'Email already exists');
  return users.add({ ...stamp(users.newId()), email, password, name, role, status: 'active' });
}

function update(user: User, form: Form): User {
  user.role = roleIn(form) ?? user.role;
  user.status = form.choice('status', ['active', 'inactive', 'suspended']) ?? user.status;
  user.name = form.text('name') || user.name;
  user.avatarUrl = form.text('avatar_url') ?? user.avatarUrl;
  touch(user);
  return user;
}

function roleIn(form: Form): string | undefined {
  return form.choice('role', ROLES);
}

function addKey({ keys }: State, { userId }: Caller, form: Form): Answer {
  const key = `lk_${randomBytes(24).toString('hex')}`;
  const made = keys.add({
    ...stamp(keys.newId()),
    userId,
    name: needed(form, 'name'),
    prefix: key.slice(0, SHOWN_OF_KEY),
    scopes: form.texts('scopes') ?? [],
    expiresAt: timeIn(form.text('expires_at')),
  });
  return added({ ...keyView(made), key });
}

function timeIn(text: string | undefined): string | undefined {
  if (!text) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw unreadable();
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
    ...sparse({ expires_at: stampOf(expiresAt) }),
    created_at: stampOf(createdAt),
  };
}
