import type { Ledger } from '../../../lib/ledger/index';
import type { OutboxJob } from '../../../lib/outbox/index';
import { addressKey } from '../../../lib/people/index';
import { type Forgotten, forget } from '../../../lib/variables/index';
import { digestOf, ForgottenKeys, type ForgottenKeysParts } from './forgotten-keys';

/** A person of whom everything is deleted. */
export interface ForgottenPerson {
  contactId: string;
  conversationIds: readonly string[];
  /** phone number and e-mail address, in any spelling */
  addresses: readonly string[];
}

/** A forgotten person, as other instances learn of them: it holds no text, and no address. */
interface Tombstone extends Pick<ForgottenPerson, 'contactId' | 'conversationIds'> {
  /** digests of the addresses */
  addresses: readonly string[];
  /** milliseconds of the store's clock */
  at: number;
}

export interface ForgottenPeopleParts extends ForgottenKeysParts {
  /** @returns milliseconds by which the store's clock is ahead of ours, as far as is known */
  ahead(): number;
}

/** Delete all that a ledger holds of a person. @throws LinktorError `storage` */
export function forgetIn(ledger: Ledger, person: ForgottenPerson): Promise<Forgotten> {
  const own = new Set(person.addresses.map(addressKey));
  return forgetWhere(ledger, person, (address) => own.has(addressKey(address)));
}

/** @param until see {@link forget} */
function forgetWhere(
  ledger: Ledger,
  { contactId, conversationIds }: Pick<ForgottenPerson, 'contactId' | 'conversationIds'>,
  isTheirs: (address: string) => boolean,
  until?: number,
): Promise<Forgotten> {
  const isMessageTo = messagesTo({ contactId, conversationIds }, isTheirs);
  return forget(ledger, contactId, conversationIds, { isMessageTo, ...(until !== undefined && { until }) });
}

/** @returns whether a waiting message, as the ledger holds it, is for the person */
function messagesTo(
  { contactId, conversationIds }: Pick<ForgottenPerson, 'contactId' | 'conversationIds'>,
  isTheirs: (address: string) => boolean,
): (job: unknown) => boolean {
  return (job) => {
    const { lane, conversationId } = job as OutboxJob;
    const [, kind, id = ''] = /^(conversation|contact|address) (.*)$/s.exec(lane) ?? [];
    // The channel follows contacts and addresses.
    const own = kind === 'conversation' ? id : id.slice(0, id.lastIndexOf(' '));
    if (kind === 'contact' && own === contactId) return true;
    if (kind === 'address' && isTheirs(own)) return true;
    return conversationIds.includes(conversationId ?? (kind === 'conversation' ? own : ''));
  };
}

/** The people who have been forgotten by one of several instances, each of which may have something of them on its disk. */
export class ForgottenPeople {
  readonly #parts: ForgottenPeopleParts;
  readonly #keys: ForgottenKeys;

  constructor(parts: ForgottenPeopleParts) {
    this.#parts = parts;
    this.#keys = new ForgottenKeys(parts);
  }

  /** Learn the key of the store, so that it is known here when the credentials are others. @throws LinktorError `storage` */
  async learn(): Promise<void> {
    await this.#keys.all();
  }

  /** Tell the other instances. @param isAlone the store is away: they are told later @throws LinktorError `storage` */
  async note({ contactId, conversationIds, addresses }: ForgottenPerson, isAlone: boolean): Promise<void> {
    const { own, shared, ahead } = this.#parts;
    const [key] = isAlone ? await this.#keys.own() : await this.#keys.all();
    const digests = addresses.map((address) => digestOf(addressKey(address), key));
    const tombstone: Tombstone = { contactId, conversationIds, addresses: digests, at: Date.now() + ahead() };
    await (isAlone ? own() : shared).put('forgotten', contactId, tombstone, { onDisk: true });
  }

  /**
   * Delete of the people who have been forgotten elsewhere what this instance still has, before it takes anything to the
   * store; and in the store what this instance was told to forget while the store was away.
   * @throws LinktorError `storage`
   */
  async apply(): Promise<void> {
    const own = this.#parts.own();
    const { shared, ahead } = this.#parts;
    const ours = await own.list<Tombstone>('forgotten');
    const theirs = await shared.list<Tombstone>('forgotten');
    if (ours.length + theirs.length === 0) return;
    const keys = await this.#keys.all();
    const forgetOf = (ledger: Ledger, tombstone: Tombstone, until: number) =>
      forgetWhere(ledger, tombstone, isTheirsBy(keys, tombstone), until);
    for (const { key, value } of ours) {
      await forgetOf(shared, value, value.at);
      await shared.put('forgotten', key, value);
      await own.delete('forgotten', key);
    }
    // Our own ledger writes by our own clock.
    for (const { value } of [...theirs, ...ours]) await forgetOf(own, value, value.at - ahead());
  }

  /**
   * Delete of jobs that have just been handed to the store those to people who have been forgotten meanwhile.
   * @throws LinktorError `storage`
   */
  async takeBack(handed: readonly OutboxJob[]): Promise<void> {
    const { shared } = this.#parts;
    const tombstones = await shared.list<Tombstone>('forgotten');
    if (tombstones.length === 0) return;
    const keys = await this.#keys.all();
    for (const { value } of tombstones) {
      const isToThem = messagesTo(value, isTheirsBy(keys, value));
      const gone = handed.filter((job) => job.queued <= value.at && isToThem(job));
      for (const { id } of gone) await shared.delete('outbox', id);
    }
  }
}

function isTheirsBy(keys: readonly string[], { addresses }: Tombstone): (address: string) => boolean {
  const digests = new Set(addresses);
  return (address) => keys.some((key) => digests.has(digestOf(addressKey(address), key)));
}
