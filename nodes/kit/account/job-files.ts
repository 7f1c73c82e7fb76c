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
 * The files of messages in the outbox. They lie on the disk beside the ledger, as long as their message waits; where
 * several instances share the outbox, the server has to take them first.
 */
export class JobFiles implements JobFollower {
  readonly #desk: () => FileDesk;
  readonly #kept: KeptFiles | undefined;
  readonly #onProblem: (thrown: unknown) => void;
  /** ids of files by job */
  readonly #ofJobs = new Map<string, readonly string[]>();

  /** @param kept undefined where another instance may send the message */
  constructor(desk: () => FileDesk, kept: KeptFiles | undefined, onProblem: (thrown: unknown) => void) {
    this.#desk = desk;
    this.#kept = kept;
    this.#onProblem = onProblem;
  }

  /** @throws LinktorError `validation`, `rate_limit`, `storage`; of the server when the file cannot be uploaded */
  async lasting(request: SendRequest, signal: AbortSignal): Promise<Storable> {
    if (!partsOf(request).some(({ file }) => file)) return { request, release() {} };
    const kept = this.#kept;
    if (!kept) return { request: await this.#uploaded(request, signal), release() {} };
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
    if (!this.#kept || ids.length === 0) return;
    this.#ofJobs.set(id, ids);
    for (const one of ids) this.#kept.hold(one);
  }

  gone(jobId: string): void {
    for (const id of this.#ofJobs.get(jobId) ?? []) this.#kept?.release(id);
    this.#ofJobs.delete(jobId);
  }

  loaded(): void {
    this.#kept?.sweep().catch(this.#onProblem);
  }
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
