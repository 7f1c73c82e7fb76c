import { LinktorError, unsupported } from '../../errors';
import type { Contact } from '../../model';
import { chain, ignoreAnswer, inLane, read, unsupportedCall, write } from '../calls';
import * as entities from '../entities';
import { decodeEntity } from '../envelope';
import type { Call, Changes, ChannelFilter, ContactFilter, Contract } from '../index';
import { array, isObject, type Json } from '../json';
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
  updateProfile: (changes) => write('PATCH', ['auth', 'me'], entities.user, toWirePerson(changes)),
  changePassword: (currentPassword, newPassword) => ({
    ...write('POST', ['auth', 'change-password'], ignoreAnswer, { currentPassword, newPassword }),
    keepSession: true,
  }),
};

/** Who may be in charge of a conversation, and what may be sent at any time: no SDK lists either. */
export const users: Contract['users'] = {
  list: unsupportedCall('list people', 'Copy the id of the person from Linktor.'),
};
export const messageTemplates: Contract['messageTemplates'] = {
  list: unsupportedCall('list approved templates', 'Type the name under which the template was approved.'),
};

/** Write the picture under the name that each SDK family has for it (contract 5.3). */
function toWirePerson(fields: Changes): Changes {
  return 'avatarUrl' in fields ? { ...fields, avatar: fields.avatarUrl } : fields;
}

const usual = crud<ReturnType<typeof entities.contact>, ContactFilter>(atContacts, entities.contact, 'contacts');

/** Contacts (contract 1.4). */
export const contacts: Contract['contacts'] = {
  ...usual,
  create: (input) => usual.create(toWirePerson(input)),
  update: (id, changes) => usual.update(id, toWirePerson(changes)),
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
  addIdentity: (id, { channelType, identifier, metadata }) =>
    withIdentities(id, {
      what: 'add an identity to a contact',
      listed: (now) => [...now, { channelType, identifier, ...(metadata ? { metadata } : {}) }],
      mapped(now) {
        if (now[channelType] === undefined) return { ...now, [channelType]: identifier };
        throw new LinktorError('conflict', `The contact has an identity of the type "${channelType}" already.`, {
          hint: 'This server keeps one for each type of channel: take the other one away first.',
        });
      },
      isDone: (identifiers) =>
        identifiers.some((one) => one.channelType === channelType && bare(one.identifier) === bare(identifier)),
    }),
  removeIdentity: (id, identity) =>
    withIdentities(id, {
      what: 'take an identity from a contact',
      listed: (now) => now.filter((one) => !isSame(one, identity)),
      mapped: ({ [identity.channelType]: _gone, ...rest }) => rest,
      isDone: (identifiers) => !identifiers.some((one) => isSame(one, identity)),
    }),
};

type Identifiers = Contact['identifiers'];

interface IdentityChange {
  /** completes "The connected server cannot ..." */
  what: string;
  listed(now: Identifiers): Identifiers;
  mapped(now: Json): Json;
  isDone(identifiers: Identifiers): boolean;
}

function isSame(one: Identifiers[number], other: Identifiers[number]): boolean {
  return one.channelType === other.channelType && one.identifier === other.identifier;
}

/** A server may store an address in a spelling of its own. */
function bare(identifier: string): string {
  return identifier.replace(/[^\p{L}\p{N}]/gu, '').toLowerCase();
}

/**
 * Write the identities of a contact in the form in which they were read, a list or a map (contract 5.3). Not every
 * server takes them with a change, so the answer is checked (contract 1.4).
 */
function withIdentities(id: string, { what, listed, mapped, isDone }: IdentityChange): Call<Contact> {
  const path = [...atContacts, id];
  const decode = (body: unknown) => {
    const contact = entities.contact(body);
    if (isDone(contact.identifiers)) return contact;
    throw unsupported(what, 'Identities are given when the contact is created; merge those that are the same person.');
  };
  const call = chain(
    read(path, (body) => decodeEntity(body, 'a contact').identifiers),
    (now) => {
      const identifiers = isObject(now) ? mapped(now) : listed(array(now).filter(isObject) as Identifiers);
      return changed(atContacts, id, decode, write('PATCH', path, decode, { identifiers }));
    },
  );
  return inLane(id, call);
}

/** Channels (contract 1.5). */
export const channels: Contract['channels'] = {
  ...crud<ReturnType<typeof entities.channel>, ChannelFilter>(atChannels, entities.channel, 'channels'),
  connect: (id) =>
    changed(atChannels, id, entities.channel, write('POST', [...atChannels, id, 'connect'], entities.channel, {})),
  disconnect: (id) =>
    changed(atChannels, id, entities.channel, write('POST', [...atChannels, id, 'disconnect'], entities.channel, {})),
  status: (id) => read([...atChannels, id, 'status'], entities.facts),
  capabilities: (id) => read([...atChannels, id, 'capabilities'], entities.facts),
  test: (id) => ({ ...write('POST', [...atChannels, id, 'test'], entities.facts, undefined, 'read'), isTest: true }),
  stats: (id, period) => read([...atChannels, id, 'stats'], entities.facts, { period }),
  webhook: (id) => read([...atChannels, id, 'webhook'], entities.facts),
  renewWebhook: (id) => write('POST', [...atChannels, id, 'webhook', 'regenerate'], entities.facts),
};
