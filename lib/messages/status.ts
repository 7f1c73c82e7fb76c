/** The statuses of an outbound message, in order, as named by Linktor (contract 3.4). */
export const MESSAGE_STATUSES = ['pending', 'sent', 'delivered', 'read', 'failed'] as const;

export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** The statuses of a successful message after the initial one. */
export const SUCCESS_STEPS = ['sent', 'delivered', 'read'] as const;

/** @returns 0 for pending to 4 for failed; -1 for an unknown status */
export function statusRank(status: string | undefined): number {
  return MESSAGE_STATUSES.indexOf(status as MessageStatus);
}

/** @returns true when the status is `wanted` or a later one; false for failed */
export function hasReached(status: string | undefined, wanted: MessageStatus): boolean {
  return status !== 'failed' && statusRank(status) >= statusRank(wanted);
}

/** @returns true when no other status can follow: read, failed */
export function isFinalStatus(status: string | undefined): boolean {
  return statusRank(status) >= statusRank('read');
}

/** @returns true for a status that the channel has reported: delivered, read, failed */
export function isReceipt(status: string | undefined): boolean {
  return statusRank(status) >= statusRank('delivered');
}
