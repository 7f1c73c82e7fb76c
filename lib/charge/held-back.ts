import { LinktorError } from '../errors';

/** Why a message was held back, as the server's own code would stand there. */
export const PERSON_IN_CHARGE = 'person_in_charge';

/** @returns what ends the send of a message to a conversation that a person has taken over */
export function heldBack(): LinktorError {
  return new LinktorError('conflict', 'A person is in charge of this conversation, so nothing was sent.', {
    serverCode: PERSON_IN_CHARGE,
    hint: 'Give the conversation back with a guard node, or wait until the person has been silent for long enough.',
  });
}

/** @returns true when nothing has left because a person is in charge */
export function isHeldBack(error: unknown): boolean {
  return error instanceof LinktorError && error.cause.serverCode === PERSON_IN_CHARGE && !error.cause.ambiguous;
}
