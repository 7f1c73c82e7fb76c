import type { Call, Contract } from '../contract';
import { api } from '../contract/api';
import { isObject } from '../contract/json';
import { server } from '../contract/server';
import { invalid, LinktorError } from '../errors';

/** The server as we speak to it. */
export interface Peer {
  /** where its paths begin */
  base: string;
  contract: Contract;
}

/** Which contract: found out, or as chosen by hand. */
export type ContractChoice = 'auto' | 'api' | 'server';

/** @throws LinktorError `validation` when it is none */
export function parseContractChoice(given: ContractChoice = 'auto'): ContractChoice {
  if (given === 'auto' || given === 'api' || given === 'server') return given;
  throw invalid(`"${String(given)}" is no contract.`, 'Choose auto, api or server.');
}

/** Makes a call without credentials. */
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

  /** @param presume the credentials are of a kind that only the documented API takes, so calls need not wait */
  constructor(base: string, choice: ContractChoice, presume: boolean, ask: Ask) {
    this.#choice = choice;
    this.#base = base;
    this.#ask = ask;
    if (choice === 'server') this.#peer = { base: stem(base) + API_PREFIX, contract: server };
    else if (choice === 'api' || presume) this.#peer = { base, contract: api };
    // Below the API_PREFIX there may be nothing: the address was copied from elsewhere, perhaps.
    this.#sure = choice === 'server' || (choice === 'api' && !base.endsWith(API_PREFIX));
  }

  /** The contract to speak, without a request where it is known. @throws LinktorError when no server answers */
  peer(): Peer | Promise<Peer> {
    return this.#peer ?? this.#find();
  }

  /** The server as far as it is known without asking. */
  get known(): Peer | undefined {
    return this.#peer;
  }

  /** As {@link peer}, but not only presumed. A choice by hand is not questioned. */
  certain(): Peer | Promise<Peer> {
    return this.#peer && (this.#sure || this.#choice !== 'auto') ? this.#peer : this.#find();
  }

  /** As {@link peer}, but always asks the server, even if the contract was chosen. @throws LinktorError when no server answers */
  verified(): Peer | Promise<Peer> {
    return this.#peer && this.#sure ? this.#peer : this.#find();
  }

  /** A call has succeeded: it is as we thought. */
  confirm(peer: Peer): void {
    if (peer === this.#peer) this.#sure = true;
  }

  /** @returns true when a call for this peer has failed as if it were the wrong one; the call has surely done nothing */
  doubts(peer: Peer, error: unknown): boolean {
    return (peer !== this.#peer || !this.#sure) && this.#foreign(error);
  }

  /** @returns the peer to make a doubtful call for instead; undefined when the one that it was made for is right */
  async instead(peer: Peer): Promise<Peer | undefined> {
    const found = peer === this.#peer ? await this.#find() : this.#peer;
    return found?.base === peer.base && found.contract === peer.contract ? undefined : found;
  }

  /** A route that is not there, or the words of the other contract (forms C2 and C5 of contract 4.1). */
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

/** The address without the path that both contracts may stand below. */
function stem(base: string): string {
  return base.endsWith(API_PREFIX) ? base.slice(0, -API_PREFIX.length) : base;
}
