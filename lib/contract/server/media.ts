import { unsupportedCall } from '../calls';
import type { Contract } from '../index';

/** The server takes no files: a message names the address of its file (contract 1.3). */
export const media: Contract['media'] = {
  upload: unsupportedCall('take a file', 'Give the address of the file.'),
};
