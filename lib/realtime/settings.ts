import type { Contract } from '../contract/index';
import type { Ledger } from '../ledger/index';
import type { Bus } from './bus/bus';
import type { Delivery } from './bus/delivery';
import type { HandoverSettings } from './handover';
import type { NatsSettings } from './nats/address';
import type { RealtimeRest } from './rest';
import type { SocketSettings } from './socket/connection';

export interface RealtimeSettings
  extends Pick<
    SocketSettings,
    'autoReconnect' | 'reconnectInterval' | 'maxReconnectAttempts' | 'receive' | 'timing' | 'url' | 'connection'
  > {
  /** known after the URL was requested */
  contract: Pick<Contract, 'frame' | 'signal' | 'announces'>;
  rest: RealtimeRest;
  /** milliseconds between two listings for new conversations, 10 000 */
  discoverInterval?: number;
  /** milliseconds between two polls during activity, if the socket announces no messages: 3000 */
  pollBusy?: number;
  /** milliseconds between two polls without activity: 15 000 */
  pollIdle?: number;
  /** the server's event publication; only self-hosted servers have one */
  nats?: NatsSettings;
  /** an event is about to be delivered */
  onDelivery?(delivery: Delivery): void;
  /** a failure without a waiting caller; the text is safe to log */
  onProblem(text: string): void;
  /** stores delivered keys and progress beyond the process */
  ledger?: Ledger;
  /** the memory of a predecessor in this process */
  predecessor?: Memory;
  /** handling of events after a predecessor's end: `asked` by default */
  whileDown?: HandoverSettings['whileDown'];
  /**
   * @param act called once, when the listeners are ready; at once by default @returns the function that cancels the
   * call
   */
  whenStarted?(act: () => void): () => void;
}

/** Delivered keys and progress, as plain data. */
export type Memory = ReturnType<Bus['memory']['export']>;
