import type { LinktorClient } from '../client';
import { type Contact, ownValue, type Page } from '../model';
import { cleanId } from '../text';
import { phoneKey, spellingsOf } from './phone';

/** An address by which a contact can be found. */
export interface Identity {
  address: string;
  kind: 'phone' | 'email' | 'handle';
  channelType?: string;
  channelId?: string;
}

/** The kind of address that each channel uses; `handle` in all others. */
const ADDRESS_KINDS: Readonly<Record<string, Identity['kind']>> = {
  whatsapp: 'phone',
  whatsapp_official: 'phone',
  whatsapp_unofficial: 'phone',
  sms: 'phone',
  voice: 'phone',
  rcs: 'phone',
  email: 'email',
};

/** @returns the kind of address of a channel; undefined for channels with names of their own */
export function addressKindOf(channelType: string): Identity['kind'] | undefined {
  return ownValue(ADDRESS_KINDS, channelType);
}

/** @returns true for an address with one `@` and something on either side: servers decide about the rest */
/** @returns an address without what was pasted around it, and without the scheme of a link */
export function cleanAddress(given: string): string {
  return cleanId(given).replace(/^mailto:/i, '');
}

export function isEmail(given: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(given);
}

/** The normal form of an address for comparison: equal for all spellings of one address. */
export function comparable(address: string, kind: Identity['kind']): string {
  return kind === 'phone' ? phoneKey(address) : cleanId(address).toLowerCase();
}

type Identifier = Contact['identifiers'][number];

/** @returns true for two spellings of one identity */
export function isSameIdentity(one: Identifier, other: Identifier): boolean {
  const kind = addressKindOf(one.channelType) ?? 'handle';
  return (
    one.channelType === other.channelType && comparable(one.identifier, kind) === comparable(other.identifier, kind)
  );
}

/** maximum number of contacts to check in one answer */
const MAX_LOOKED_AT = 100;

/**
 * Find the contact of an address in any spelling: first by its own field, then by any identity. If a country has two
 * forms of one phone number, both are searched.
 */
export async function findContact(client: LinktorClient, identity: Identity): Promise<Contact | undefined> {
  const { address, kind } = identity;
  const { contacts } = client;
  const slice = { limit: MAX_LOOKED_AT };
  const spellings = kind === 'phone' ? spellingsOf(address) : [address];
  const looks = [
    ...(kind === 'handle' ? [] : spellings.map((one) => () => contacts.list({ [kind]: one, ...slice }))),
    // Some servers keep phone numbers without the plus.
    ...spellings.map((one) => () => contacts.search(kind === 'phone' ? one.slice(1) : one, slice)),
  ];
  for (const look of looks) {
    const found = (await look()).items.find((contact) => isKnownAs(contact, identity));
    if (found) return found;
  }
  return undefined;
}

type ContactFilter = NonNullable<Parameters<LinktorClient['contacts']['list']>[0]>;

/**
 * Fetch a page of contacts. If no contact has the phone number, search for the other form of the same number.
 */
export async function listContacts(client: LinktorClient, filter: ContactFilter): Promise<Page<Contact>> {
  const { phone } = filter;
  const page = await client.contacts.list(filter);
  if (phone === undefined || page.items.length > 0) return page;
  for (const other of spellingsOf(phone).slice(1)) {
    const found = await client.contacts.list({ ...filter, phone: other });
    if (found.items.length > 0) return found;
  }
  return page;
}

function isKnownAs({ phone, email, identifiers }: Contact, { address, kind, channelType }: Identity): boolean {
  const wanted = comparable(address, kind);
  const own = kind === 'phone' ? phone : kind === 'email' ? email : undefined;
  if (own !== undefined && comparable(own, kind) === wanted) return true;
  const sameKind = (type: string) => type === channelType || (kind !== 'handle' && addressKindOf(type) === kind);
  return identifiers.some(
    (one) => (channelType === undefined || sameKind(one.channelType)) && comparable(one.identifier, kind) === wanted,
  );
}
