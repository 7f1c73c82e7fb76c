import { type Entry, type Ledger, type Namespace, namespaces } from '../ledger';

/** What has been forgotten of a person. */
export interface Forgotten {
  /** how many records of each kind are gone */
  deleted: Partial<Record<Namespace, number>>;
  /** names of damaged ledgers that lie beside the one in use, and may still hold something */
  untouched: string[];
}

export interface ForgetOptions {
  /** only what was written up to then, in milliseconds of the clock; by default everything */
  until?: number;
  /** whether a waiting message, as the ledger holds it, is for the person */
  isMessageTo?(job: unknown): boolean;
}

/** Namespaces of waiting messages, which no tag connects with a person. */
const MESSAGES = ['outbox', 'held'] as const satisfies readonly Namespace[];

/**
 * Delete all that a ledger holds of a person, so that it is not on the disk any more.
 * @param conversationIds of the person, as far as they are known; those that the ledger knows are found anyway
 * @throws LinktorError `storage`
 */
export async function forget(
  ledger: Ledger,
  contactId: string,
  conversationIds: readonly string[],
  { until = Number.POSITIVE_INFINITY, isMessageTo = () => false }: ForgetOptions = {},
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
  const drop = async ({ namespace, key, writtenAt }: Entry) => {
    if (writtenAt <= until && (await ledger.delete(namespace, key))) deleted[namespace] = (deleted[namespace] ?? 0) + 1;
  };
  for (const namespace of all) {
    for (const tag of tags) for (const entry of await ledger.find(namespace, tag)) await drop(entry);
  }
  for (const namespace of MESSAGES) {
    for (const entry of await ledger.list(namespace)) if (isMessageTo(entry.value)) await drop(entry);
  }
  return { deleted, untouched: await ledger.scrub() };
}
