import type { ErrorCode } from '../../errors';

/** How the connection is. `since`: milliseconds of the clock */
export type SocketState =
  | { name: 'idle' | 'connecting' | 'open' | 'closed'; since: number }
  /** let go on purpose, until somebody asks for it again */
  | { name: 'paused'; since: number }
  /** `until`: when the next attempt is made, milliseconds of the clock */
  | { name: 'waiting'; since: number; attempt: number; until: number; reason: string }
  /** stopped for a reason that trying again would not mend */
  | { name: 'refused'; since: number; reason: string; code: ErrorCode };

/** How long things take, in milliseconds. */
export interface Timing {
  handshake: number;
  /** silence after which we ask whether the other side is alive */
  silence: number;
  /** how long it may take to answer */
  pong: number;
  /** application ping of contract A; how far the other side is, is measured with it */
  ping: number;
  /** open for so long counts as healthy: the next loss starts counting anew */
  healthy: number;
  /** how long a refusal is left alone */
  revival: number;
  /** how long the socket outlives its last user, so that a deploy does not make it flap */
  linger: number;
  /** how long the other side may take to say goodbye */
  farewell: number;
  /** open without any event for so long: look whether there was nothing to tell */
  deaf: number;
  /** how long a status waits for its message */
  patience: number;
  /** how long live events wait for a server that cannot be asked what was missed before them */
  persistence: number;
}

export const usual: Timing = {
  handshake: 10_000,
  silence: 25_000,
  pong: 10_000,
  ping: 30_000,
  healthy: 60_000,
  revival: 30_000,
  linger: 5_000,
  farewell: 1_000,
  deaf: 300_000,
  patience: 1_000,
  persistence: 15_000,
};

/** Answers to a handshake after which the server will say the same again: stop. */
export const refusedStatus: Readonly<Record<number, ErrorCode>> = {
  401: 'authentication',
  403: 'authorization',
  404: 'websocket',
  426: 'websocket',
};

/** Close codes of the same meaning. */
export const refusedClose: Readonly<Record<number, ErrorCode>> = {
  1008: 'authorization',
  4001: 'authentication',
  4003: 'authorization',
  4004: 'websocket',
  4401: 'authentication',
  4403: 'authorization',
};
