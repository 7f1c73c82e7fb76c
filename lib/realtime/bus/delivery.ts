import type { Conversation, Event } from '../../model';

/** The path of an event. */
export type Source = 'ws' | 'nats' | 'webhook' | 'poll' | 'test' | 'account';

/** An event as delivered to triggers: decoded, deduplicated, in order, with its conversation. */
export interface Delivery {
  event: Event;
  conversation?: Conversation;
  source: Source;
  /** milliseconds of the local clock */
  receivedAt: number;
  /** it was missed and fetched later */
  recovered: boolean;
  /** a listener uses `event.original` without a copy: every other listener must copy it */
  originalTaken: boolean;
  /** id of the node whose question this message answers */
  claimedBy?: string;
  /** id of a node that waits for an answer in this conversation, and leaves this message to the other listeners */
  askedBy?: string;
}

export type Listener = (delivery: Delivery) => void;

/** @param receivedAt milliseconds of the local clock */
export function newDelivery(event: Event, source: Source, receivedAt: number, recovered = false): Delivery {
  // Only a frame is parsed for a single delivery; other sources may share their object.
  const originalTaken = source !== 'ws' || event.message === undefined;
  return { event, conversation: undefined, source, receivedAt, recovered, originalTaken };
}

/**
 * Copy a delivery that has to wait. V8 tracks which allocation sites yield long-lived objects, and then allocates in
 * old space at once, where they keep everything they reference alive: a thousand waiting events would delay the
 * collection of all later ones.
 */
export function waitingCopy(delivery: Delivery): Delivery {
  const { event } = delivery;
  const { message } = event;
  return { ...delivery, event: message ? { ...event, message: { ...message } } : { ...event } };
}
