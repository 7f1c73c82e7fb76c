import { publishContact } from '../sim/events';
import type { World } from '../sim/world';
import { touch } from '../state';
import type { Contact } from '../state/entities';
import { requireAllKnown } from '../state/references';
import type { Form } from '../wire/form';
import { invalid } from '../wire/problem';

/**
 * Merges contacts, in the format of any family. The primary contact takes what it lacks from the others, which are
 * removed.
 *
 * @throws a 400 Problem that names the field
 */
export function merge(world: World, form: Form): Contact {
  const { contacts } = world.state;
  const one = ['primaryContactId', 'primaryId'].find((field) => form.has(field)) ?? 'primaryContactId';
  const many = ['secondaryContactIds', 'contactIdsToMerge', 'secondaryIds'].find((field) => form.has(field));
  const primary = contacts.need(form.needText(one));
  const field = many ?? 'secondaryContactIds';
  const ids = form.needTexts(field);
  if (ids.includes(primary.id)) throw invalid(field, 'must not have the primary contact');
  requireAllKnown(contacts, field, ids);
  const { name, email, phone } = primary;
  for (const id of new Set(ids)) absorb(world, primary, contacts.need(id));
  touch(primary);
  publishContact(world, 'contact.merged', primary, { name, email, phone });
  return primary;
}

function absorb(world: World, primary: Contact, other: Contact): void {
  primary.name ??= other.name;
  primary.email ??= other.email;
  primary.phone ??= other.phone;
  primary.avatarUrl ??= other.avatarUrl;
  primary.externalId ??= other.externalId;
  primary.identifiers = [...primary.identifiers, ...other.identifiers];
  primary.customFields = { ...other.customFields, ...primary.customFields };
  primary.tags = [...new Set([...primary.tags, ...other.tags])];
  primary.metadata = { ...other.metadata, ...primary.metadata };
  for (const conversation of world.state.conversationsOf(other.id)) conversation.contactId = primary.id;
  world.state.contacts.remove(other.id);
  publishContact(world, 'contact.deleted', other);
}
