import type { Channel, Contact, Conversation, Identifier, Tenant, User } from '../state/entities';
import { type Fields, isFields } from '../wire/form';
import { connectionStatus } from '../wire/views';
import { stampOf } from './time';

/** Leaves out what is empty, nought or false, as the server does with optional fields. */
export function sparse(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => {
      if (Array.isArray(value)) return value.length > 0;
      return isFields(value) ? Object.keys(value).length > 0 : Boolean(value);
    }),
  );
}

interface Base {
  id: string;
  createdAt: string;
  updatedAt: string;
}

export function times({ createdAt, updatedAt }: Base): Fields {
  return { created_at: stampOf(createdAt), updated_at: stampOf(updatedAt) };
}

/** A conversation as the database has it: without tags and metadata, which have no column. */
export function conversationView(conversation: Conversation): Fields {
  const { id, tenantId, channelId, contactId, status, priority, unreadCount } = conversation;
  return {
    id,
    tenant_id: tenantId,
    channel_id: channelId,
    contact_id: contactId,
    status,
    priority: priority === 'medium' ? 'normal' : priority,
    unread_count: unreadCount,
    ...sparse({
      assigned_user_id: conversation.assignedTo,
      subject: conversation.subject,
      last_message_at: stampOf(conversation.lastMessageAt),
      first_reply_at: stampOf(conversation.firstReplyAt),
      resolved_at: stampOf(conversation.resolvedAt),
    }),
    ...times(conversation),
  };
}

/** A contact of a list; a single one has its identities too. */
export function contactView(contact: Contact): Fields {
  const { id, tenantId, name, email, phone, avatarUrl, customFields, tags } = contact;
  const optional = { name, email, phone, avatar_url: avatarUrl, custom_fields: texts(customFields), tags };
  return { id, tenant_id: tenantId, ...sparse(optional), ...times(contact) };
}

export function identityView(contact: Contact, identity: Identifier): Fields {
  const { id, channelType, identifier, metadata = {}, createdAt = contact.createdAt } = identity;
  return {
    id,
    contact_id: contact.id,
    channel_type: channelType,
    identifier,
    ...sparse({ metadata }),
    created_at: stampOf(createdAt),
  };
}

/** A channel has two states here: whether it may be used, and whether it is connected. Credentials are never shown. */
export function channelView(channel: Channel): Fields {
  const { id, tenantId, name, type, identifier, status, config, enabled = true } = channel;
  return {
    id,
    tenant_id: tenantId,
    name,
    type,
    enabled,
    connection_status: connectionStatus(status),
    ...sparse({ identifier, config: texts(config) }),
    ...times(channel),
  };
}

export function userView(user: User): Fields {
  const { id, tenantId, email, name, role, status, avatarUrl, lastLoginAt } = user;
  return {
    id,
    tenant_id: tenantId,
    email,
    name,
    role,
    status,
    ...sparse({ avatar_url: avatarUrl, last_login_at: stampOf(lastLoginAt) }),
    ...times(user),
  };
}

export function tenantView(tenant: Tenant): Fields {
  const { id, name, slug, plan, settings } = tenant;
  const limits = { max_users: 50, max_channels: 20, max_contacts: 100_000, max_messages_per_month: 1_000_000 };
  return { id, name, slug, plan, status: 'active', settings: texts(settings), limits, ...times(tenant) };
}

/** A map of texts: whatever else a value is, it is written down. */
export function texts(map: Fields | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map ?? {})
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
