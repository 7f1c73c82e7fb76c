import { LinktorError } from '../errors';
import { MAX_LEDGER_BYTES, MAX_RECORD_BYTES, type Namespace, namespaces, type StorageProblem } from './ledger';

const messages: Record<StorageProblem, string> = {
  in_use: 'Another process uses the ledger of this account.',
  unwritable: 'The ledger of this account cannot be written.',
  damaged: 'The ledger of this account was damaged and has been set aside.',
  newer: 'The ledger of this account was written by a newer version of this package.',
  closed: 'The ledger of this account is closed.',
  unreachable: 'The store that all instances share cannot be reached.',
};

const hints: Record<StorageProblem, string> = {
  in_use: 'Let only one Node-RED use this user directory, or give each one a directory of its own.',
  unwritable: 'Check the permissions of the folder "linktor" in the user directory, and the free space of the disk.',
  damaged:
    'A new ledger has been started. Open questions of the old one are lost; the damaged file was kept beside it.',
  newer: 'Install the newer version again, or move the file away.',
  closed: 'Deploy again.',
  unreachable: 'See that it runs, and that its address and password in the account are right.',
};

/** @param reason the store's own text */
export function storageError(problem: StorageProblem, reason?: string): LinktorError {
  const details = { problem, ...(reason !== undefined && { reason }) };
  return new LinktorError('storage', messages[problem], {
    hint: hints[problem],
    details,
    retryable: problem !== 'newer',
  });
}

/** @returns the storage problem behind an error, if any */
export function storageProblemOf(error: unknown): StorageProblem | undefined {
  if (!(error instanceof LinktorError) || error.code !== 'storage') return undefined;
  return (error.cause.details as { problem?: StorageProblem } | undefined)?.problem;
}

/** @returns the error for a record that is too large @param bytes of its JSON */
export function tooLarge(bytes: number): LinktorError {
  return new LinktorError('rate_limit', `A record of ${bytes} bytes is too large: ${MAX_RECORD_BYTES} can be kept.`, {
    hint: 'Keep less of the message.',
  });
}

/** @returns the error for a namespace that holds as many records as it may */
export function tooMany(namespace: Namespace): LinktorError {
  const { limit } = namespaces[namespace];
  return new LinktorError('rate_limit', `There are ${limit} records of the kind "${namespace}" already.`, {
    hint: 'Wait until some of them have ended.',
  });
}

export function tooMuch(): LinktorError {
  return new LinktorError('rate_limit', `The ledger of this account holds ${MAX_LEDGER_BYTES} bytes already.`, {
    hint: 'Keep less, or for fewer days.',
  });
}
