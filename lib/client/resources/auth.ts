import type { Changes } from '../../contract';
import type { Session, Tenant, User } from '../../model';
import type { CallOptions, Perform } from '../options';

/** Sign-in (contract 1.1). A client with e-mail and password signs in by itself; these calls are for all others. */
export class Auth {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  login(email: string, password: string, options?: CallOptions): Promise<Session> {
    return this.#perform((contract) => contract.auth.login(email, password), options);
  }

  refresh(refreshToken: string, options?: CallOptions): Promise<Session> {
    return this.#perform((contract) => contract.auth.refresh(refreshToken), options);
  }

  logout(options?: CallOptions): Promise<void> {
    return this.#perform((contract) => contract.auth.logout(), options);
  }

  me(options?: CallOptions): Promise<User> {
    return this.#perform((contract) => contract.auth.me(), options);
  }

  tenant(options?: CallOptions): Promise<Tenant> {
    return this.#perform((contract) => contract.auth.tenant(), options);
  }

  updateProfile(changes: Changes, options?: CallOptions): Promise<User> {
    return this.#perform((contract) => contract.auth.updateProfile(changes), options);
  }

  changePassword(current: string, next: string, options?: CallOptions): Promise<void> {
    return this.#perform((contract) => contract.auth.changePassword(current, next), options);
  }
}
