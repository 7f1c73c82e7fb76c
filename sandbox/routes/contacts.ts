import { publishContact } from '../sim/events';
import { newContact } from '../sim/messages';
import type { World } from '../sim/world';
import { type State, touch } from '../state';
import type { Contact, Identifier } from '../state/entities';
import { type Fields, Form, isFields } from '../wire/form';
import { type Listing, list } from '../wire/paging';
import { invalid, notFound, Problem } from '../wire/problem';
import { ok, type Router } from '../wire/router';
import { contactView } from '../wire/views';
import { conversationListing } from './conversations';
import { crudRoutes } from './crud';
import { merge } from './merge';
import { tagRoutes } from './tags';

/** Contacts: the customers. */
export function contactRoutes(router: Router, world: World): void {
  const { state } = world;
  const listing = contactListing(state);
  const path = '/contacts';
  const need = crudRoutes(router, {
    path,
    collection: state.contacts,
    listing,
    create: (form) => create(state, form),
    onAdded: (contact) => publishContact(world, 'contact.created', contact),
    update: (contact, form) => update(world, contact, form),
    remove: (contact) => remove(world, contact),
  });
  tagRoutes(
    router,
    `${path}/:id`,
    (id) => state.contacts.need(id),
    (contact, tags) => {
      contact.tags = tags;
      touch(contact);
      publishContact(world, 'contact.updated', contact);
      return contactView(state, contact);
    },
  );
  router
    .on('POST', `${path}/search`, ({ body }) => list(state.contacts.all(), searchQuery(new Form(body)), listing))
    .on('GET', `${path}/external/:external`, ({ params }) => {
      const found = state.contacts.find(({ externalId }) => externalId === params.external);
      if (!found) throw notFound('Contact');
      return ok(contactView(state, found));
    })
    .on('POST', `${path}/merge`, ({ body }) => ok(contactView(state, merge(world, new Form(body)))))
    .on('GET', `${path}/:id/conversations`, (call) =>
      list(state.conversationsOf(need(call).id), call.query, conversationListing(world)),
    );
}

/** Converts a search in the body to the query of a list; `query` is a synonym for `search`. */
function searchQuery(form: Form): URLSearchParams {
  const query = new URLSearchParams();
  for (const [key, value] of Object.entries(form.fields())) {
    for (const item of Array.isArray(value) ? value : [value]) {
      if (typeof item === 'string' || typeof item === 'number')
        query.append(key === 'query' ? 'search' : key, String(item));
    }
  }
  return query;
}

function contactListing(state: State): Listing<Contact> {
  const tagged = ({ tags }: Contact, wanted: string): boolean => tags.includes(wanted);
  return {
    filters: {
      email: ({ email }, wanted) => email?.toLowerCase() === wanted.toLowerCase(),
      phone: ({ phone }, wanted) => phoneIs(wanted)(phone),
      channelType: ({ identifiers }, wanted) => identifiers.some(({ channelType }) => channelType === wanted),
      tags: tagged,
      tag: tagged,
    },
    search: ({ name, email, phone, externalId, identifiers }) => [
      name,
      email,
      phone,
      externalId,
      ...identifiers.map(({ identifier }) => identifier),
    ],
    sort: {
      createdAt: ({ createdAt }) => createdAt,
      name: ({ name }) => (name ?? '').toLowerCase(),
      lastSeenAt: ({ lastSeenAt }) => lastSeenAt ?? '',
    },
    view: (contact) => contactView(state, contact),
  };
}

/** Returns a predicate that compares phone numbers by their digits. */
export function phoneIs(wanted: string): (phone: string | undefined) => boolean {
  const number = digits(wanted);
  return (phone) => phone !== undefined && number !== '' && (phone === wanted || digits(phone) === number);
}

function digits(phone: string): string {
  return phone.replace(/\D/g, '');
}

function create(state: State, form: Form): Contact {
  const known: Partial<Contact> = {
    name: form.text('name'),
    email: readEmail(form),
    phone: readPhone(form),
    externalId: form.text('externalId'),
    avatarUrl: form.text('avatarUrl') ?? form.text('avatar'),
    identifiers: readIdentifiers(form) ?? [],
    customFields: form.map('customFields') ?? {},
    tags: form.texts('tags') ?? [],
    metadata: form.map('metadata') ?? {},
  };
  const named = known.name?.trim() || known.email || known.phone || known.externalId || known.identifiers?.length;
  if (!named) throw invalid('name', 'is required');
  refuseDuplicate(state, known);
  return newContact(state, known);
}

function update(world: World, contact: Contact, form: Form): void {
  const { name, email, phone } = contact;
  const next: Contact = { ...contact };
  form.patch(next, 'name', (field) => form.text(field));
  form.patch(next, 'email', () => readEmail(form));
  form.patch(next, 'phone', () => readPhone(form));
  form.patch(next, 'externalId', (field) => form.text(field));
  form.patch(next, 'avatarUrl', (field) => form.text(field));
  if (form.has('avatar')) next.avatarUrl = form.text('avatar');
  if (form.has('identifiers')) next.identifiers = readIdentifiers(form) ?? [];
  if (form.has('tags')) next.tags = form.texts('tags') ?? [];
  next.customFields = mergeFields(contact.customFields, form.map('customFields'));
  next.metadata = mergeFields(contact.metadata, form.map('metadata'));
  refuseDuplicate(world.state, next);
  Object.assign(contact, next);
  for (const key of Object.keys(contact) as (keyof Contact)[]) if (!(key in next)) delete contact[key];
  publishContact(world, 'contact.updated', contact, { name, email, phone });
}

/** Removes a contact and its conversations. */
function remove(world: World, contact: Contact): void {
  for (const { id } of world.state.conversationsOf(contact.id)) world.state.removeConversation(id);
  publishContact(world, 'contact.deleted', contact);
}

function mergeFields(old: Fields, changes: Fields | undefined): Fields {
  const all = Object.entries({ ...old, ...changes }).filter(([, value]) => value !== null);
  return Object.fromEntries(all);
}

/** E-mail and phone are unique. */
function refuseDuplicate(state: State, { id, email, phone }: Partial<Contact>): void {
  const sameEmail = email?.toLowerCase();
  const samePhone = phone === undefined ? undefined : phoneIs(phone);
  const double = state.contacts.find(
    (other) =>
      other.id !== id &&
      ((sameEmail !== undefined && other.email?.toLowerCase() === sameEmail) || samePhone?.(other.phone) === true),
  );
  if (double) throw new Problem(409, 'Another contact has this e-mail or phone', { details: { contactId: double.id } });
}

function readEmail(form: Form): string | undefined {
  const email = form.text('email');
  if (email !== undefined && !/^[^\s@]+@[^\s@]+$/.test(email)) throw invalid('email', 'is not an e-mail address');
  return email;
}

function readPhone(form: Form): string | undefined {
  const phone = form.text('phone');
  if (phone !== undefined && digits(phone).length < 5) throw invalid('phone', 'is not a phone number');
  return phone;
}

/** An array of objects in one family, a map from channel type to identifier in the other. */
function readIdentifiers(form: Form): Identifier[] | undefined {
  const given = form.raw('identifiers');
  if (isFields(given)) {
    const map = new Form(given, 'identifiers');
    return Object.keys(given).map((channelType) => ({ channelType, identifier: map.needText(channelType) }));
  }
  return form.forms('identifiers')?.map((item) => ({
    channelType: item.needText('channelType'),
    channelId: item.text('channelId'),
    identifier: item.needText('identifier'),
    displayName: item.text('displayName'),
    profilePicture: item.text('profilePicture'),
  }));
}
