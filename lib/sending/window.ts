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

/** @returns true when the server refuses because the reply window has closed (contract 4.2) */
export function isWindowClosed(error: unknown): error is LinktorError {
  return error instanceof LinktorError && error.cause.serverCode === 'OUTSIDE_MESSAGE_WINDOW';
}
