import type { Call, Contract, Credentials } from '../contract';
import { invalid, LinktorError } from '../errors';
import type { Session } from '../model';

/** Sign-in settings. An API key takes precedence over a token, a token over e-mail and password (contract 0.5). */
export interface SignIn {
  apiKey?: string;
  accessToken?: string;
  email?: string;
  password?: string;
}

/** The signed-in user and the tokens, kept between requests. */
export interface CredentialProvider {
  /** returns immediately, or after signing in; concurrent callers share one sign-in */
  current(): Credentials | Promise<Credentials>;
  /** @returns true when there are other credentials than the refused ones */
  renew(refused: Credentials): Promise<boolean>;
  /** the server has accepted the credentials */
  confirm(): void;
  /** @returns every secret that has been used, so that texts can be cleaned of them */
  secrets(): string[];
  /** signs out, if we signed in */
  close(): Promise<void>;
}

/** Perform a call with these credentials, or without any. */
type Ask = <T>(make: (contract: Contract) => Call<T>, credentials?: Credentials) => Promise<T>;

/** @throws LinktorError `validation` without credentials */
export function createCredentialProvider(given: SignIn, ask: Ask): CredentialProvider {
  // A pasted key often ends in a line break.
  const apiKey = given.apiKey?.trim();
  const token = given.accessToken?.trim();
  const email = given.email?.trim();
  if (apiKey) return fixedCredentials({ apiKey }, apiKey);
  if (token) return fixedCredentials({ token }, token);
  if (email && given.password) return new SignedIn(email, given.password, ask);
  throw invalid('No credentials are set.', 'Enter an API key, a token, or e-mail and password in the Linktor account.');
}

function fixedCredentials(credentials: Credentials, secret: string): CredentialProvider {
  return {
    current: () => credentials,
    renew: async () => false,
    confirm() {},
    secrets: () => [secret],
    close: async () => {},
  };
}

/** A token is renewed this long before it expires; a short-lived one after nine tenths of its lifetime. */
const RENEW_AHEAD_MS = 60_000;
/** Minimum interval between renewals during repeated refusals (401). */
const MIN_RENEW_INTERVAL_MS = 10_000;

/** E-mail and password: a short-lived token, renewed before it ends. */
class SignedIn implements CredentialProvider {
  readonly #email: string;
  readonly #password: string;
  readonly #ask: Ask;
  #session: Session | undefined;
  /** the previous session: calls with its token may still be in flight */
  #former: Session | undefined;
  #credentials: Credentials | undefined;
  #renewAt = Number.POSITIVE_INFINITY;
  /** when a refused token was last renewed; nothing has been accepted since */
  #refusedAt = Number.NEGATIVE_INFINITY;
  #renewing: Promise<Credentials> | undefined;
  #closed = false;

  constructor(email: string, password: string, ask: Ask) {
    this.#email = email;
    this.#password = password;
    this.#ask = ask;
  }

  current(): Credentials | Promise<Credentials> {
    if (this.#credentials && Date.now() < this.#renewAt) return this.#credentials;
    return this.#renewOnce();
  }

  async renew(refused: Credentials): Promise<boolean> {
    if (this.#credentials !== refused) return true;
    // A server that refuses every new token refuses the account: more sign-ins would not help.
    if (Date.now() - this.#refusedAt < MIN_RENEW_INTERVAL_MS) return false;
    await this.#renewOnce();
    this.#refusedAt = Date.now();
    return this.#credentials !== refused;
  }

  confirm(): void {
    this.#refusedAt = Number.NEGATIVE_INFINITY;
  }

  secrets(): string[] {
    const tokens = [this.#session, this.#former].flatMap((one) => [one?.accessToken, one?.refreshToken]);
    return [this.#password, ...tokens].filter((secret) => secret !== undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const credentials = this.#credentials;
    this.#credentials = undefined;
    // A failure is harmless: the token expires soon.
    if (credentials) await this.#ask(({ auth }) => auth.logout(), credentials).catch(() => {});
  }

  #renewOnce(): Promise<Credentials> {
    this.#renewing ??= this.#signIn().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #signIn(): Promise<Credentials> {
    if (this.#closed) throw new LinktorError('unexpected', 'Closed before signing in.', { retryable: true });
    const anew = () => this.#ask(({ auth }) => auth.login(this.#email, this.#password));
    const session = (await this.#refreshed()) ?? (await anew());
    this.#former = this.#session;
    this.#session = session;
    const life = (session.expiresIn ?? Number.POSITIVE_INFINITY) * 1000;
    this.#renewAt = Date.now() + Math.max(life - RENEW_AHEAD_MS, life * 0.9);
    this.#credentials = { token: session.accessToken };
    return this.#credentials;
  }

  /** @returns undefined when the refresh token is invalid and a new sign-in is needed */
  async #refreshed(): Promise<Session | undefined> {
    const refreshToken = this.#session?.refreshToken;
    if (refreshToken === undefined) return undefined;
    try {
      return { refreshToken, ...(await this.#ask(({ auth }) => auth.refresh(refreshToken))) };
    } catch (error) {
      if (error instanceof LinktorError && (error.cause.status ?? 500) < 500) return undefined;
      throw error;
    }
  }
}
