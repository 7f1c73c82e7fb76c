import type { Tenant, User } from '../../model';
import type { CallOptions, Perform } from '../index';

/** Who we are (contract 1.1). Every method throws LinktorErrors only. */
export class Auth {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  me(options?: CallOptions): Promise<User> {
    return this.#perform((contract) => contract.auth.me(), options);
  }

  tenant(options?: CallOptions): Promise<Tenant> {
    return this.#perform((contract) => contract.auth.tenant(), options);
  }
}
