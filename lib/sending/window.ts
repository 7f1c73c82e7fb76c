import { LinktorError } from '../errors';
import * as outgoing from '../messages/outgoing';
import type { Outgoing } from '../model';

/** What a flow author wants where the channel takes only approved templates, for the customer has been silent too long. */
export interface WindowPolicy {
  /** fail, template, skip */
  ifWindowClosed: string;
  windowTemplate?: unknown;
  windowLanguage: string;
  windowParameters?: unknown;
}

/**
 * @returns what is sent instead of what is refused, null for nothing; undefined where that is an error
 * @throws LinktorError `validation` when the template is none
 */
export function substituteOf(wishes: WindowPolicy): Outgoing | null | undefined {
  if (wishes.ifWindowClosed === 'skip') return null;
  if (wishes.ifWindowClosed !== 'template') return undefined;
  return outgoing.templateMessage(wishes.windowTemplate, wishes.windowLanguage, wishes.windowParameters);
}

/** The server refuses because the time for answers is over (contract 4.2: 422). */
export function isWindowClosed(error: unknown): boolean {
  return error instanceof LinktorError && error.cause.serverCode === 'OUTSIDE_MESSAGE_WINDOW';
}
