import type { ErrorCode } from '../../errors';

/** How the connection is. Times are milliseconds of the local clock. */
export type SocketState =
  | { name: 'idle' | 'connecting' | 'closed'; since: number }
  /** `polling_only`: events come, but not by NATS, and so later; `leads`: of several instances this one */
  | { name: 'open'; since: number; caution?: 'polling_only'; leads?: true }
  /** let go on purpose, until somebody asks for it again */
  | { name: 'paused'; since: number }
  /** of several instances another one leads; or the store that says so is away */
  | { name: 'standby'; since: number; leader: string }
  | { name: 'store_down'; since: number }
  /** `until`: when the next attempt is made */
  | { name: 'waiting'; since: number; attempt: number; until: number; reason: string }
  /** stopped for a reason that another attempt would not change */
  | { name: 'refused'; since: number; reason: string; code: ErrorCode };

/** @returns true when nobody wants the connection */
export function isUnused({ name }: SocketState): boolean {
  return name === 'idle' || name === 'paused' || name === 'closed';
}

/** How long things take, in milliseconds. */
export interface Timing {
  handshake: number;
  /** silence after which the other side is asked whether it is alive */
  silence: number;
  /** how long its answer may take */
  pong: number;
  /** between two application pings of the documented API (contract 2.1), which also measure the latency */
  ping: number;
  /** open for so long counts as healthy: after the next loss the attempts are counted anew */
  healthy: number;
  /** how long a refusal lasts before a successful REST call makes us try again */
  revival: number;
  /** how long the socket outlives its last user, so that a deploy does not close and open it */
  linger: number;
  /** how long the other side may take to answer a close */
  closing: number;
  /** open without any event for so long: ask whether there was one */
  stall: number;
  /** how long a status waits for its message */
  statusWait: number;
  /** how long live events wait for a server that cannot be asked what was missed before them */
  persistence: number;
  /** how often it is written down how far all has been delivered */
  remember: number;
}

export const DEFAULT_TIMING: Timing = {
  handshake: 10_000,
  silence: 25_000,
  pong: 10_000,
  ping: 30_000,
  healthy: 60_000,
  revival: 30_000,
  linger: 5_000,
  closing: 1_000,
  stall: 300_000,
  statusWait: 1_000,
  persistence: 15_000,
  remember: 10_000,
};

/** Answers to a handshake that the server would give again: stop. Without a socket there, look again after a long time. */
export const REFUSED_STATUS: Readonly<Record<number, ErrorCode>> = {
  401: 'authentication',
  403: 'authorization',
  404: 'websocket',
  426: 'websocket',
};

/** Close codes that surely mean bad credentials: stop. */
export const REFUSED_CLOSE: Readonly<Record<number, ErrorCode>> = {
  4001: 'authentication',
  4003: 'authorization',
  4401: 'authentication',
  4403: 'authorization',
};

/** Close codes by which a server may mean us, or the moment (1008: any policy, a rate limit for example): wait longer. */
export const DISCOURAGING_CLOSE: ReadonlySet<number> = new Set([1008, 4004]);
