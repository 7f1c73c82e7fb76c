import type { KeyedMutex } from '../async/keyed-mutex';
import type { LinktorClient } from '../client';
import { invalid, LinktorError, unsupported } from '../errors';
import type { Contact, Conversation } from '../model';
import { addressKindOf, cleanAddress, comparable, findContact, findOrCreate, type Identity, isEmail } from '../people';
import { e164, looksLikePhone } from '../people/phone';
import type { Target } from './limits';

/** A recipient: conversation takes precedence over contact, contact over address. */
export interface Recipient {
  conversationId?: string;
  contactId?: string;
  /** a phone number, an e-mail address, or a user name in a channel */
  address?: string;
  /** channel of a new conversation; without it, any open conversation is used */
  channelId?: string;
  /** country of phone numbers without +, ISO 3166 */
  country?: string;
  /** name of a new contact */
  name?: string;
}

/** @returns a key that is equal for equal recipients, as given */
export function keyOf({ conversationId, contactId, address, channelId = '' }: Recipient): string {
  if (conversationId !== undefined) return `conversation ${conversationId}`;
  return `${contactId === undefined ? `address ${address}` : `contact ${contactId}`} ${channelId}`;
}

/**
 * Find the conversation for a recipient: the newest open one, else a new one. Concurrent messages and lost answers do
 * not create a second contact or conversation.
 * @throws LinktorError `validation` when a new conversation is needed and no channel is given
 */
export async function findTarget(client: LinktorClient, turns: KeyedMutex, to: Recipient): Promise<Target> {
  const { conversationId, channelId } = to;
  if (conversationId !== undefined) return { conversationId };
  const contactId = to.contactId ?? (await contactOf(client, turns, to));
  return turns.run(`open ${contactId} ${channelId ?? ''}`, async () => {
    let isCut = false;
    const find = async () => {
      const looked = await openConversation(client, contactId, channelId);
      isCut = looked.isCut;
      return looked.found;
    };
    const make = () => client.conversations.create({ channelId: requireChannel(channelId, isCut), contactId });
    const { entity: it } = await findOrCreate(find, make);
    return { conversationId: it.id, contactId, channelId: it.channelId, channelType: it.channelType };
  });
}

/** @param isCut the server has not listed all conversations */
function requireChannel(channelId: string | undefined, isCut: boolean): string {
  if (channelId !== undefined) return channelId;
  if (isCut) {
    throw invalid(
      'There is no open conversation among the newest, which are all that this server shows, and no channel to begin one in.',
      'Give msg.conversationId, or fill in the field "channel" or give msg.channelId.',
    );
  }
  throw invalid(
    'There is no open conversation, and no channel to begin one in.',
    'Fill in the field "channel" or give msg.channelId.',
  );
}

async function openConversation(
  client: LinktorClient,
  contactId: string,
  channelId: string | undefined,
): Promise<{ found: Conversation | undefined; isCut: boolean }> {
  const filter = { contactId, channelId, sortBy: 'lastMessageAt', sortOrder: 'desc', limit: 100 } as const;
  const { items, truncated = false } = await client.conversations.list(filter);
  const fits = (one: Conversation) =>
    one.contactId === contactId &&
    (channelId === undefined || one.channelId === channelId) &&
    one.status !== 'resolved' &&
    one.status !== 'closed';
  const age = ({ lastMessageAt, createdAt }: Conversation) => lastMessageAt ?? createdAt ?? '';
  // Servers ignore unknown filters and orders.
  const [found] = items.filter(fits).sort((one, other) => age(other).localeCompare(age(one)));
  return { found, isCut: truncated };
}

async function contactOf(client: LinktorClient, turns: KeyedMutex, to: Recipient): Promise<string> {
  const identity = await identityOf(client, to);
  if (identity.kind === 'handle' && (await client.contract()).name === 'server') {
    // This server cannot search for it (contract 1.4), so each message would create another contact.
    throw unsupported('find somebody by the name in a channel', 'Give a phone number, an e-mail address or a contact.');
  }
  return turns.run(`identity ${comparable(identity.address, identity.kind)}`, async () => {
    const make = () => createContact(client, identity, to.name ?? identity.address);
    return (await findOrCreate(() => findContact(client, identity), make)).entity.id;
  });
}

/** @throws LinktorError `validation` for an address of another kind than the channel's */
async function identityOf(client: LinktorClient, { address = '', channelId, country }: Recipient): Promise<Identity> {
  const given = cleanAddress(address);
  if (given === '')
    throw invalid('There is no address to send to.', 'Fill in the field "address" or give msg.address.');
  const channelType = channelId === undefined ? undefined : (await client.channels.get(channelId)).type;
  const looks = isEmail(given) ? 'email' : looksLikePhone(given) ? 'phone' : 'handle';
  const kind =
    channelType === undefined ? looks : (addressKindOf(channelType) ?? (isEmail(given) ? 'email' : 'handle'));
  if (kind === 'email' && !isEmail(given)) throw invalid(`"${given}" is not an e-mail address.`);
  return { address: kind === 'phone' ? await e164(given, country) : given, kind, channelType, channelId };
}

async function createContact(client: LinktorClient, identity: Identity, name: string): Promise<Contact> {
  const { address, kind, channelType, channelId } = identity;
  const person = { name, ...(kind === 'handle' ? {} : { [kind]: address }) };
  if (channelType === undefined) {
    if (kind !== 'handle') return client.contacts.create(person);
    throw invalid(
      `Nobody is known as "${address}".`,
      'Say in which channel: fill in the field "channel" or give msg.channelId.',
    );
  }
  const identifier = { channelType, channelId, identifier: address };
  try {
    return await client.contacts.create({ ...person, identifiers: [identifier] });
  } catch (error) {
    // Some servers accept the identities of a contact only one by one.
    if (!(error instanceof LinktorError) || error.code !== 'not_supported') throw error;
    const contact = await client.contacts.create(person);
    return client.contacts.addIdentity(contact.id, { channelType, identifier: address });
  }
}
