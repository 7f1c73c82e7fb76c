import type { LinktorClient } from '../client';
import { LinktorError, partlyDone } from '../errors';
import type { Contact } from '../model';
import { addressKindOf, isSameIdentity } from './identity';
import { e164 } from './phone';

/** An identity as a flow author writes it. */
interface GivenIdentity {
  channelType: string;
  identifier: string;
  /** country of phone numbers without +, ISO 3166 */
  country: string;
}

const AGAIN = 'Send the same message again: only what is missing is done.';

/**
 * Make a contact known by a further address; an address that it has already, in any spelling, is not written again.
 * @throws LinktorError `validation` for what is no phone number in a channel of phone numbers
 */
export async function addIdentity(client: LinktorClient, id: string, given: GivenIdentity): Promise<Contact> {
  const identity = await spelled(given);
  const contact = await client.contacts.get(id);
  const isKnown = contact.identifiers.some((one) => isSameIdentity(one, identity));
  return isKnown ? contact : client.contacts.addIdentity(id, identity);
}

/** @throws LinktorError `not_found` when the contact has no such identity */
export async function removeIdentity(client: LinktorClient, id: string, given: GivenIdentity): Promise<Contact> {
  const identity = await spelled(given);
  let contact = await client.contacts.get(id);
  const stored = contact.identifiers.filter((one) => isSameIdentity(one, identity));
  if (stored.length === 0) {
    throw new LinktorError('not_found', `The contact has no such identity of the type "${given.channelType}".`, {
      hint: 'Read the contact: its "identifiers" are those that it has.',
    });
  }
  const removed: string[] = [];
  for (const one of stored) {
    contact = await client.contacts.removeIdentity(id, one).catch((error: unknown) => {
      if (removed.length === 0) throw error;
      throw partlyDone(error, `${removed.length} of ${stored.length} spellings are gone`, { removed }, AGAIN);
    });
    removed.push(String(one.identifier));
  }
  return contact;
}

async function spelled({ channelType, identifier, country }: GivenIdentity) {
  const isPhone = addressKindOf(channelType) === 'phone';
  return { channelType, identifier: isPhone ? await e164(identifier, country) : identifier };
}
