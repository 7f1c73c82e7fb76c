import { contactEvent } from '../sim/events';
import type { World } from '../sim/world';
import { touch } from '../state';
import type { Contact } from '../state/entities';
import { allKnown } from '../state/references';
import type { Form } from '../wire/form';
import { invalid } from '../wire/problem';

/**
 * Makes one contact of several, in the words of any family: what the first one lacks comes from the others, which go.
 *
 * @throws a 400 problem that names the field
 */
export function merge(world: World, form: Form): Contact {
  const { contacts } = world.state;
  const one = ['primaryContactId', 'primaryId'].find((field) => form.has(field)) ?? 'primaryContactId';
  const many = ['secondaryContactIds', 'contactIdsToMerge', 'secondaryIds'].find((field) => form.has(field));
  const primary = contacts.need(form.needText(one));
  const field = many ?? 'secondaryContactIds';
  const ids = form.needTexts(field);
  if (ids.includes(primary.id)) throw invalid(field, 'must not have the primary contact');
  allKnown(contacts, field, ids);
  const { name, email, phone } = primary;
  for (const id of new Set(ids)) absorb(world, primary, contacts.need(id));
  touch(primary);
  contactEvent(world, 'contact.merged', primary, { name, email, phone });
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
  contactEvent(world, 'contact.deleted', other);
}
