import { ignoreAnswer, read, unsupportedCall, write } from '../calls';
import * as entities from '../entities';
import type { ChannelFilter, ContactFilter, Contract } from '../index';
import { changed, crud, listOf, listQuery, memberCalls } from './calls';
import { tagFilter } from './conversations';

const atContacts = ['contacts'];
const atChannels = ['channels'];
const tags = memberCalls(atContacts, entities.contact, 'tags', 'tags');

/** Signing in, and the signed-in user (contract 1.1). */
export const auth: Contract['auth'] = {
  login: (email, password) => ({
    ...write('POST', ['auth', 'login'], entities.session, { email, password }),
    keepSession: true,
  }),
  refresh: (refreshToken) => ({
    ...write('POST', ['auth', 'refresh'], entities.session, { refreshToken }),
    keepSession: true,
  }),
  logout: () => ({ ...write('POST', ['auth', 'logout'], ignoreAnswer, {}), keepSession: true }),
  me: () => read(['auth', 'me'], entities.user),
  tenant: () => read(['auth', 'tenant'], entities.tenant),
  updateProfile: (changes) => write('PATCH', ['auth', 'me'], entities.user, changes),
  changePassword: (currentPassword, newPassword) => ({
    ...write('POST', ['auth', 'change-password'], ignoreAnswer, { currentPassword, newPassword }),
    keepSession: true,
  }),
};

const once = 'Identities are given when the contact is created; merge contacts that are the same person.';

/** Contacts (contract 1.4). */
export const contacts: Contract['contacts'] = {
  ...crud<ReturnType<typeof entities.contact>, ContactFilter>(atContacts, entities.contact, 'contacts'),
  list: ({ tags: wanted, ...filter }) =>
    listOf(atContacts, entities.contact, 'contacts', { ...listQuery(filter), ...tagFilter(wanted) }),
  // Each SDK family has its own names for the same two fields.
  merge(primary, others) {
    const call = write('POST', [...atContacts, 'merge'], entities.contact, {
      primaryContactId: primary,
      secondaryContactIds: others,
      contactIdsToMerge: others,
      primaryId: primary,
      secondaryIds: others,
    });
    return changed(atContacts, primary, entities.contact, call);
  },
  conversations: (id, filter) =>
    listOf([...atContacts, id, 'conversations'], entities.conversation, 'conversations', listQuery(filter)),
  addTags: tags.add,
  removeTags: tags.remove,
  addIdentity: unsupportedCall('add an identity to a contact', once),
  removeIdentity: unsupportedCall('take an identity from a contact', once),
};

/** Channels (contract 1.5). */
export const channels: Contract['channels'] = {
  ...crud<ReturnType<typeof entities.channel>, ChannelFilter>(atChannels, entities.channel, 'channels'),
  connect: (id) =>
    changed(atChannels, id, entities.channel, write('POST', [...atChannels, id, 'connect'], entities.channel, {})),
  disconnect: (id) =>
    changed(atChannels, id, entities.channel, write('POST', [...atChannels, id, 'disconnect'], entities.channel, {})),
  status: (id) => read([...atChannels, id, 'status'], entities.facts),
  capabilities: (id) => read([...atChannels, id, 'capabilities'], entities.facts),
  test: (id) => write('POST', [...atChannels, id, 'test'], entities.facts),
  stats: (id, period) => read([...atChannels, id, 'stats'], entities.facts, { period }),
  webhook: (id) => read([...atChannels, id, 'webhook'], entities.facts),
  renewWebhook: (id) => write('POST', [...atChannels, id, 'webhook', 'regenerate'], entities.facts),
};
