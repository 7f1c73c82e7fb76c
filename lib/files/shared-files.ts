import { randomBytes } from 'node:crypto';
import { fence } from '../async/fence';
import { LinktorError } from '../errors';

/** A file that is served until its channel has fetched it. */
export interface SharedFile {
  data: Buffer;
  mimeType: string;
  filename: string;
}

interface Held extends SharedFile {
  owner: string;
  /** milliseconds of the clock */
  until: number;
  timer: NodeJS.Timeout;
  messageId?: string;
  isFetched: boolean;
  isSettled: boolean;
}

/** Time in which a channel has to fetch a file, milliseconds. */
const LIFETIME_MS = 10 * 60_000;
/** bytes of all files together */
const MAX_HELD_BYTES = 100 * 1024 * 1024;
/** number of remembered early statuses */
const MAX_EARLY = 1000;

/** The files that one Node-RED serves, in memory. Whoever knows the id gets the file. */
export class SharedFiles {
  readonly #files = new Map<string, Held>();
  /** messages whose final status has come while a file was on its way */
  readonly #early = new Set<string>();
  #bytes = 0;

  /**
   * @param owner id of the account
   * @returns the id: 32 hexadecimal digits
   * @throws LinktorError `storage` when too much is held already
   */
  add({ data, mimeType, filename }: SharedFile, owner: string): string {
    if (this.#bytes + data.length > MAX_HELD_BYTES) throw full();
    const id = randomBytes(16).toString('hex');
    const timer = setTimeout(
      fence(() => this.remove(id)),
      LIFETIME_MS,
    );
    timer.unref();
    const until = Date.now() + LIFETIME_MS;
    this.#files.set(id, { data, mimeType, filename, owner, until, timer, isFetched: false, isSettled: false });
    this.#bytes += data.length;
    return id;
  }

  /** @returns the file; a machine that has slept has late timers, so its time is looked at */
  get(id: string): SharedFile | undefined {
    const held = this.#files.get(id);
    if (held && held.until <= Date.now()) this.remove(id);
    return this.#files.get(id);
  }

  /** The whole file has been fetched. */
  fetched(id: string): void {
    const held = this.#files.get(id);
    if (!held) return;
    held.isFetched = true;
    if (held.isSettled) this.remove(id);
  }

  /** The file has left with a message. */
  sent(id: string, messageId: string): void {
    const held = this.#files.get(id);
    if (!held) return;
    held.messageId = messageId;
    if (this.#early.delete(messageId)) this.settled(messageId);
  }

  /** The final status of a message is known; the files of others stay as they are. */
  settled(messageId: string): void {
    if (this.#files.size === 0) return;
    // A status may come before the answer that names its message.
    if ([...this.#files.values()].some((held) => held.messageId === undefined)) this.#early.add(messageId);
    else this.#early.clear();
    for (const oldest of this.#early) if (this.#early.size > MAX_EARLY) this.#early.delete(oldest);
    for (const [id, held] of this.#files) {
      if (held.messageId !== messageId) continue;
      held.isSettled = true;
      if (held.isFetched) this.remove(id);
    }
  }

  remove(id: string): void {
    const held = this.#files.get(id);
    if (!held) return;
    clearTimeout(held.timer);
    this.#files.delete(id);
    this.#bytes -= held.data.length;
  }

  /** Remove the files of an account. */
  removeAll(owner: string): void {
    for (const [id, held] of this.#files) if (held.owner === owner) this.remove(id);
  }
}

function full(): LinktorError {
  return new LinktorError('storage', 'Too many files wait to be fetched: together they would have more than 100 MB.', {
    retryable: true,
    hint: 'Send again later: each is held until its channel has fetched it, at most for ten minutes.',
  });
}
