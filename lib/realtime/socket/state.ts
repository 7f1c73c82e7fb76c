import type { ErrorCode } from '../../errors';

/** State of the connection. Times are milliseconds of the local clock. */
export type SocketState =
  | { name: 'idle' | 'connecting' | 'closed'; since: number }
  /**
   * `polling_only`: events arrive later, since NATS is down; `leads`: this instance is the leader; `alone`: it works
   * alone, since the store of all is away
   */
  | { name: 'open'; since: number; caution?: 'polling_only'; leads?: true; alone?: true }
  /** closed on purpose, until requested again */
  | { name: 'paused'; since: number }
  /** by choice of the account: events come by webhooks, or none at all */
  | { name: 'webhooks_only' | 'no_realtime'; since: number }
  /** another instance leads, or the store that elects the leader is unreachable */
  | { name: 'standby'; since: number; leader: string }
  /** another instance leads, and this one has a part of the events */
  | { name: 'sharing'; since: number; leader: string }
  | { name: 'store_down'; since: number }
  /** `until`: time of the next attempt */
  | { name: 'waiting'; since: number; attempt: number; until: number; reason: string }
  /** stopped for a reason that a retry would not change */
  | { name: 'refused'; since: number; reason: string; code: ErrorCode };

/** @returns true when there is no connection by choice of the account */
export function isOff({ name }: SocketState): boolean {
  return name === 'webhooks_only' || name === 'no_realtime';
}

/** @returns true when the connection is not wanted */
export function isUnused(state: SocketState): boolean {
  return state.name === 'idle' || state.name === 'paused' || state.name === 'closed' || isOff(state);
}

/** Durations in milliseconds. */
export interface Timing {
  handshake: number;
  /** silence after which the peer is pinged */
  silence: number;
  /** time limit of its response */
  pong: number;
  /** interval of the application pings of the documented API (contract 2.1), which also measure the latency */
  ping: number;
  /** open time after which a connection counts as healthy: attempts are then counted anew */
  healthy: number;
  /** longest wait between two attempts, give or take half */
  longestWait: number;
  /** time after a refusal before a successful REST call triggers a retry */
  revival: number;
  /** time that the socket outlives its last user, so that a deploy does not reconnect it */
  linger: number;
  /** time limit of the closing handshake */
  closing: number;
  /** open time without events after which the server is asked for missed ones */
  stall: number;
  /** longest wait of a status for its message */
  statusWait: number;
  /** longest wait of live events for a server that cannot be asked for missed ones */
  persistence: number;
  /** interval between two saves of the progress */
  remember: number;
}

export const DEFAULT_TIMING: Timing = {
  handshake: 10_000,
  silence: 25_000,
  pong: 10_000,
  ping: 30_000,
  healthy: 60_000,
  longestWait: 60_000,
  revival: 30_000,
  linger: 5_000,
  closing: 1_000,
  stall: 300_000,
  statusWait: 1_000,
  persistence: 15_000,
  remember: 10_000,
};

/** Permanent handshake refusals: stop. If there is no socket, retry after a long time. */
export const REFUSED_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'authentication',
  403: 'authorization',
  404: 'websocket',
  426: 'websocket',
};

/** Close codes that certainly mean invalid credentials: stop. */
export const REFUSED_CLOSE: Readonly<Record<number, ErrorCode>> = {
  4001: 'authentication',
  4003: 'authorization',
  4401: 'authentication',
  4403: 'authorization',
};

/** Close codes that may be aimed at us, or be temporary (1008: any policy, such as a rate limit): wait longer. */
export const DISCOURAGING_CLOSE: ReadonlySet<number> = new Set([1008, 4004]);
