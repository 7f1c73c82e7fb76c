import { type Ledger, type Namespace, namespaces } from '../ledger';

/** What has been forgotten of a person. */
export interface Forgotten {
  /** how many records of each kind are gone */
  deleted: Partial<Record<Namespace, number>>;
  /** names of damaged ledgers that lie beside the one in use, and may still hold something */
  untouched: string[];
}

/**
 * Delete all that a ledger holds of a person, so that it is not on the disk any more.
 * @param conversationIds of the person, as far as they are known; those that the ledger knows are found anyway
 * @throws LinktorError `storage`
 */
export async function forget(
  ledger: Ledger,
  contactId: string,
  conversationIds: readonly string[],
): Promise<Forgotten> {
  const tags = new Set([`p:${contactId}`, ...conversationIds.map((id) => `c:${id}`)]);
  const all = Object.keys(namespaces) as Namespace[];
  // What belongs to the person names the conversations that it was in.
  for (const namespace of all) {
    for (const entry of await ledger.find(namespace, `p:${contactId}`)) {
      for (const tag of entry.tags) if (tag.startsWith('c:')) tags.add(tag);
    }
  }
  const deleted: Forgotten['deleted'] = {};
  for (const namespace of all) {
    for (const tag of tags) {
      for (const { key } of await ledger.find(namespace, tag)) {
        if (await ledger.delete(namespace, key)) deleted[namespace] = (deleted[namespace] ?? 0) + 1;
      }
    }
  }
  return { deleted, untouched: await ledger.scrub() };
}
