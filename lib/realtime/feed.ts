import type { Event } from '../model';
import type { RealtimeFacts } from './facts';
import type { SocketState } from './socket/state';

/**
 * Until which change a conversation had been read, as plain data: the times as the server spells them, and for one that
 * was not wanted the time up to which its messages are not.
 */
export type ReadConversation = readonly [id: string, updatedAt: string, lastMessageAt?: string, skipUpTo?: string];

/**
 * How an account learns what happens: the socket announces it (live), it is asked for (poll), or NATS brings it (nats).
 * Contract and settings decide: see {@link FeedChoice}. Times are milliseconds of the server's clock.
 */
export interface Feed {
  /** events are asked for now and then, and come later than an announcement would */
  readonly polls: boolean;
  /** how the account is connected, as its users see it */
  readonly state: SocketState;
  readonly facts: Pick<RealtimeFacts, 'attempts' | 'lastError' | 'poll' | 'nats'>;
  /** where a gap would begin; undefined before the server has been asked for the first time */
  readonly watermark: number | undefined;
  /** all events up to this time have been received */
  readonly receivedUpTo: number | undefined;
  /** live events are held back until it is known what was missed */
  readonly isCatchingUp: boolean;
  /** An event that the socket has brought. @param at milliseconds of the local clock @param chars length of its frame */
  take(event: Event, at: number, chars: number): void;
  /** The connection or the users have changed. @param isUsed somebody listens */
  update(isUsed: boolean): void;
  /** All conversations are wanted from now on. @param continues the watermark is still valid: what was missed is a gap */
  wantAll(continues: boolean): void;
  /** Held events had to be dropped: look for what was missed. */
  rescan(): void;
  /** One more conversation is wanted. */
  enter(conversationId: string): void;
  /** We have sent a message in this conversation. */
  sent(conversationId: string): void;
  /** The end of a pause; a connection that is down for another reason is tried at once. */
  connect(): void;
  /** A new connection, whatever the present one is like. */
  reconnect(): void;
  /** A REST call has succeeded: a refused connection may try again. */
  revive(): void;
  /** What happens until the next start is not wanted. */
  forget(): void;
  /** @param isListed a listing has confirmed the watermark lately @returns where a successor goes on */
  handoverPoint(isListed: boolean): number | undefined;
  /** What a successor has to know beside the handover point. */
  readConversations(): ReadConversation[];
  /** Go on where a predecessor has ended. */
  continueFrom(watermark: number, read: readonly ReadConversation[]): void;
  /** @returns when the last word has left */
  close(): void | Promise<void>;
}
