import type { Message, Outgoing } from '../model';

/** Stands in the metadata of what a flow sends, so that another Node-RED does not take it for a colleague's. */
const FIELD = 'sentBy';
const NAME = 'node-red';

export function marked(message: Outgoing): Outgoing {
  return { ...message, metadata: { ...message.metadata, [FIELD]: NAME } };
}

/** @returns true for what a flow has sent, of whichever Node-RED */
export function isMarked({ metadata }: Message): boolean {
  return metadata?.[FIELD] === NAME;
}
