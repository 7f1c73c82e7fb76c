import { invalid, unsupported } from '../../errors';
import type { Channel, Contact } from '../../model';
import { chain, ignoreAnswer, inLane, read, unsupportedCall, write } from '../calls';
import { decodeEntity } from '../envelope';
import type { Call, Contract, IdentityInput } from '../index';
import { isObject, type Json, object, string } from '../json';
import { channel, connected, contact, contactAsStored, isWhatsApp, session, tenant, user } from './entities';
import { containsText, decodeServerList, isWanted, newestList, pagedList } from './lists';
import { toServerFields, toTextMap } from './words';

const atContacts = ['contacts'];
const atChannels = ['channels'];
const MAX_LISTED_CHANNELS = 100;

/** Signing in, and the signed-in user (contract 1.1). */
export const auth: Contract['auth'] = {
  login: (email, password) => ({
    ...write('POST', ['auth', 'login'], session, { email, password }),
    keepSession: true,
  }),
  refresh: (refreshToken) => ({
    ...write('POST', ['auth', 'refresh'], session, { refresh_token: refreshToken }),
    keepSession: true,
  }),
  logout: unsupportedCall('sign out', 'Its tokens end by themselves: the access token after 15 minutes.'),
  me: () => read(['me'], user),
  tenant: () => read(['tenant'], tenant),
  updateProfile(changes) {
    const body = toServerFields(
      changes,
      { name: 'name', avatarUrl: 'avatar_url' },
      'a user',
      'It keeps name and avatarUrl.',
    );
    return chain(read(['me'], user), ({ name, avatarUrl }) =>
      write('PUT', ['me'], user, { name, avatar_url: avatarUrl, ...body }),
    );
  },
  // A wrong current password is a 401 here, and no reason to sign in again (contract 6.1.39).
  changePassword: (current, next) => ({
    ...write('PUT', ['me', 'password'], ignoreAnswer, { current_password: current, new_password: next }),
    keepSession: true,
  }),
};

const contactFields = {
  name: 'name',
  email: 'email',
  phone: 'phone',
  avatarUrl: 'avatar_url',
  tags: 'tags',
  customFields: (value: unknown) => ({ custom_fields: toTextMap(value ?? {}, 'customFields') }),
};
const keepsOf = 'It keeps name, email, phone, avatarUrl, tags and customFields: put the rest into customFields.';
const contactBody = (changes: Json) => toServerFields(changes, contactFields, 'a contact', keepsOf);
const getContact = (id: string) => read([...atContacts, id], contact);

/** An update replaces the whole contact (contract 6.1.11), so that unchanged fields are sent as well. */
function mergedContact(id: string, changes: (now: Contact) => Json): Call<Contact> {
  return inLane(
    id,
    chain(read([...atContacts, id], contactAsStored), (now) => {
      const { name, email, phone, avatarUrl, tags, customFields } = now;
      const whole = contactBody({ name, email, phone, avatarUrl, tags, customFields });
      return chain(write('PUT', [...atContacts, id], ignoreAnswer, { ...whole, ...changes(now) }), () =>
        getContact(id),
      );
    }),
  );
}

const digitsOf = (written: string) => written.replace(/\D/g, '');

const identityBody = ({ channelType, identifier, metadata }: IdentityInput) => ({
  channel_type: channelType,
  // Inbound messages match the identity exactly, and WhatsApp writes digits (contract 8.2).
  identifier: isWhatsApp(channelType) ? identifier.replace(/^\+?[\d\s().-]+$/, digitsOf) : identifier,
  ...(metadata ? { metadata: toTextMap(metadata, 'metadata') } : {}),
});

const addIdentity = (id: string, identity: IdentityInput) =>
  chain(write('POST', [...atContacts, id, 'identities'], ignoreAnswer, identityBody(identity)), () => getContact(id));

/** Contacts (contract 1.4). */
export const contacts: Omit<Contract['contacts'], 'conversations'> = {
  list({ tags, email, phone, channelType, sortBy, sortOrder, status, search, ...slice }) {
    if (channelType) throw unsupported('list contacts by channel', 'Search them by name, e-mail or phone.');
    if (sortBy || sortOrder) throw unsupported('sort contacts', 'Sort the list after it has come.');
    const chooses = email || phone || tags?.length;
    const keep = (one: Contact) =>
      isWanted(email?.toLowerCase(), one.email?.toLowerCase()) &&
      isWanted(phone && bare(phone), bare(one.phone ?? '')) &&
      (!tags?.length || tags.some((tag) => one.tags?.includes(tag)));
    const query = { ...slice, search: search || email || (phone && bare(phone)) };
    return pagedList(atContacts, contact, 'contacts', query, chooses ? keep : undefined);
  },
  get: getContact,
  create({ identifiers, ...input }) {
    const call = write('POST', atContacts, contact, contactBody(input));
    const known = identitiesOf(identifiers);
    return known.length === 0 ? call : chain(call, ({ id }) => oneByOne(known.map((one) => addIdentity(id, one))));
  },
  update(id, changes) {
    // An unknown field is refused before the first request.
    const body = contactBody(changes);
    return mergedContact(id, () => body);
  },
  remove: (id) => write('DELETE', [...atContacts, id], ignoreAnswer),
  merge: unsupportedCall('merge contacts', 'Move what you need with an update, then delete the other contact.'),
  addTags: (id, names) => mergedContact(id, ({ tags = [] }) => ({ tags: [...new Set([...tags, ...names])] })),
  removeTags: (id, names) =>
    mergedContact(id, ({ tags = [] }) => ({ tags: tags.filter((tag) => !names.includes(tag)) })),
  addIdentity: (id, identity) => inLane(id, addIdentity(id, identity)),
  removeIdentity: (id, { id: identityId }) =>
    inLane(
      id,
      chain(write('DELETE', [...atContacts, id, 'identities', String(identityId)], ignoreAnswer), () => getContact(id)),
    ),
};

