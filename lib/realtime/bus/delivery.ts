import type { Conversation, Event } from '../../model';

/** Which way an event came. */
export type Source = 'ws' | 'nats' | 'webhook' | 'poll' | 'test' | 'account';

/** An event as triggers get it: decoded, without duplicates, in order, with the conversation it belongs to. */
export interface Delivery {
  event: Event;
  conversation?: Conversation;
  source: Source;
  /** milliseconds of the local clock */
  receivedAt: number;
  /** it was missed and has been fetched afterwards */
  recovered: boolean;
  /** a listener has taken `event.original` without copying it: every other one must copy */
  originalTaken: boolean;
  /** id of the node whose question this message answers */
  claimedBy?: string;
  /** id of a node that waits for an answer in this conversation, and leaves this message to the others */
  askedBy?: string;
}

export type Listener = (delivery: Delivery) => void;

/** @param receivedAt milliseconds of the local clock */
export function newDelivery(event: Event, source: Source, receivedAt: number, recovered = false): Delivery {
  // Only a frame has been parsed for this delivery alone; what came another way may have other owners.
  const originalTaken = source !== 'ws' || event.message === undefined;
  return { event, conversation: undefined, source, receivedAt, recovered, originalTaken };
}

/**
 * A copy for a delivery that has to wait. V8 notes where objects come from that live for long, and puts later ones from
 * there into old space at once, where they keep alive whatever they hold: a thousand events that wait would cost every
 * later event its early death.
 */
export function waitingCopy(delivery: Delivery): Delivery {
  const { event } = delivery;
  const { message } = event;
  return { ...delivery, event: message ? { ...event, message: { ...message } } : { ...event } };
}
