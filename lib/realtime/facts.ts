import type { SocketState } from './socket/state';

/** How the connection is and what it has brought, for diagnosis. */
export interface RealtimeFacts {
  state: SocketState['name'];
  /** milliseconds of the local clock */
  since: number;
  /** attempts since the connection was healthy the last time */
  attempts: number;
  /** safe to show */
  lastError?: string;
  /** milliseconds that the last ping took, there and back */
  latency?: number;
  /** where messages are asked for: milliseconds between two rounds just now, rounds so far, and their requests */
  poll?: { every: number; rounds: number; requests: number };
  /** where NATS brings them: how that is, since when (milliseconds of the local clock), and why it was lost last */
  nats?: { state: 'idle' | 'connecting' | 'open' | 'waiting'; since: number; lastError?: string };
  subscriptions: number;
  counters: {
    /** frames that came on the socket */
    frames: number;
    /** delivered to the listeners */
    events: number;
    /** not delivered again */
    duplicates: number;
    /** delivered late, since they had been missed */
    recovered: number;
    /** times that something may have been lost for good */
    gaps: number;
    /** frames that could not be read */
    malformed: number;
    reconnects: number;
    /** frames not sent, since the other side does not read */
    refusedFrames: number;
  };
}
