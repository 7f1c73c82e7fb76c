import type { MediaUpload } from '../../contract';
import type { UploadedFile } from '../../model';
import type { CallOptions, Perform } from '../options';

/** Files of messages (contract 1.3). */
export class MediaFiles {
  readonly #perform: Perform;

  constructor(perform: Perform) {
    this.#perform = perform;
  }

  upload(input: MediaUpload, options?: CallOptions): Promise<UploadedFile> {
    return this.#perform((contract) => contract.media.upload(input), options);
  }
}
