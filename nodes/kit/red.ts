import type { Node, NodeAPI } from 'node-red';
import type { Msg } from './define';

/** Node-RED's runtime, as far as the published types are right about it. */
export type RED = NodeAPI;

/** A running node. */
export interface RunningNode extends Omit<Node, 'on' | 'error'> {
  credentials: Record<string, string>;
  on(event: 'input', listener: (msg: Msg, send: (msg: unknown) => void, done: (error?: Error) => void) => void): this;
  on(event: 'close', listener: (removed: boolean, done: () => void) => void): this;
  error(error: unknown, msg?: object): void;
}
