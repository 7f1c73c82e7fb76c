import type { SearchFilter } from '../../contract';
import type { Page, User } from '../../model';
import type { CallOptions, Perform } from '../options';

/** The people who may be in charge of a conversation (contract 1.1). */
export class Users {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  /** @throws LinktorError `not_supported` on the documented API; `authorization` for who is no admin */
  list(filter: SearchFilter = {}, options?: CallOptions): Promise<Page<User>> {
    return this.#perform((contract) => contract.users.list(filter), options);
  }
}
