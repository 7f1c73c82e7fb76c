import { createHash } from 'node:crypto';
import type { Ledger } from '../../../lib/ledger/index';
import type { OutboxJob } from '../../../lib/outbox/index';
import { addressKey } from '../../../lib/people/index';
import { type Forgotten, forget } from '../../../lib/variables/index';

/** A person of whom everything is deleted. It holds no text, and no address. */
export interface ForgottenPerson {
  contactId: string;
  conversationIds: readonly string[];
  /** digests of the addresses */
  addresses: readonly string[];
}

interface Tombstone extends ForgottenPerson {
  /** milliseconds of the clock */
  at: number;
}

/** @returns how an address is remembered, in whatever spelling it is given */
export function digestOfAddress(address: string): string {
  return createHash('sha256').update(addressKey(address)).digest('hex');
}

/** Delete all that a ledger holds of a person. @param until see {@link forget} @throws LinktorError `storage` */
export function forgetIn(ledger: Ledger, person: ForgottenPerson, until?: number): Promise<Forgotten> {
  const isMessageTo = (job: unknown) => isJobFor(person, job as OutboxJob);
  const { contactId, conversationIds } = person;
  return forget(ledger, contactId, conversationIds, { isMessageTo, ...(until !== undefined && { until }) });
}

function isJobFor({ contactId, conversationIds, addresses }: ForgottenPerson, { lane, conversationId }: OutboxJob) {
  const [, kind, id = ''] = /^(conversation|contact|address) (.*)$/s.exec(lane) ?? [];
  // The channel follows contacts and addresses.
  const own = kind === 'conversation' ? id : id.slice(0, id.lastIndexOf(' '));
  if (kind === 'contact' && own === contactId) return true;
  if (kind === 'address' && addresses.includes(digestOfAddress(own))) return true;
  return conversationIds.includes(conversationId ?? (kind === 'conversation' ? own : ''));
}

/** Tell the other instances, each of which may have something of the person on its own disk. */
export async function noteForgotten(ledger: Ledger, person: ForgottenPerson): Promise<void> {
  const tombstone: Tombstone = { ...person, at: Date.now() };
  await ledger.put('forgotten', person.contactId, tombstone, { onDisk: true });
}

/**
 * Delete of the people who have been forgotten elsewhere what an instance still has, before it takes anything to the
 * store; and in the store what this instance was told to forget while the store was away.
 * @throws LinktorError `storage`
 */
export async function applyForgotten(local: Ledger, shared: Ledger): Promise<void> {
  for (const { key, value } of await local.list<Tombstone>('forgotten')) {
    await forgetIn(shared, value, value.at);
    await shared.put('forgotten', key, value);
    await local.delete('forgotten', key);
  }
  for (const { value } of await shared.list<Tombstone>('forgotten')) await forgetIn(local, value, value.at);
}
