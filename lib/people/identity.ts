import type { LinktorClient } from '../client';
import type { Contact, Page } from '../model';

/** Whatever somebody is known by. */
export interface Identity {
  address: string;
  kind: 'phone' | 'email' | 'handle';
  channelType?: string;
  channelId?: string;
}

/** What people are known by in a channel; a name of their own in all others. */
export const ADDRESS_KINDS: Readonly<Record<string, Identity['kind']>> = {
  whatsapp: 'phone',
  whatsapp_official: 'phone',
  whatsapp_unofficial: 'phone',
  sms: 'phone',
  voice: 'phone',
  rcs: 'phone',
  email: 'email',
};

export function isEmail(given: string): boolean {
  return /^[^\s@]+@[^\s@]+$/.test(given);
}

/** An address without what people write into it for themselves. */
export function comparable(address: string, kind: Identity['kind']): string {
  return kind === 'phone' ? address.replace(/\D/g, '') : address.toLowerCase();
}

export async function findContact(client: LinktorClient, identity: Identity): Promise<Contact | undefined> {
  const { address, kind } = identity;
  const limit = 100;
  const isIt = (contact: Contact) => isKnownAs(contact, identity);
  const among = async (page: Promise<Page<Contact>>) => (await page).items.find(isIt);
  // By its own field however it is written there, then by any identity.
  const direct = kind === 'handle' ? undefined : await among(client.contacts.list({ [kind]: address, limit }));
  return direct ?? among(client.contacts.search(address, { limit }));
}

function isKnownAs({ phone, email, identifiers }: Contact, { address, kind, channelType }: Identity): boolean {
  const wanted = comparable(address, kind);
  const own = kind === 'phone' ? phone : kind === 'email' ? email : undefined;
  if (own !== undefined && comparable(own, kind) === wanted) return true;
  const sameKind = (type: string) => type === channelType || (kind !== 'handle' && ADDRESS_KINDS[type] === kind);
  return identifiers.some(
    (one) => (channelType === undefined || sameKind(one.channelType)) && comparable(one.identifier, kind) === wanted,
  );
}
