import { randomUUID } from 'node:crypto';
import { publishContact } from '../../sim/events';
import { addContact } from '../../sim/messages';
import type { World } from '../../sim/world';
import { now, type State, touch } from '../../state';
import type { Contact, Identifier } from '../../state/entities';
import { type Fields, Form } from '../../wire/form';
import { includesText } from '../../wire/paging';
import { type Answer, type Call, noContent } from '../../wire/router';
import { pageWithMeta, wrap, wrapCreated, wrapMessage } from '../envelope';
import { findRecord, readTextMap, requireText } from '../read';
import { notFound, Refusal } from '../refusal';
import type { AddRoutes } from '../route';
import { contactView, identityView } from '../views';

/** Contacts and their identities. */
export const contactRoutes: AddRoutes = (on, { world }) => {
  const { contacts } = world.state;
  const need = ({ params }: Call): Contact => findRecord(contacts, params.id, 'CONTACT_NOT_FOUND');
  on('GET', '/contacts', ({ query }) => {
    const wanted = query.get('search')?.trim();
    const found = contacts.filter(({ name, email, phone }) => !wanted || includesText([name, email, phone], wanted));
    return pageWithMeta(found.toReversed(), query, contactView);
  });
  on('POST', '/contacts', ({ body }) => create(world, new Form(body)));
  on('GET', '/contacts/:id', (call) => wrap(wholeContactView(need(call))));
  on('PUT', '/contacts/:id', (call) => replaceContact(world, need(call), new Form(call.body)));
  on('DELETE', '/contacts/:id', (call) => {
    const contact = need(call);
    for (const { id } of world.state.conversationsOf(contact.id)) world.state.removeConversation(id);
    contacts.remove(contact.id);
    publishContact(world, 'contact.deleted', contact);
    return noContent();
  });
  on('POST', '/contacts/:id/identities', (call) => addIdentity(need(call), new Form(call.body)));
  on('DELETE', '/contacts/:id/identities/:identity', (call) => {
    const contact = need(call);
    const left = identities(contact).filter(({ id }) => id !== call.params.identity);
    if (left.length === contact.identifiers.length) throw notFound('Identity');
    contact.identifiers = left;
    return wrapMessage('Identity removed');
  });
};

function wholeContactView(contact: Contact): Fields {
  const all = identities(contact).map((identity) => identityView(contact, identity));
  return { ...contactView(contact), ...(all.length > 0 && { identities: all }) };
}

/** The identities of a contact. Seeded ones get their id on first access. */
function identities(contact: Contact): Identifier[] {
  for (const identity of contact.identifiers) identity.id ??= randomUUID();
  return contact.identifiers;
}

function create(world: World, form: Form): Answer {
  const name = requireText(form, 'name');
  const known = { ...read(form), name };
  refuseDuplicate(world.state, known);
  return wrapCreated(contactView(addContact(world, known)));
}

/** Replaces a contact: absent name, e-mail, phone and picture become empty. */
function replaceContact(world: World, contact: Contact, form: Form): Answer {
  const before = { name: contact.name, email: contact.email, phone: contact.phone };
  const next = read(form);
  refuseDuplicate(world.state, { ...next, id: contact.id });
  Object.assign(contact, next);
  touch(contact);
  publishContact(world, 'contact.updated', contact, before);
  return wrap(contactView(contact));
}

/** Reads a contact. Custom fields and tags are included only when the body has them. */
function read(form: Form): Partial<Contact> {
  const customFields = readTextMap(form, 'custom_fields');
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

function refuseDuplicate({ contacts }: State, { id, email, phone }: Partial<Contact>): void {
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
    channelType: requireText(form, 'channel_type'),
    identifier: requireText(form, 'identifier'),
    metadata: readTextMap(form, 'metadata'),
    createdAt: now(),
  };
  contact.identifiers = [...contact.identifiers, identity];
  return wrap(identityView(contact, identity));
}
