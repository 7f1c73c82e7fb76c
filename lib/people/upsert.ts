import { isDeepStrictEqual } from 'node:util';
import type { KeyedMutex } from '../async/keyed-mutex';
import type { LinktorClient } from '../client';
import { invalid, LinktorError, partlyDone, unsupported } from '../errors';
import { type Contact, isObject } from '../model';
import { findOrCreate } from './find-or-create';
import { comparable, findContact, type Identity, isSameIdentity } from './identity';
import { identifiersOf, identitiesOf, type Person } from './person';

export const MATCH_BY = ['any', 'phone', 'email', 'identity'] as const;
export type MatchBy = (typeof MATCH_BY)[number];

export interface UpsertResult {
  contact: Contact;
  /** the contact is new */
  created: boolean;
}

/**
 * Find a contact, or create it. The given fields are merged into the existing ones: tags, custom fields and identities
 * are added, all others are replaced; equal values are not written. No contact is created twice: writes with a common
 * address run one after the other, and after a lost answer the contact is searched again.
 * @param by fields by which to find the contact; `any` is phone, then e-mail, then identities
 * @throws LinktorError `validation` without such a field, `conflict` when one of them belongs to another contact
 */
export async function upsert(
  client: LinktorClient,
  turns: KeyedMutex,
  person: Person,
  by: MatchBy,
): Promise<UpsertResult> {
  const known = withoutEmpty(person);
  const wanted = identitiesBy(known, by);
  const keys = wanted.map(({ address, kind }) => `${kind} ${comparable(address, kind)}`);
  return turns.run(keys, async () => {
    const identities = await searchable(client, wanted);
    const find = () => first(client, identities);
    const create = () => client.contacts.create({ name: wanted[0]?.address, ...known });
    const { entity, origin } = await findOrCreate(find, create).catch(withConflictHint);
    const contact = origin === 'created' ? entity : await mergeInto(client, entity, known).catch(withConflictHint);
    return { contact, created: origin !== 'found' };
  });
}

/** Remove empty values: an empty cell of a table changes nothing. */
function withoutEmpty(person: Person): Person {
  return Object.fromEntries(Object.entries(person).filter(([, value]) => value !== '' && value !== null));
}

function identitiesBy(person: Person, by: MatchBy): Identity[] {
  const wanted = identitiesOf(person).filter(
    ({ kind, channelType }) => by === 'any' || (by === 'identity' ? channelType : !channelType && kind === by),
  );
  if (wanted.length > 0) return wanted;
  const what = by === 'phone' || by === 'email' ? by : 'channelType and identifier';
  throw invalid(
    'There is nothing to find the contact by.',
    `Give ${by === 'any' ? `phone, email, or ${what}` : what}, in a field or in msg.payload.`,
  );
}

async function searchable(client: LinktorClient, wanted: readonly Identity[]): Promise<readonly Identity[]> {
  const isHandle = ({ kind }: Identity) => kind === 'handle';
  if (!wanted.some(isHandle) || !(await isServer(client))) return wanted;
  // This server searches only names, phones and e-mails (contract 1.4), so each upsert would create another contact.
  const rest = wanted.filter((one) => !isHandle(one));
  if (rest.length > 0) return rest;
  throw unsupported('find a contact by an identity', 'Find it by phone or e-mail.');
}

async function isServer(client: LinktorClient): Promise<boolean> {
  return (await client.contract()).name === 'server';
}

async function first(client: LinktorClient, identities: readonly Identity[]): Promise<Contact | undefined> {
  for (const identity of identities) {
    const contact = await findContact(client, identity);
    if (contact) return contact;
  }
  return undefined;
}

const WRITE_AGAIN = 'Send the same message again: only what is missing is written.';

/** @returns the contact with the changes written */
async function mergeInto(client: LinktorClient, found: Contact, { identifiers, ...person }: Person): Promise<Contact> {
  const { contacts } = client;
  const given = identifiersOf({ identifiers });
  // Some servers omit identities in a list of contacts.
  const now = given.length > 0 && found.identifiers.length === 0 ? await contacts.get(found.id) : found;
  const changes = Object.entries(person)
    .map(([key, value]) => [key, mergeField(key, now[key], value)])
    .filter(([key, value]) => !isDeepStrictEqual(value, now[key as string]));
  const fields = Object.fromEntries(changes);
  const more = given.filter((one) => !now.identifiers.some((other) => isSameIdentity(one, other)));
  const oneByOne = more.length > 0 && (await isServer(client));
  if (more.length > 0 && !oneByOne) fields.identifiers = [...now.identifiers, ...more];
  const written = Object.keys(fields);
  let contact = written.length > 0 ? await contacts.update(now.id, fields) : now;
  const added: string[] = [];
  for (const one of oneByOne ? more : []) {
    contact = await contacts.addIdentity(now.id, one).catch((error: unknown) => {
      if (written.length + added.length === 0) throw error;
      const said = `${written.length} fields and ${added.length} identities of the contact are written`;
      throw partlyDone(error, said, { contactId: now.id, written, added }, WRITE_AGAIN);
    });
    added.push(one.identifier);
  }
  return contact;
}

/** @returns the new value of a field */
function mergeField(key: string, now: unknown, given: unknown): unknown {
  if (key === 'tags' && Array.isArray(given)) return [...new Set([...(Array.isArray(now) ? now : []), ...given])];
  if (isObject(given) && isObject(now)) return { ...now, ...given };
  const isWritten = (key === 'phone' || key === 'email') && typeof now === 'string';
  // The same address in another spelling is not a change.
  return isWritten && comparable(now, key) === comparable(String(given), key) ? now : given;
}

/** Add a hint to a conflict: a phone number or e-mail address belongs to one contact only. */
function withConflictHint(error: unknown): never {
  if (!(error instanceof LinktorError) || error.code !== 'conflict') throw error;
  const hint = 'Another contact has this phone or e-mail: merge the two, or leave it out.';
  throw new LinktorError(error.code, error.message, { ...error.cause, hint });
}
