import { invalid, type LinktorError } from '../../../lib/errors';
import type { FileDesk, KeptFiles } from '../../../lib/files/index';
import type { Outgoing } from '../../../lib/model';
import type { JobFollower, OutboxJob } from '../../../lib/outbox/index';
import { type SendRequest, storable } from '../../../lib/sending/index';
import type { OutboxWork } from './box';

/** A request that can be stored. */
export interface Storable {
  request: SendRequest;
  /** the request has been stored, or will not be */
  release(): void;
}

/**
 * The files of messages in the outbox. They lie on the disk beside the ledger, as long as their message waits. Where
 * several instances share the outbox, the server has to take them first; only those of a former single instance still lie
 * on its disk.
 */
export class JobFiles implements JobFollower {
  readonly #desk: () => FileDesk;
  readonly #kept: KeptFiles | undefined;
  readonly #isShared: boolean;
  readonly #onProblem: (thrown: unknown) => void;
  /** ids of files by job */
  readonly #ofJobs = new Map<string, readonly string[]>();

  /**
   * @param kept undefined where there is no place for them
   * @param isShared another instance may send a message
   */
  constructor(
    desk: () => FileDesk,
    kept: KeptFiles | undefined,
    isShared: boolean,
    onProblem: (thrown: unknown) => void,
  ) {
    this.#desk = desk;
    this.#kept = kept;
    this.#isShared = isShared;
    this.#onProblem = onProblem;
  }

  /** @throws LinktorError `validation`, `rate_limit`, `storage`; of the server when the file cannot be uploaded */
  async lasting(request: SendRequest, signal: AbortSignal): Promise<Storable> {
    if (!partsOf(request).some(({ file }) => file)) return { request, release() {} };
    const kept = this.#kept;
    if (!kept || this.#isShared) return { request: await this.#uploaded(request, signal), release() {} };
    const ids: string[] = [];
    const release = () => {
      for (const id of ids.splice(0)) kept.release(id);
    };
    try {
      const stored = await storable(request, this.#desk(), async (message) => {
        const id = await kept.keep(message.file.data);
        ids.push(id);
        return { ...message, file: { kept: id } };
      });
      return { request: stored, release };
    } catch (error) {
      release();
      throw error;
    }
  }

  #uploaded(request: SendRequest, signal: AbortSignal): Promise<SendRequest> {
    const desk = this.#desk();
    return storable(request, desk, async ({ file, media, type, ...rest }) => {
      const { mimeType = '', filename = '' } = media;
      const uploaded = await desk.upload({ data: file.data, mimeType, filename, kind: type }, type, signal);
      if (!uploaded) throw notTaken();
      return { ...rest, type, media: { ...media, url: uploaded.url } };
    });
  }

  waits({ id, work }: OutboxJob): void {
    const ids = filesOf((work as OutboxWork).request);
    // An instance that leads anew holds what it held before.
    if (!this.#kept || ids.length === 0 || this.#ofJobs.has(id)) return;
    this.#ofJobs.set(id, ids);
    for (const one of ids) this.#kept.hold(one);
  }

  gone(jobId: string): void {
    for (const id of this.#ofJobs.get(jobId) ?? []) this.#kept?.release(id);
    this.#ofJobs.delete(jobId);
  }

  loaded(): void {
    // An instance that goes on alone does not know all messages that wait.
    if (!this.#isShared) this.#kept?.sweep().catch(this.#onProblem);
  }
}

/** @returns whether a stored job has a file on the disk of the instance that has stored it */
export function isTiedToDisk({ work }: Pick<OutboxJob, 'work'>): boolean {
  const { request } = (work ?? {}) as Partial<OutboxWork>;
  return request !== undefined && filesOf(request).length > 0;
}

function partsOf({ message, more = [] }: SendRequest): readonly Outgoing[] {
  return 'raw' in message ? more : [message, ...more];
}

function filesOf(request: SendRequest): string[] {
  return partsOf(request).flatMap(({ file }) => (file && 'kept' in file ? [file.kept] : []));
}

function notTaken(): LinktorError {
  return invalid(
    'With several instances a durable outbox stores no files, and this server takes none.',
    'Give the URL of the file, or choose the outbox "memory" in the account.',
  );
}
