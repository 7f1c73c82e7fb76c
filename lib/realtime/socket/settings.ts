import type { Signal } from '../../contract/index';
import type { SocketState, Timing } from './state';

export interface SocketSettings {
  /**
   * Called before every attempt; never log the URL.
   * @param isCertain the last URL was refused: verify the address instead of presuming it
   */
  url(isCertain?: boolean): Promise<string>;
  /** agent, certificates and similar options of `ws` */
  connection?(): Promise<object>;
  /** a frame, or undefined if the contract has none */
  encode(signal: Signal): string | undefined;
  /** @returns the receiver of a connection's frames; `at` is milliseconds of the local clock */
  onFrame(): (text: string, at: number) => void;
  onState(state: SocketState): void;
  /** an invalid frame has ended the connection */
  onBroken?(reason: 'oversize' | 'malformed'): void;
  /** false: after a loss it stays closed until a retry */
  autoReconnect?: boolean;
  /** milliseconds before the first reconnect, 5000 */
  reconnectInterval?: number;
  /** by default 0: no limit */
  maxReconnectAttempts?: number;
  /** milliseconds, for tests with shorter times */
  timing?: Partial<Timing>;
  /** `webhook`, `nothing`: no connection is ever opened; by default `auto` */
  receive?: 'auto' | 'webhook' | 'nothing';
}
