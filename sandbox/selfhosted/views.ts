import type { Channel, Contact, Conversation, Identifier, Tenant, User } from '../state/entities';
import { type Fields, isFields } from '../wire/form';
import { connectionStatus } from '../wire/views';
import { formatTime } from './time';

/** Omits empty, zero and false values, as the server does with optional fields. */
export function omitEmpty(fields: Fields): Fields {
  return Object.fromEntries(
    Object.entries(fields).filter(([, value]) => {
      if (Array.isArray(value)) return value.length > 0;
      return isFields(value) ? Object.keys(value).length > 0 : Boolean(value);
    }),
  );
}

interface Dated {
  id: string;
  createdAt: string;
  updatedAt: string;
}

export function timesView({ createdAt, updatedAt }: Dated): Fields {
  return { created_at: formatTime(createdAt), updated_at: formatTime(updatedAt) };
}

/** A conversation as stored: tags and metadata have no column. */
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
    ...omitEmpty({
      assigned_user_id: conversation.assignedTo,
      subject: conversation.subject,
      last_message_at: formatTime(conversation.lastMessageAt),
      first_reply_at: formatTime(conversation.firstReplyAt),
      resolved_at: formatTime(conversation.resolvedAt),
    }),
    ...timesView(conversation),
  };
}

/** A contact in a list; a single contact has its identities too. */
export function contactView(contact: Contact): Fields {
  const { id, tenantId, name, email, phone, avatarUrl, customFields, tags } = contact;
  const optional = { name, email, phone, avatar_url: avatarUrl, custom_fields: toTextMap(customFields), tags };
  return { id, tenant_id: tenantId, ...omitEmpty(optional), ...timesView(contact) };
}

export function identityView(contact: Contact, identity: Identifier): Fields {
  const { id, channelType, identifier, metadata = {}, createdAt = contact.createdAt } = identity;
  return {
    id,
    contact_id: contact.id,
    channel_type: channelType,
    identifier,
    ...omitEmpty({ metadata }),
    created_at: formatTime(createdAt),
  };
}

/** A channel has two states here: enabled and connected. Credentials are never included. */
export function channelView(channel: Channel): Fields {
  const { id, tenantId, name, type, identifier, status, config, enabled = true } = channel;
  return {
    id,
    tenant_id: tenantId,
    name,
    type,
    enabled,
    connection_status: connectionStatus(status),
    ...omitEmpty({ identifier, config: toTextMap(config) }),
    ...timesView(channel),
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
    ...omitEmpty({ avatar_url: avatarUrl, last_login_at: formatTime(lastLoginAt) }),
    ...timesView(user),
  };
}

export function tenantView(tenant: Tenant): Fields {
  const { id, name, slug, plan, settings } = tenant;
  const limits = { max_users: 50, max_channels: 20, max_contacts: 100_000, max_messages_per_month: 1_000_000 };
  return { id, name, slug, plan, status: 'active', settings: toTextMap(settings), limits, ...timesView(tenant) };
}

/** Converts a map to string values; other values become JSON. */
export function toTextMap(map: Fields | undefined): Record<string, string> {
  return Object.fromEntries(
    Object.entries(map ?? {})
      .filter(([, value]) => value !== undefined && value !== null)
      .map(([key, value]) => [key, typeof value === 'string' ? value : JSON.stringify(value)]),
  );
}
