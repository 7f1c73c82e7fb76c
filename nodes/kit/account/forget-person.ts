import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError } from '../../../lib/errors';
import type { Forgotten } from '../../../lib/variables/index';
import type { Account } from './account';
import { forgetIn } from './forgotten';

/** Maximum number of conversations looked up for a contact. */
const MAX_CONVERSATIONS = 100;

/**
 * Delete all data that an account stores about a contact: variables, open questions, takeovers, the opt-out, and messages
 * that wait to be sent. Other instances delete what is on their disks when they are back.
 * @throws LinktorError of the server when its conversations cannot be listed, `storage`
 */
export async function forgetPerson(account: Account, client: LinktorClient, contactId: string): Promise<Forgotten> {
  const ids = await conversationsOf(client, contactId);
  const charge = account.charge();
  for (const id of ids) {
    charge.takeovers.forget(id);
    account.sentLog.offers.forget(id);
  }
  await charge.optOuts.forget(contactId);
  const { dialogues } = account.dialogues();
  for (const id of ids) await dialogues.endIn(id, 'closed');
  const person = { contactId, conversationIds: ids, addresses: await addressesOf(client, contactId) };
  const ledger = account.ledger();
  const { instances } = account;
  await instances?.forgotten.note(person, instances.alone.keepsItself);
  return forgetIn(ledger, person);
}

async function conversationsOf(client: LinktorClient, contactId: string): Promise<string[]> {
  try {
    const { items } = await client.contacts.conversations(contactId, { limit: MAX_CONVERSATIONS });
    return items.map(({ id }) => id);
  } catch (error) {
    // A contact already deleted on the server must be deleted here as well.
    if (error instanceof LinktorError && error.code === 'not_found') return [];
    throw error;
  }
}

/** @returns the phone number and the e-mail address */
async function addressesOf(client: LinktorClient, contactId: string): Promise<string[]> {
  try {
    const { phone, email } = await client.contacts.get(contactId);
    return [phone, email].flatMap((one) => (one ? [one] : []));
  } catch (error) {
    if (error instanceof LinktorError && error.code === 'not_found') return [];
    throw error;
  }
}
