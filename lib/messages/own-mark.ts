import type { Message, Outgoing } from '../model';

/** Metadata of messages that a flow sends, so that another Node-RED does not take them for a colleague's. */
const FIELD = 'sentBy';
const NAME = 'node-red';

export function marked(message: Outgoing): Outgoing {
  return { ...message, metadata: { ...message.metadata, [FIELD]: NAME } };
}

/** @returns true for a message sent by a flow of any Node-RED */
export function isMarked({ metadata }: Message): boolean {
  return metadata?.[FIELD] === NAME;
}