/** The digits of a phone number: this server stores it as received, with or without a plus (contract 1.4). */
function bare(phone: string): string {
  return phone.replace(/\D/g, '');
}

/** Identifiers come as a list, or as a map of channel type and identifier. */
function identitiesOf(given: unknown): IdentityInput[] {
  if (given === undefined || given === null) return [];
  const rows = isObject(given)
    ? Object.entries(given).map(([channelType, identifier]) => ({ channelType, identifier }))
    : given;
  if (!Array.isArray(rows)) throw invalid('"identifiers" must be a list.', 'Give [{channelType, identifier}].');
  return rows.map((row: unknown) => {
    const { channelType, identifier, metadata } = object(row) ?? {};
    const [type, known] = [string(channelType), string(identifier)];
    if (!type || !known) throw invalid('An identifier needs channelType and identifier.');
    return { channelType: type, identifier: known, metadata: object(metadata) };
  });
}

/** Several calls as one, with the answer of the last. */
export function oneByOne<T>(calls: readonly Call<T>[]): Call<T> {
  return calls.reduceRight((rest, call) => chain(call, () => rest));
}

const channelFields = {
  type: 'type',
  name: 'name',
  identifier: 'identifier',
  config: (value: unknown) => ({ config: toTextMap(value ?? {}, 'config') }),
  credentials: (value: unknown) => ({ credentials: toTextMap(value ?? {}, 'credentials') }),
};
const keepsChannel = 'It keeps name, type, identifier, config and credentials, and switches by status.';
const channelBody = (changes: Json) => toServerFields(changes, channelFields, 'a channel', keepsChannel);
const getChannel = (id: string) => read([...atChannels, id], channel);
const delivers = 'Providers deliver to /api/v1/webhooks/ and the type and id of the channel.';
const noFigures = 'Read the figures of all channels: analytics, channels.';

/** Channels (contract 1.5). */
export const channels: Contract['channels'] = {
  list: ({ type, status, search, ...slice }) =>
    newestList(atChannels, channel, 'channels', MAX_LISTED_CHANNELS, slice, {
      choose: (shown) => ({
        items: shown.filter(
          (one) =>
            isWanted(type, one.type) &&
            isWanted(status, one.status) &&
            containsText(search, one.name, one.type, one.identifier),
        ),
      }),
    }),
  get: getChannel,
  create: (input) => write('POST', atChannels, channel, channelBody(input)),
  update(id, { status, ...changes }) {
    const body = channelBody(changes);
    const parts = status === undefined ? [] : [enable(id, status)];
    if (Object.keys(body).length > 0 || parts.length === 0) parts.unshift(replace(id, body));
    return inLane(id, oneByOne(parts));
  },
  remove: (id) => write('DELETE', [...atChannels, id], ignoreAnswer),
  connect: (id) => inLane(id, write('POST', [...atChannels, id, 'connect'], connected, {})),
  disconnect: (id) =>
    inLane(
      id,
      chain(write('POST', [...atChannels, id, 'disconnect'], ignoreAnswer, {}), () => getChannel(id)),
    ),
  status: (id) =>
    read([...atChannels, id], (body) => {
      const { status, enabled, connectionStatus } = channel(body);
      return { status, enabled, connectionStatus };
    }),
  capabilities: unsupportedCall('tell the capabilities of a channel', 'Look them up in the documentation of its type.'),
  test: unsupportedCall('test a channel', 'Connect it: the answer says whether that worked.'),
  stats: unsupportedCall('tell the figures of one channel', noFigures),
  webhook: unsupportedCall('tell where a provider delivers to a channel', delivers),
  renewWebhook: unsupportedCall('renew the token of a channel', delivers),
};

/** As with contacts, an update replaces the whole channel; credentials cannot be read, so only new ones are sent. */
function replace(id: string, changes: Json): Call<Channel> {
  return chain(
    read([...atChannels, id], (body) => decodeEntity(body, 'a channel')),
    ({ type, name, identifier, config }) => {
      const now = channelBody({ type, name, identifier, config: config ?? {} });
      return write('PUT', [...atChannels, id], channel, { ...now, ...changes });
    },
  );
}

function enable(id: string, status: unknown): Call<Channel> {
  if (status !== 'active' && status !== 'inactive')
    throw unsupported(`set a channel to "${String(status)}"`, 'Set it to active or inactive, or connect it.');
  const body = { enabled: status === 'active' };
  return chain(write('PUT', [...atChannels, id, 'enabled'], ignoreAnswer, body), () => getChannel(id));
}

/**
 * Conversations lack the type of their channel.
 * @param ids channels whose types are needed
 * @param make receives the types by channel id
 */
export function channelTypes<T>(
  ids: readonly (string | undefined)[],
  make: (types: ReadonlyMap<string, string>) => T,
): Call<T> {
  const rows = (body: unknown) => {
    const { items } = decodeServerList(channel, 'channels')(body);
    return new Map(items.flatMap(({ id, type }): [string, string][] => (type ? [[id, type]] : [])));
  };
  const use = (types: ReadonlyMap<string, unknown>) => make(types as ReadonlyMap<string, string>);
  const keys = [...new Set(ids.filter((id) => id !== undefined))];
  return { ...read(atChannels, (body) => make(rows(body))), table: { keys, rows, use } };
}
