import { write } from '../calls';
import { uploadedFile } from '../entities';
import type { Contract } from '../index';

/** Files of messages (contract 1.3). */
export const media: Contract['media'] = {
  // A second upload reaches nobody, so it may be repeated.
  upload: ({ file, filename, mimeType, type }) => ({
    ...write('POST', ['media', 'upload'], uploadedFile, undefined, 'read'),
    upload: { file, filename, mimeType, fields: { type } },
  }),
};
