/** How far an outbound message can come, in order. Linktor's own words (contract 3.4). */
export const MESSAGE_STATUSES = ['pending', 'sent', 'delivered', 'read', 'failed'] as const;

export type MessageStatus = (typeof MESSAGE_STATUSES)[number];

/** The steps of a message that does not fail, without the one that every message begins with. */
export const SUCCESS_STEPS = ['sent', 'delivered', 'read'] as const;

/** @returns 0 for pending to 4 for failed; -1 for a word that is no message status */
export function statusRank(status: string | undefined): number {
  return MESSAGE_STATUSES.indexOf(status as MessageStatus);
}

/** @returns true when a message of this status has come as far as `wanted`, or beyond it; a failed one has not */
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
