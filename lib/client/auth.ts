import type { Call, Contract, Credentials } from '../contract';
import { invalid, LinktorError } from '../errors';
import type { Session } from '../model';

/** How to sign in. The API key wins over the token, the token over e-mail and password (contract 0.5). */
export interface SignIn {
  apiKey?: string;
  accessToken?: string;
  email?: string;
  password?: string;
}

/** Who we are, from one request to the next. */
export interface CredentialProvider {
  /** at once, or after signing in; all who ask meanwhile share one sign-in */
  current(): Credentials | Promise<Credentials>;
  /** @returns true when there is another badge than the refused one */
  renew(refused: Credentials): Promise<boolean>;
  /** every secret that has been used, for those who have to keep them out of texts */
  secrets(): string[];
  /** signs out, if we signed in */
  close(): Promise<void>;
}

/** Makes a call with the badge given, or with none. */
type Ask = <T>(make: (contract: Contract) => Call<T>, badge?: Credentials) => Promise<T>;

/** @throws LinktorError `validation` when there is nothing to sign in with */
export function createCredentialProvider(given: SignIn, ask: Ask): CredentialProvider {
  // What is pasted often brings a line break along.
  const apiKey = given.apiKey?.trim();
  const token = given.accessToken?.trim();
  const email = given.email?.trim();
  if (apiKey) return fixed({ apiKey }, apiKey);
  if (token) return fixed({ token }, token);
  if (email && given.password) return new SignedIn(email, given.password, ask);
  throw invalid(
    'No credentials are set.',
    'Enter an API key, a token, or e-mail and password in the Linktor config node.',
  );
}

function fixed(badge: Credentials, secret: string): CredentialProvider {
  return { current: () => badge, renew: async () => false, secrets: () => [secret], close: async () => {} };
}

/** Renew so long before the end, in milliseconds; short lives are renewed after nine tenths. */
const RENEW_AHEAD_MS = 60_000;

/** E-mail and password: a short-lived token, renewed before it ends. */
class SignedIn implements CredentialProvider {
  readonly #email: string;
  readonly #password: string;
  readonly #ask: Ask;
  #session: Session | undefined;
  /** calls that left with it may still be under way */
  #former: Session | undefined;
  #badge: Credentials | undefined;
  #renewAt = Number.POSITIVE_INFINITY;
  #renewing: Promise<Credentials> | undefined;
  #closed = false;

  constructor(email: string, password: string, ask: Ask) {
    this.#email = email;
    this.#password = password;
    this.#ask = ask;
  }

  current(): Credentials | Promise<Credentials> {
    if (this.#badge && Date.now() < this.#renewAt) return this.#badge;
    return this.#renewOnce();
  }

  async renew(refused: Credentials): Promise<boolean> {
    if (this.#badge === refused) await this.#renewOnce();
    return this.#badge !== refused;
  }

  secrets(): string[] {
    const tokens = [this.#session, this.#former].flatMap((one) => [one?.accessToken, one?.refreshToken]);
    return [this.#password, ...tokens].filter((secret) => secret !== undefined);
  }

  async close(): Promise<void> {
    this.#closed = true;
    const badge = this.#badge;
    this.#badge = undefined;
    // Nobody waits for it, and the token ends by itself soon enough.
    if (badge) await this.#ask(({ auth }) => auth.logout(), badge).catch(() => {});
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
    this.#badge = { token: session.accessToken };
    return this.#badge;
  }

  /** @returns undefined when the refresh token is no good, and one has to sign in anew */
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
