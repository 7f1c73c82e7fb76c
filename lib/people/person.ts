import { invalid } from '../errors';
import { textOf } from '../messages/outgoing';
import { isObject, ownValue } from '../model';
import { cleanId, describe, readList } from '../text';
import { addressKindOf, cleanAddress, type Identity, isEmail } from './identity';
import { e164 } from './phone';

/** Fields of a contact, with the names of the model. */
export type Person = Readonly<Record<string, unknown>>;

interface Identifier {
  channelType: string;
  identifier: string;
  [field: string]: unknown;
}

/** Fields of every contact that only the server sets. */
const SERVER_OWNED_FIELDS = new Set([
  'id',
  'contactId',
  'tenantId',
  'createdAt',
  'updatedAt',
  'lastSeenAt',
  'conversationCount',
]);

/**
 * Read the fields of a contact as a flow author gives them: phone numbers become E.164, tags a list, identities a list
 * of `{channelType, identifier}`. A single identity may stand beside the other fields, as in a row of a CSV file.
 * @param country country of phone numbers without +, ISO 3166
 * @throws LinktorError `validation` that names the field
 */
export async function personOf(given: Person, country: string): Promise<Person> {
  const { channelType, identifier, ...rest } = given;
  const person: Record<string, unknown> = {};
  for (const [key, value] of Object.entries(rest)) {
    if (SERVER_OWNED_FIELDS.has(key) || value === undefined) continue;
    const read = ownValue(readers, key);
    // An empty value clears the field.
    person[key] = read && value !== null && value !== '' ? await read(value, country) : value;
  }
  if (textOf(channelType) === undefined && textOf(identifier) === undefined) return person;
  return { ...person, identifiers: [...identifiersOf(person), ...identifiersIn([{ channelType, identifier }])] };
}

const readers: Readonly<Record<string, (value: unknown, country: string) => unknown>> = {
  phone: (value, country) => e164(text(value, 'phone'), country),
  email(value) {
    const email = cleanAddress(text(value, 'email'));
    if (isEmail(email)) return email;
    throw invalid(`"${email}" is not an e-mail address.`, 'Correct the field "email".');
  },
  tags: (value) => readList(value, 'tags'),
  customFields: (value) => fields(value, 'customFields'),
  metadata: (value) => fields(value, 'metadata'),
  identifiers: identifiersIn,
};

function text(value: unknown, name: string): string {
  const read = typeof value === 'boolean' ? undefined : textOf(value);
  if (read !== undefined) return read;
  throw invalid(`"${name}" must be a text, not ${describe(value)}.`);
}

function fields(value: unknown, name: string): Record<string, unknown> {
  if (isObject(value)) return value;
  throw invalid(`"${name}" must be an object, not ${describe(value)}.`, 'Give it as {"key": "value"}.');
}

/** A list, or a map of channel type and identifier. */
function identifiersIn(given: unknown): Identifier[] {
  const rows = isObject(given)
    ? Object.entries(given).map(([channelType, identifier]) => ({ channelType, identifier }))
    : given;
  if (!Array.isArray(rows))
    throw invalid(`"identifiers" must be a list, not ${describe(given)}.`, 'Give [{channelType, identifier}].');
  return rows.map((row: unknown) => {
    const one = isObject(row) ? row : {};
    const [channelType, identifier] = [textOf(one.channelType), textOf(one.identifier)].map(
      (each) => each && cleanId(each),
    );
    if (channelType && identifier) return { ...one, channelType, identifier };
    throw invalid('An identity needs "channelType" and "identifier".', 'Give both, such as telegram and ana_souza.');
  });
}

export function identifiersOf({ identifiers }: Person): Identifier[] {
  return Array.isArray(identifiers) ? identifiers : [];
}

/** All addresses by which a contact can be found, the most specific first. */
export function identitiesOf(person: Person): Identity[] {
  const { phone, email } = person;
  return [
    ...(typeof phone === 'string' && phone !== '' ? [{ address: phone, kind: 'phone' as const }] : []),
    ...(typeof email === 'string' && email !== '' ? [{ address: email, kind: 'email' as const }] : []),
    ...identifiersOf(person).map(({ channelType, identifier }) => ({
      address: identifier,
      kind: addressKindOf(channelType) ?? 'handle',
      channelType,
    })),
  ];
}
