import { createCipheriv, createDecipheriv, createHmac, randomBytes, scrypt } from 'node:crypto';
import { promisify } from 'node:util';
import type { Ledger } from '../../../lib/ledger/index';

/** key of the record, in the ledger of all and in that of an instance */
const RECORD = 'forgottenKeys';
const KEY_BYTES = 32;
const SALT_BYTES = 16;
const IV_BYTES = 12;
const TAG_BYTES = 16;
/** places in what is stored: salt, iv, tag, text */
const TAG_AT = SALT_BYTES + IV_BYTES;
const TEXT_AT = TAG_AT + TAG_BYTES;
/** keys that an instance remembers */
const MAX_KEYS = 8;

const derived = promisify<string, Buffer, number, Buffer>(scrypt);

/** @returns how an address is remembered: without the key nobody can try all phone numbers */
export function digestOf(address: string, key: string | undefined): string {
  return createHmac('sha256', Buffer.from(key ?? '', 'base64'))
    .update(address)
    .digest('hex');
}

export interface ForgottenKeysParts {
  /** the ledger of this instance alone */
  own(): Ledger;
  /** the ledger of all instances */
  shared: Ledger;
  /** what the account signs in with */
  credential: string;
}

/**
 * The keys with which addresses of forgotten people are remembered. In the store of all instances the key is encrypted
 * with what the account signs in with, which is not in there; on the disk of each instance, where the addresses of its
 * own waiting messages lie anyway, it is not. So it outlives new credentials.
 */
export class ForgottenKeys {
  readonly #parts: ForgottenKeysParts;

  constructor(parts: ForgottenKeysParts) {
    this.#parts = parts;
  }

  /** @returns the keys known to this instance, at least one, the latest first @throws LinktorError `storage` */
  async own(): Promise<string[]> {
    const own = this.#parts.own();
    const found = await own.get<string[]>('account', RECORD);
    if (found) return found.value;
    return this.#remember([randomBytes(KEY_BYTES).toString('base64')], own);
  }

  /** @returns that of the store, and then those that this instance has known @throws LinktorError `storage` */
  async all(): Promise<string[]> {
    const { own, shared } = this.#parts;
    const known = (await own().get<string[]>('account', RECORD))?.value ?? [];
    const key = await this.#inStore(shared, known[0]);
    if (key === known[0]) return known;
    return this.#remember([key, ...known.filter((one) => one !== key)].slice(0, MAX_KEYS), own());
  }

  /** @param known a key of this instance, for a store whose own is absent or encrypted with earlier credentials */
  async #inStore(shared: Ledger, known: string | undefined): Promise<string> {
    const { credential } = this.#parts;
    for (;;) {
      const before = (await shared.get<string>('account', RECORD))?.value;
      const found = before === undefined ? undefined : await opened(before, credential);
      if (found !== undefined) return found;
      const key = known ?? randomBytes(KEY_BYTES).toString('base64');
      const mine = await sealed(key, credential);
      // Another instance may have been faster.
      const after = await shared.update<string>('account', RECORD, (now) => ({
        value: now === before ? mine : (now ?? mine),
      }));
      if (after?.value === mine) return key;
    }
  }

  async #remember(keys: string[], own: Ledger): Promise<string[]> {
    await own.put('account', RECORD, keys, { onDisk: true });
    return keys;
  }
}

async function sealed(key: string, credential: string): Promise<string> {
  const salt = randomBytes(SALT_BYTES);
  const iv = randomBytes(IV_BYTES);
  const cipher = createCipheriv('aes-256-gcm', await derived(credential, salt, KEY_BYTES), iv);
  const text = Buffer.concat([cipher.update(key, 'base64'), cipher.final()]);
  return Buffer.concat([salt, iv, cipher.getAuthTag(), text]).toString('base64');
}

/** @returns undefined when it was encrypted with another credential */
async function opened(text: string, credential: string): Promise<string | undefined> {
  const bytes = Buffer.from(text, 'base64');
  const salt = bytes.subarray(0, SALT_BYTES);
  const iv = bytes.subarray(SALT_BYTES, TAG_AT);
  const secret = await derived(credential, salt, KEY_BYTES);
  try {
    const decipher = createDecipheriv('aes-256-gcm', secret, iv);
    decipher.setAuthTag(bytes.subarray(TAG_AT, TEXT_AT));
    return Buffer.concat([decipher.update(bytes.subarray(TEXT_AT)), decipher.final()]).toString('base64');
  } catch {
    return undefined;
  }
}
