import type { Event } from '../model';
import type { RealtimeFacts } from './facts';
import type { SocketState } from './socket/state';

/**
 * The last change read of a conversation, as plain data: times in the server's notation; for a conversation that was
 * not wanted, also the time up to which its messages are skipped; where an outbound message has no final status yet,
 * since when it has been watched, in milliseconds of the local clock.
 */
export type ReadConversation = readonly [
  id: string,
  updatedAt: string,
  lastMessageAt?: string,
  skipUpTo?: string,
  pendingSince?: string,
];

/**
 * The source of an account's events: announced by the socket (live), requested (poll), or published by NATS (nats).
 * Contract and settings decide: see {@link FeedChoice}. Times are milliseconds of the server's clock.
 */
export interface Feed {
  /** events are requested periodically, so they arrive later than announced ones */
  readonly polls: boolean;
  /** connection state as shown to users */
  readonly state: SocketState;
  readonly facts: Pick<RealtimeFacts, 'attempts' | 'lastError' | 'poll' | 'nats'>;
  /** start of a gap, if one occurred now; undefined before the first request */
  readonly watermark: number | undefined;
  /** all events up to this time have been received */
  readonly receivedUpTo: number | undefined;
  /** live events are held until missed ones are located */
  readonly isCatchingUp: boolean;
  /** Accept an event of the socket. @param at milliseconds of the local clock @param chars length of its frame */
  take(event: Event, at: number, chars: number): void;
  /** The connection or its users have changed. @param isUsed at least one listener exists */
  update(isUsed: boolean): void;
  /**
   * All conversations are wanted from now on. @param continues the watermark is still valid: later events count as
   * missed
   */
  wantAll(continues: boolean): void;
  /** Held events were dropped: look for missed events. */
  rescan(): void;
  /** One more conversation is wanted. */
  enter(conversationId: string): void;
  /** We have sent a message in this conversation. */
  sent(conversationId: string): void;
  /** End a pause; a connection that is down for another reason is retried at once. */
  connect(): void;
  /** Open a new connection, whatever the state of the present one. */
  reconnect(): void;
  /** A REST call has succeeded: a refused connection may retry. */
  revive(): void;
  /** Skip all events until the next start. */
  forget(): void;
  /**
   * @param isListed a listing has confirmed the watermark recently @returns the time from which a successor continues
   */
  handoverPoint(isListed: boolean): number | undefined;
  /** @returns the state that a successor needs beside the handover point */
  readConversations(): ReadConversation[];
  /** Continue from the end of a predecessor. */
  continueFrom(watermark: number, read: readonly ReadConversation[]): void;
  /** @returns a promise that resolves once the connection is closed */
  close(): void | Promise<void>;
}
