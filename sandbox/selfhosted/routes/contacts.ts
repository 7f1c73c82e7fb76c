import { randomUUID } from 'node:crypto';
import { contactEvent } from '../../sim/events';
import { addContact } from '../../sim/messages';
import type { World } from '../../sim/world';
import { now, type State, touch } from '../../state';
import type { Contact, Identifier } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import { has } from '../../wire/paging';
import { type Answer, type Call, gone } from '../../wire/router';
import { added, paged, said, wrapped } from '../envelope';
import { find, needed, textMap } from '../read';
import { absent, Refusal } from '../refusal';
import type { Routes } from '../route';
import { contactView, identityView } from '../views';

/** Contacts and the identities by which channels know them. */
export const contactRoutes: Routes = (on, { world }) => {
  const { contacts } = world.state;
  const need = ({ params }: Call): Contact => find(contacts, params.id, 'CONTACT_NOT_FOUND');
  on('GET', '/contacts', ({ query }) => {
    const wanted = query.get('search')?.trim();
    const found = contacts.filter(({ name, email, phone }) => !wanted || has([name, email, phone], wanted));
    return paged(found.toReversed(), query, contactView);
  });
  on('POST', '/contacts', ({ body }) => create(world, new Form(body)));
  on('GET', '/contacts/:id', (call) => wrapped(wholeContactView(need(call))));
  on('PUT', '/contacts/:id', (call) => replace(world, need(call), new Form(call.body)));
  on('DELETE', '/contacts/:id', (call) => {
    const contact = need(call);
    for (const { id } of world.state.conversationsOf(contact.id)) world.state.removeConversation(id);
    contacts.remove(contact.id);
    contactEvent(world, 'contact.deleted', contact);
    return gone();
  });
  on('POST', '/contacts/:id/identities', (call) => addIdentity(need(call), new Form(call.body)));
  on('DELETE', '/contacts/:id/identities/:identity', (call) => {
    const contact = need(call);
    const left = identities(contact).filter(({ id }) => id !== call.params.identity);
    if (left.length === contact.identifiers.length) throw absent('Identity');
    contact.identifiers = left;
    return said('Identity removed');
  });
};

function wholeContactView(contact: Contact): Fields {
  const all = identities(contact).map((identity) => identityView(contact, identity));
  return { ...contactView(contact), ...(all.length > 0 && { identities: all }) };
}

/** The identities of a contact; those of the shop get their id when they are first looked at. */
function identities(contact: Contact): Identifier[] {
  for (const identity of contact.identifiers) identity.id ??= randomUUID();
  return contact.identifiers;
}

function create(world: World, form: Form): Answer {
  const name = needed(form, 'name');
  const known = { ...read(form), name };
  refuseDouble(world.state, known);
  return added(contactView(addContact(world, known)));
}

/** Name, e-mail, phone and picture are replaced: what the body leaves out is emptied. */
function replace(world: World, contact: Contact, form: Form): Answer {
  const before = { name: contact.name, email: contact.email, phone: contact.phone };
  const next = read(form);
  refuseDouble(world.state, { ...next, id: contact.id });
  Object.assign(contact, next);
  touch(contact);
  contactEvent(world, 'contact.updated', contact, before);
  return wrapped(contactView(contact));
}

/** The fields of a body. Own fields and tags are only named when the body has them. */
function read(form: Form): Partial<Contact> {
  const customFields = textMap(form, 'custom_fields');
  const tags = form.texts('tags');
  return {
    name: form.text('name') || undefined,
    email: form.text('email') || undefined,
    phone: form.text('phone') || undefined,
    avatarUrl: form.text('avatar_url') || undefined,
    ...(customFields && { customFields }),
    ...(tags && { tags }),
  };
}

function refuseDouble({ contacts }: State, { id, email, phone }: Partial<Contact>): void {
  const double = contacts.find(
    (other) =>
      other.id !== id &&
      ((email !== undefined && other.email === email) || (phone !== undefined && other.phone === phone)),
  );
  if (double) throw new Refusal(409, 'CONFLICT', 'Contact with this email or phone already exists');
}

function addIdentity(contact: Contact, form: Form): Answer {
  const identity = {
    id: randomUUID(),
    channelType: needed(form, 'channel_type'),
    identifier: needed(form, 'identifier'),
    metadata: textMap(form, 'metadata'),
    createdAt: now(),
  };
  contact.identifiers = [...contact.identifiers, identity];
  return wrapped(identityView(contact, identity));
}
