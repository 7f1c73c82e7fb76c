import { messageOf } from '../../../lib/errors';
import { type Event, isObject } from '../../../lib/model';
import type { Variables } from '../../../lib/variables/index';

/** Field names of servers for the contacts merged into another one. */
const MERGED_FIELDS = ['mergedIds', 'mergedContactIds', 'secondaryIds', 'duplicateIds', 'mergedContactId'];

/** @returns true for the events of which {@link followContacts} wants to hear */
export const isAboutContacts = ({ name }: Event): boolean => name === 'contact.merged' || name === 'contact.deleted';

/** Move or delete the variables of a contact on a webhook about its merge or deletion. */
export function followContacts(
  { name, original }: Event,
  variables: Variables,
  log: { warn(text: string): void },
): void {
  const held = isObject(original) && isObject(original.data) ? original.data : {};
  const facts: Record<string, unknown> = isObject(held.attributes) ? { id: held.id, ...held.attributes } : held;
  const contactId = facts.contactId ?? facts.id;
  if (typeof contactId !== 'string') return;
  const others = MERGED_FIELDS.flatMap((field) => facts[field]).filter((id) => typeof id === 'string');
  const work =
    name === 'contact.merged'
      ? variables.join(contactId, others)
      : variables.clear({ scope: 'contact', id: contactId });
  work.catch((error: unknown) => log.warn(`the variables of a contact could not follow it: ${messageOf(error)}`));
}
