import { LinktorError } from '../errors';
import * as outgoing from '../messages/outgoing';
import type { Outgoing } from '../model';

/** Handling of a channel that accepts only approved templates, since the customer has been silent for too long. */
export interface WindowPolicy {
  /** fail, template, skip */
  ifWindowClosed: string;
  windowTemplate?: unknown;
  windowLanguage: string;
  windowParameters?: unknown;
}

/**
 * @returns the message that replaces a refused one; null to send nothing; undefined to report the refusal as an error
 * @throws LinktorError `validation` for an invalid template
 */
export function substituteOf(wishes: WindowPolicy): Outgoing | null | undefined {
  if (wishes.ifWindowClosed === 'skip') return null;
  if (wishes.ifWindowClosed !== 'template') return undefined;
  return outgoing.templateMessage(wishes.windowTemplate, wishes.windowLanguage, wishes.windowParameters);
}

/** How channels word it, WhatsApp by number: 131047, before that 470. */
const WINDOW_REASON =
  /\b(?:131047|470)\b|OUTSIDE_MESSAGE_WINDOW|re-?engagement|24[\s-]?(?:h\b|hours?)|outside.{0,20}window/i;

/** @returns true for the reason of a failed delivery that means that the reply window has closed */
export function isWindowReason(reason: unknown): boolean {
  return typeof reason === 'string' && WINDOW_REASON.test(reason);
}

/** @returns true when a message that waited for its delivery has failed because the reply window has closed */
export function isLateWindowFailure(error: unknown): error is LinktorError {
  const { status, reason } = (error instanceof LinktorError ? (error.cause.details ?? {}) : {}) as Record<
    string,
    unknown
  >;
  return status === 'failed' && isWindowReason(reason);
}

/** @returns true when the server refuses because the reply window has closed (contract 4.2) */
export function isWindowClosed(error: unknown): error is LinktorError {
  return error instanceof LinktorError && error.cause.serverCode === 'OUTSIDE_MESSAGE_WINDOW';
}
