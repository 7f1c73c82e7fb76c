import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError } from '../../../lib/errors';
import { type Forgotten, forget } from '../../../lib/variables/index';
import type { Account } from './account';

/** Maximum number of conversations looked up for a contact. */
const MAX_CONVERSATIONS = 100;

/**
 * Delete all data that an account stores about a contact: variables, open questions, takeovers and the opt-out.
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
  return forget(account.ledger(), contactId, ids);
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
