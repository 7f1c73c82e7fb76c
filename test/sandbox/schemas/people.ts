import { count, list, map, number, object, oneOf, type Schema, stamped, text, time } from './kit';

export const user = object({
  ...stamped,
  email: text,
  name: text,
  role: oneOf('admin', 'agent', 'supervisor', 'viewer', 'manager'),
  status: oneOf('active', 'inactive', 'pending', 'suspended'),
  'avatarUrl?': text,
  'avatar?': text,
  'phone?': text,
});
export const tenant = object({
  id: text,
  name: text,
  slug: text,
  'plan?': text,
  'settings?': map,
  createdAt: time,
  updatedAt: time,
});
export const tokens = object({ accessToken: text, refreshToken: text, expiresIn: number });
export const login = object({
  accessToken: text,
  refreshToken: text,
  expiresIn: number,
  tokenType: text,
  user,
  tenant,
});

const identifiers = list(
  object({ channelType: text, channelId: text, identifier: text, 'displayName?': text, 'profilePicture?': text }),
);

/** @param asMap the Rust and Java families have a map from channel type to identifier */
export const contact = (asMap = false): Schema =>
  object({
    ...stamped,
    name: text,
    'email?': text,
    'phone?': text,
    'externalId?': text,
    'avatarUrl?': text,
    'avatar?': text,
    identifiers: asMap ? { type: 'object', additionalProperties: text } : identifiers,
    'customFields?': map,
    tags: list(text),
    'metadata?': map,
    'lastSeenAt?': time,
    conversationCount: count,
  });
