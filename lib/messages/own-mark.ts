import type { Message, Outgoing } from '../model';

/** Metadata of messages sent by flows, so that another Node-RED does not mistake them for a colleague's. */
const FIELD = 'sentBy';
const NAME = 'node-red';

/** @returns the message with the mark of flows in its metadata */
export function marked(message: Outgoing): Outgoing {
  return { ...message, metadata: { ...message.metadata, [FIELD]: NAME } };
}

/** @returns true for a message sent by a flow of any Node-RED */
export function isMarked({ metadata }: Message): boolean {
  return metadata?.[FIELD] === NAME;
}
