import { createHash, randomBytes } from 'node:crypto';
import { mkdir, open, readdir, readFile, rm, stat } from 'node:fs/promises';
import path from 'node:path';
import { invalid, LinktorError } from '../errors';

/** bytes of all files together */
const MAX_KEPT_BYTES = 500 * 1024 * 1024;
const ID = /^[0-9a-f]{32}$/;

interface Held {
  holders: number;
  /** of a file that this process has written */
  digest?: string;
}

/**
 * Files of messages that wait, on the disk. Each stays as long as somebody holds it; those of an earlier process stay
 * until `sweep`.
 */
export class KeptFiles {
  readonly #folder: string;
  readonly #maxBytes: number;
  readonly #held = new Map<string, Held>();
  /** by digest: a message to many has one file */
  readonly #same = new Map<string, { id: string; written: Promise<void> }>();
  /** bytes by id */
  #sizes: Promise<Map<string, number>> | undefined;

  constructor(folder: string, maxBytes = MAX_KEPT_BYTES) {
    this.#folder = folder;
    this.#maxBytes = maxBytes;
  }

  /**
   * Write a file to the disk, unless the same one is held already.
   * @returns its id, held once
   * @throws LinktorError `rate_limit` when there are too many, `storage`
   */
  async keep(data: Buffer): Promise<string> {
    const digest = createHash('sha256').update(data).digest('hex');
    const sizes = await this.#measured();
    const same = this.#same.get(digest);
    if (same) return this.#whenWritten(same);
    const total = [...sizes.values()].reduce((sum, size) => sum + size, data.length);
    if (total > this.#maxBytes) throw full(this.#maxBytes);
    const id = randomBytes(16).toString('hex');
    sizes.set(id, data.length);
    const fresh = { id, written: this.#write(id, data) };
    this.#held.set(id, { holders: 0, digest });
    this.#same.set(digest, fresh);
    return this.#whenWritten(fresh);
  }

  async #whenWritten({ id, written }: { id: string; written: Promise<void> }): Promise<string> {
    this.hold(id);
    try {
      await written;
      return id;
    } catch (error) {
      this.release(id);
      throw unusable(error);
    }
  }

  /** @throws LinktorError `validation` for a file that is not here, `storage` */
  async read(id: string): Promise<Buffer> {
    if (!ID.test(id)) throw gone();
    return readFile(this.#pathOf(id)).catch((error: NodeJS.ErrnoException) => {
      throw error.code === 'ENOENT' ? gone() : unusable(error);
    });
  }

  hold(id: string): void {
    const held = this.#held.get(id) ?? { holders: 0 };
    this.#held.set(id, { ...held, holders: held.holders + 1 });
  }

  /** The last holder removes the file. */
  release(id: string): void {
    const held = this.#held.get(id);
    if (held && held.holders > 1) {
      this.#held.set(id, { ...held, holders: held.holders - 1 });
      return;
    }
    this.#held.delete(id);
    if (held?.digest !== undefined) this.#same.delete(held.digest);
    // What cannot be removed now is left for the next sweep.
    this.#remove(id).catch(() => {});
  }

  /** Remove what an earlier process has left and nobody holds. @throws LinktorError `storage` */
  async sweep(): Promise<void> {
    for (const id of (await this.#measured()).keys()) if (!this.#held.has(id)) await this.#remove(id);
  }

  async #remove(id: string): Promise<void> {
    const sizes = await this.#measured();
    const size = sizes.get(id) ?? 0;
    sizes.delete(id);
    await rm(this.#pathOf(id), { force: true }).catch((error: unknown) => {
      sizes.set(id, size);
      throw unusable(error);
    });
  }

  /** On the disk before the message is stored: otherwise a loss of power would leave a message without its file. */
  async #write(id: string, data: Buffer): Promise<void> {
    await mkdir(this.#folder, { recursive: true, mode: 0o700 });
    const file = await open(this.#pathOf(id), 'wx', 0o600);
    try {
      await file.writeFile(data);
      await file.sync();
    } finally {
      await file.close();
    }
  }

  #measured(): Promise<Map<string, number>> {
    this.#sizes ??= this.#measure().catch((error: unknown) => {
      this.#sizes = undefined;
      throw unusable(error);
    });
    return this.#sizes;
  }

  async #measure(): Promise<Map<string, number>> {
    const sizes = new Map<string, number>();
    for (const name of await readdir(this.#folder).catch(nothing)) {
      if (ID.test(name)) sizes.set(name, (await stat(this.#pathOf(name))).size);
    }
    return sizes;
  }

  #pathOf(id: string): string {
    return path.join(this.#folder, id);
  }
}

function nothing(error: NodeJS.ErrnoException): string[] {
  if (error.code === 'ENOENT') return [];
  throw error;
}

function full(maxBytes: number): LinktorError {
  return new LinktorError(
    'rate_limit',
    `The files of waiting messages would have more than ${maxBytes / 1024 / 1024} MB.`,
    {
      retryable: true,
      hint: 'Send it again when some have left, or give the URL of the file.',
    },
  );
}

function gone(): LinktorError {
  return invalid(
    'The file of this message is not on this disk.',
    'Send it again. A file waits on the disk of the Node-RED that has taken its message, which has to send it.',
  );
}

function unusable(error: unknown): LinktorError {
  const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
  return new LinktorError('storage', `The files of waiting messages cannot be read or written: ${code}.`, {
    retryable: true,
  });
}
