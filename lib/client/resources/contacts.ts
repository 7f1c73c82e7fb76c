import type { ContactFilter, Contract, IdentityInput, Slice, StoredIdentity } from '../../contract';
import type { Contact, Conversation, Page } from '../../model';
import type { CallOptions, Perform } from '../options';
import { Crud } from './crud';

/** Contacts (contract 1.4). */
export class Contacts extends Crud<Contact, ContactFilter, Contract['contacts']> {
  constructor(perform: Perform) {
    super(perform, (contract) => contract.contacts);
  }

  /** Search by name, e-mail or phone; the server defines the match. */
  search(text: string, filter: ContactFilter = {}, options?: CallOptions): Promise<Page<Contact>> {
    return this.list({ ...filter, search: text }, options);
  }

  /** @param others merged into the primary contact, and deleted */
  merge(primary: string, others: readonly string[], options?: CallOptions): Promise<Contact> {
    return this.call((calls) => calls.merge(primary, others), options);
  }

  conversations(id: string, filter: Slice = {}, options?: CallOptions): Promise<Page<Conversation>> {
    return this.call((calls) => calls.conversations(id, filter), options);
  }

  addTags(id: string, tags: readonly string[], options?: CallOptions): Promise<Contact> {
    return this.call((calls) => calls.addTags(id, tags), options);
  }

  removeTags(id: string, tags: readonly string[], options?: CallOptions): Promise<Contact> {
    return this.call((calls) => calls.removeTags(id, tags), options);
  }

  /** Add an address to a contact. @throws LinktorError `not_supported` where a server takes it only with a new one */
  addIdentity(id: string, identity: IdentityInput, options?: CallOptions): Promise<Contact> {
    return this.call((calls) => calls.addIdentity(id, identity), options);
  }

  /** @param identity one of the contact's `identifiers` @throws LinktorError `not_supported`, as above */
  removeIdentity(id: string, identity: StoredIdentity, options?: CallOptions): Promise<Contact> {
    return this.call((calls) => calls.removeIdentity(id, identity), options);
  }
}
