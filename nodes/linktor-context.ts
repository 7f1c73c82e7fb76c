import { invalid } from '../lib/errors';
import { type Owner, type Scope, scopes, type WriteOptions, type Written } from '../lib/variables';
import { type ActionContext, action, type Outcome } from './kit/define';
import { as, choice, confirmation, dynJson, dynNumber, number, text, typed, type Values } from './kit/fields';

const operations = ['get', 'set', 'append', 'increment', 'delete', 'all', 'clear', 'forget'] as const;
const withKey = ['get', 'set', 'append', 'increment', 'delete'];
const withOwner = operations.filter((one) => one !== 'forget');
const writing = ['set', 'append', 'increment', 'delete'];
const DAY_MS = 24 * 3_600_000;

const fields = {
  operation: choice(operations, { icon: 'tasks' }),
  scope: choice(scopes, { icon: 'bullseye', when: { operation: withOwner } }),
  owner: typed('', {
    convert: as.id,
    icon: 'id-card-o',
    when: { operation: withOwner, scope: ['conversation', 'contact', 'channel'] },
  }),
  contact: typed('contactId', {
    required: true,
    convert: as.id,
    pick: 'contacts',
    icon: 'user',
    when: { operation: ['forget'] },
  }),
  key: typed('key', { required: true, convert: as.id, icon: 'key', when: { operation: withKey } }),
  value: typed('payload', {
    types: ['msg', 'str', 'num', 'bool', 'json', 'flow', 'global', 'env', 'jsonata'],
    mustache: true,
    area: false,
    icon: 'pencil',
    when: { operation: ['set', 'append'] },
  }),
  by: typed('by', { types: dynNumber, convert: as.number(), icon: 'plus', when: { operation: ['increment'] } }),
  fallback: typed('', { types: ['str', 'num', 'bool', ...dynJson], icon: 'life-ring', when: { operation: ['get'] } }),
  most: number(100, { min: 1, max: 10_000, icon: 'list-ol', when: { operation: ['append'] } }),
  forDays: number(30, {
    min: 0.01,
    max: 3650,
    unit: 'd',
    icon: 'calendar',
    when: { operation: ['set', 'append', 'increment'] },
  }),
  onlyIf: text('', {
    hint: true,
    isCode: true,
    icon: 'question-circle-o',
    advanced: true,
    when: { operation: writing },
  }),
  confirm: confirmation({ when: { operation: ['clear', 'forget'] } }),
};

type Given = Values<typeof fields>;
type Context = ActionContext<Given>;

/** Read and write variables of a conversation, a contact, a channel or the account. */
export default action({
  type: 'linktor-context',
  result: 'value',
  busy: 'asking',
  fields,
  async run(context): Promise<Outcome> {
    const { values, variables } = context;
    const { operation, key, by = 1, most } = values;
    if (operation === 'forget') return { result: await context.forget(values.contact) };
    const owner = ownerOf(context);
    switch (operation) {
      case 'set':
        return told(await variables.set(owner, key, required(values.value), optionsOf(context)));
      case 'append':
        return told(await variables.append(owner, key, required(values.value), most, optionsOf(context)));
      case 'increment':
        return told(await variables.increment(owner, key, by, optionsOf(context)));
      case 'delete':
        return told(await variables.delete(owner, key, optionsOf(context)));
      case 'all':
        return { result: await variables.all(owner) };
      case 'clear':
        return { result: await variables.clear(owner) };
      default:
        return { result: (await variables.get(owner, key)) ?? values.fallback };
    }
  },
});

function told({ value, isWritten }: Written): Outcome {
  return { result: value, properties: { isWritten } };
}

function required(value: unknown): unknown {
  if (value !== undefined) return value;
  throw invalid('There is no value to keep.', 'Fill in the field "value", or give it in msg.payload.');
}

const propertyOf: Record<Exclude<Scope, 'account'>, string> = {
  conversation: 'conversationId',
  contact: 'contactId',
  channel: 'channelId',
};

/** @returns the owner of the variable: from the field, else from the message */
function ownerOf({ values, msg }: Context): Owner {
  const { scope } = values;
  if (scope === 'account') return { scope, id: '' };
  const property = propertyOf[scope];
  const given = values.owner ?? msg[property];
  if (given === undefined || given === '') {
    throw invalid(`The message names no ${scope}.`, `Fill in the field "owner", or give msg.${property}.`);
  }
  const id = as.id(given, 'owner');
  const isOwn = scope === 'conversation' && id === msg.conversationId && typeof msg.contactId === 'string';
  return { scope, id, ...(isOwn && { contactId: String(msg.contactId) }) };
}

function optionsOf({ values, msg, expression }: Context): WriteOptions {
  const { forDays, onlyIf } = values;
  const forMs = forDays * DAY_MS;
  if (onlyIf === '') return { forMs };
  return { forMs, onlyIf: async (old) => Boolean(await expression(onlyIf, { ...msg, old })) };
}
