import type { Call, Contract } from '../contract';
import { api } from '../contract/api';
import { isObject } from '../contract/json';
import { server } from '../contract/server';
import { invalid, LinktorError } from '../errors';

/** A server: its base URL and its contract. */
export interface Peer {
  /** URL to which paths are appended */
  base: string;
  contract: Contract;
}

/** The contract: detected automatically, or chosen by the user. */
export type ContractChoice = 'auto' | 'api' | 'server';

/** @throws LinktorError `validation` for an unknown choice */
export function parseContractChoice(given: ContractChoice = 'auto'): ContractChoice {
  if (given === 'auto' || given === 'api' || given === 'server') return given;
  throw invalid(`"${String(given)}" is no contract.`, 'Choose auto, api or server.');
}

/** Perform a call without credentials. */
type Ask = <T>(peer: Peer, call: Call<T>) => Promise<T>;

const API_PREFIX = '/api/v1';

/**
 * Detects the contract of a server, and whether its root is `/api/v1` (contract 0.5): once per client, with reads
 * without credentials. The documented API has `/auth/me`, the self-hosted server `/me`; an existing route answers 401.
 */
export class Detection {
  readonly #choice: ContractChoice;
  readonly #base: string;
  readonly #ask: Ask;
  #peer: Peer | undefined;
  #sure = false;
  #looking: Promise<Peer> | undefined;

  /** @param presume only the documented API accepts this kind of credentials, so calls need not wait for detection */
  constructor(base: string, choice: ContractChoice, presume: boolean, ask: Ask) {
    this.#choice = choice;
    this.#base = base;
    this.#ask = ask;
    if (choice === 'server') this.#peer = { base: stem(base) + API_PREFIX, contract: server };
    else if (choice === 'api' || presume) this.#peer = { base, contract: api };
    // A base URL with the API_PREFIX may be wrong, perhaps copied from elsewhere.
    this.#sure = choice === 'server' || (choice === 'api' && !base.endsWith(API_PREFIX));
  }

  /** The server to call, without a request if it is known. @throws LinktorError when no server answers */
  peer(): Peer | Promise<Peer> {
    return this.#peer ?? this.#find();
  }

  /** The server, if it is known without a request. */
  get known(): Peer | undefined {
    return this.#peer;
  }

  /** Like {@link peer}, but not only presumed. A choice of the user is not verified. */
  certain(): Peer | Promise<Peer> {
    return this.#peer && (this.#sure || this.#choice !== 'auto') ? this.#peer : this.#find();
  }

  /** Like {@link peer}, but verifies a choice of the user as well. @throws LinktorError when no server answers */
  verified(): Peer | Promise<Peer> {
    return this.#peer && this.#sure ? this.#peer : this.#find();
  }

  /** A call has succeeded, which confirms the presumed server. */
  confirm(peer: Peer): void {
    if (peer === this.#peer) this.#sure = true;
  }

  /** @returns true for a failure that suggests a wrong peer; the call has certainly done nothing */
  doubts(peer: Peer, error: unknown): boolean {
    return (peer !== this.#peer || !this.#sure) && this.#foreign(error);
  }

  /** @returns the peer to use instead of a doubtful one; undefined when the doubtful one is right */
  async instead(peer: Peer): Promise<Peer | undefined> {
    const found = peer === this.#peer ? await this.#find() : this.#peer;
    return found?.base === peer.base && found.contract === peer.contract ? undefined : found;
  }

  /** A missing route, or an error of the other contract (forms C2 and C5 of contract 4.1). */
  #foreign(error: unknown): boolean {
    if (!(error instanceof LinktorError)) return false;
    const { status, serverCode } = error.cause;
    if (status === 401) return serverCode === 'UNAUTHORIZED' && error.message === 'missing authorization header';
    return status === 404 && (serverCode === undefined || this.#base.endsWith(API_PREFIX));
  }

  #find(): Promise<Peer> {
    this.#looking ??= this.#look().finally(() => {
      this.#looking = undefined;
    });
    return this.#looking;
  }

  async #look(): Promise<Peer> {
    for (const peer of this.#candidates()) {
      if (!(await this.#is(peer))) continue;
      this.#peer = peer;
      this.#sure = true;
      return peer;
    }
    // No known contract answers here, perhaps not yet: the call itself reports the error, and the next one retries.
    return { base: this.#base, contract: api };
  }

  #candidates(): Peer[] {
    const root = stem(this.#base);
    const here = { base: this.#base, contract: api };
    const elsewhere = { base: root === this.#base ? root + API_PREFIX : root, contract: api };
    const hosted = { base: root + API_PREFIX, contract: server };
    return this.#choice === 'auto' ? [here, hosted, elsewhere] : [here, elsewhere];
  }

  async #is(peer: Peer): Promise<boolean> {
    const path = peer.contract === server ? ['me'] : ['auth', 'me'];
    const decode = (body: unknown) => isObject(body);
    try {
      return await this.#ask(peer, { kind: 'read', method: 'GET', path, decode, anyFormat: true });
    } catch (error) {
      const { status = 0 } = error instanceof LinktorError ? error.cause : {};
      if (status === 401 || status === 403) return true;
      // A 404 rules this contract out; a failed request decides nothing.
      if (status >= 400 && status < 500 && status !== 408 && status !== 429) return false;
      throw error;
    }
  }
}

/** The URL without the path prefix that both contracts may have. */
function stem(base: string): string {
  return base.endsWith(API_PREFIX) ? base.slice(0, -API_PREFIX.length) : base;
}
