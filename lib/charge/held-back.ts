import { LinktorError } from '../errors';

/** Reason for a message that was held back, in the style of a server code. */
export const PERSON_IN_CHARGE = 'person_in_charge';

/** @returns the error for a send to a conversation that a person has taken over */
export function heldBack(): LinktorError {
  return new LinktorError('conflict', 'A person is in charge of this conversation, so nothing was sent.', {
    serverCode: PERSON_IN_CHARGE,
    hint: 'Give the conversation back with a guard node, or wait until the person has been silent for long enough.',
  });
}

/** @returns true when nothing was sent because a person is in charge */
export function isHeldBack(error: unknown): boolean {
  return error instanceof LinktorError && error.cause.serverCode === PERSON_IN_CHARGE && !error.cause.ambiguous;
}
