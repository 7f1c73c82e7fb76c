import type { SearchFilter } from '../../contract';
import type { Contact, Page } from '../../model';
import type { CallOptions, Perform } from '../index';

/** Contacts (contract 1.4). Every method throws LinktorErrors only. */
export class Contacts {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  list(filter: SearchFilter = {}, options?: CallOptions): Promise<Page<Contact>> {
    return this.#perform((contract) => contract.contacts.list(filter), options);
  }

  get(id: string, options?: CallOptions): Promise<Contact> {
    return this.#perform((contract) => contract.contacts.get(id), options);
  }
}
