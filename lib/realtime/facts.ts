import type { SocketState } from './socket/state';

/** Connection state and counters, for diagnosis. */
export interface RealtimeFacts {
  state: SocketState['name'];
  /** one of several instances, which works alone since their store is away */
  alone?: true;
  /** milliseconds of the local clock */
  since: number;
  /** attempts since the connection was last healthy */
  attempts: number;
  /** safe to show */
  lastError?: string;
  /** round-trip time of the last ping, in milliseconds */
  latency?: number;
  /** when polling: present interval in milliseconds, rounds and requests so far */
  poll?: { every: number; rounds: number; requests: number };
  /** with NATS: its state, since when (milliseconds of the local clock), and the last error */
  nats?: { state: 'idle' | 'connecting' | 'open' | 'waiting'; since: number; lastError?: string };
  subscriptions: number;
  counters: {
    /** frames received by the socket */
    frames: number;
    /** delivered to the listeners */
    events: number;
    /** dropped as duplicates */
    duplicates: number;
    /** delivered late, after they were missed */
    recovered: number;
    /** number of reported gaps */
    gaps: number;
    /** frames that could not be decoded */
    malformed: number;
    reconnects: number;
    /** frames not sent, since the peer does not read */
    refusedFrames: number;
  };
}
