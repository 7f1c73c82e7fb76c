import { invalid } from '../lib/errors';
import {
  addIdentity,
  KeyedMutex,
  listContacts,
  MATCH_BY,
  removeIdentity,
  type WriteRequest,
  writeContact,
  writeContacts,
} from '../lib/people';
import { listFields, runList } from './kit/action/list';
import { partlyDone } from './kit/action/rows';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, bodyOf, choice, confirmation, defined, dynJson, isObject, text, typed, type Values } from './kit/fields';
import type { Msg } from './kit/red';

const operations = [
  'list',
  'get',
  'create',
  'update',
  'delete',
  'upsert',
  'merge',
  'conversations',
  'addTags',
  'removeTags',
  'addIdentity',
  'removeIdentity',
] as const;
const only = (...operation: (typeof operations)[number][]) => ({ operation });
const ofOne = { operation: operations.filter((one) => one !== 'list' && one !== 'create' && one !== 'upsert') };
const ofIdentity = only('addIdentity', 'removeIdentity');
/** Operations whose fields are evaluated for each row of a table of contacts. */
const each = only('create', 'update', 'upsert');
const known = only('list', 'create', 'update', 'upsert');
const identity = { convert: as.id, each: only('create', 'upsert') };

const fields = {
  operation: choice(operations, { icon: 'tasks' }),
  contact: typed('contactId', {
    required: true,
    convert: as.id,
    pick: 'contacts',
    icon: 'user',
    each: only('update'),
    when: ofOne,
  }),
  others: typed('contactIds', { required: true, convert: as.list, icon: 'users', when: only('merge') }),
  tags: typed('tags', {
    required: true,
    convert: as.list,
    pick: 'tags',
    icon: 'tags',
    when: only('addTags', 'removeTags'),
  }),
  inChannelType: typed('channelType', { required: true, convert: as.id, icon: 'random', when: ofIdentity }),
  knownAs: typed('identifier', { required: true, convert: as.id, icon: 'at', when: ofIdentity }),
  by: choice(MATCH_BY, { icon: 'crosshairs', when: only('upsert') }),
  title: typed('', { convert: as.string, icon: 'id-card-o', each, when: each }),
  phone: typed('', { convert: as.id, icon: 'phone', each, when: known }),
  country: text('', { hint: true, icon: 'globe', when: { operation: [...each.operation, ...ofIdentity.operation] } }),
  email: typed('', { convert: as.id, icon: 'envelope-o', each, when: known }),
  channelType: typed('', { ...identity, icon: 'random', when: only('list', 'create', 'upsert') }),
  identifier: typed('', { ...identity, icon: 'at', when: only('create', 'upsert') }),
  tagged: typed('', { convert: as.list, pick: 'tags', icon: 'tags', each, when: known }),
  customFields: typed('', { types: dynJson, convert: as.object, icon: 'sliders', each, when: each }),
  search: typed('', { convert: as.id, icon: 'search', when: only('list') }),
  ...listFields(only('list', 'conversations')),
  confirm: confirmation({ when: only('delete', 'merge') }),
};

type Given = Values<typeof fields>;
type Context = ActionContext<Given>;

/** Read, write and merge contacts. */
export default action({
  type: 'linktor-contact',
  result: 'payload',
  busy: 'asking',
  fields,
  async run(context): Promise<Outcome | undefined> {
    const { client, values } = context;
    const { contacts } = client;
    const { contact: id } = values;
    switch (values.operation) {
      case 'list': {
        const { search, phone, email, channelType, tagged: tags } = values;
        const filter = { search, phone, email, channelType, tags };
        return runList(context, values, (slice) => listContacts(client, { ...filter, ...slice }));
      }
      case 'get':
        return { result: await contacts.get(id) };
      case 'delete':
        await contacts.remove(id);
        await context.variables.clear({ scope: 'contact', id });
        return { result: { id, deleted: true } };
      case 'merge':
        return { result: await merged(context) };
      case 'conversations':
        return runList(context, values, (slice) => contacts.conversations(id, slice));
      case 'addTags':
        return { result: await contacts.addTags(id, values.tags) };
      case 'removeTags':
        return { result: await contacts.removeTags(id, values.tags) };
      case 'addIdentity':
        return { result: await addIdentity(client, id, identityOf(values)) };
      case 'removeIdentity':
        return { result: await removeIdentity(client, id, identityOf(values)) };
      default:
        return written(context);
    }
  },
});

function identityOf({ inChannelType: channelType, knownAs: identifier, country }: Given) {
  return { channelType, identifier, country };
}

/** Merge contacts and their flow variables. */
async function merged({ client, variables, values }: Context): Promise<unknown> {
  const others = othersOf(values);
  const contact = await client.contacts.merge(values.contact, others);
  await variables.join(values.contact, others);
  return contact;
}

function othersOf({ contact, others }: Given): string[] {
  if (others.length > 0 && !others.includes(contact)) return [...new Set(others)];
  const problem = others.length === 0 ? '"others" is empty.' : 'A contact cannot be merged into itself.';
  throw invalid(problem, 'Give the ids of the other contacts in the field "others" or in msg.contactIds.');
}

/** Write one contact, or all contacts of the table in msg.payload. */
async function written(context: Context): Promise<Outcome> {
  const { client, signal, shared, values, msg, valuesOf, progress } = context;
  // The lock belongs to the account, as two nodes may write the same contact.
  const mutex = (shared.get('people') as KeyedMutex | undefined) ?? new KeyedMutex();
  shared.set('people', mutex);
  const means = { client, signal, mutex };
  const { payload } = msg;
  if (!Array.isArray(payload)) {
    const own = await valuesOf(msg);
    const { contact, created } = await writeContact(means, orderOf(values, own, bodyOf(filled(own), payload)));
    const isUpsert = values.operation === 'upsert';
    return { result: contact, properties: { contactId: contact.id, ...(isUpsert && { created }) } };
  }
  const { contacts, summary } = await writeContacts(means, payload, (row) => ofRow(context, row), progress);
  return { result: contacts, properties: { summary }, ...partlyDone(context, 'Not written:', summary) };
}

/** Evaluate the fields for a row, which expressions find in msg.payload. */
async function ofRow({ msg, values, valuesOf }: Context, row: unknown): Promise<WriteRequest> {
  if (!isObject(row)) throw invalid('The row is not an object.', 'Give a list of objects such as {name, phone}.');
  const entry: Msg = { ...msg, payload: row, contactId: row.contactId ?? row.id };
  const own = await valuesOf(entry);
  return orderOf(values, own, bodyOf({ ...row, ...defined(filled(own)) }, undefined));
}

function orderOf(
  { operation, country, by }: Given,
  { contact: id }: Given,
  person: WriteRequest['person'],
): WriteRequest {
  return { operation: operation as WriteRequest['operation'], id, person, country, by };
}

function filled({ title: name, phone, email, channelType, identifier, tagged: tags, customFields }: Given) {
  return { name, phone, email, channelType, identifier, tags, customFields };
}
