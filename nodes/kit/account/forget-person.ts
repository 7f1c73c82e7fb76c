import type { LinktorClient } from '../../../lib/client/index';
import { LinktorError } from '../../../lib/errors';
import { type Forgotten, forget } from '../../../lib/variables/index';
import type { Account } from './account';

/** Conversations that are looked up for somebody who is to be forgotten. */
const MAX_CONVERSATIONS = 100;

/**
 * Forget all that an account keeps of a person: variables, open questions, takeovers, the wish to get no messages.
 * @throws LinktorError of the server when its conversations cannot be listed, `storage`
 */
export async function forgetPerson(account: Account, client: LinktorClient, contactId: string): Promise<Forgotten> {
  const ids = await conversationsOf(client, contactId);
  const charge = account.charge();
  for (const id of ids) charge.takeovers.forget(id);
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
    // Who is deleted on the server already has to be forgotten here as well.
    if (error instanceof LinktorError && error.code === 'not_found') return [];
    throw error;
  }
}
