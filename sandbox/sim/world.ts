import type { State } from '../state';
import type { Conversation, Message } from '../state/entities';
import type { Hub } from '../wire/event-socket';
import type { Audience } from '../wire/frames';
import type { Memory } from '../wire/idempotency';
import type { Client, Crowd } from '../wire/socket-server';
import type { Hooks } from '../wire/webhook-sender';
import type { Faults } from './faults';
import type { Library } from './knowledge-index';
import type { Timers } from './timers';

interface Settings {
  /** Every frame to every socket, subscribed or not. */
  broadcast: boolean;
  /** Do delivery and reading happen by themselves, does only sending, or nothing at all? */
  receipts: 'auto' | 'manual' | 'none';
  /** Is `Idempotency-Key` honoured? */
  idempotency: boolean;
  log: (line: string) => void;
}

/** The parts of one running sandbox, handed to everything that acts in it. */
export interface World {
  readonly settings: Settings;
  readonly state: State;
  readonly timers: Timers;
  readonly faults: Faults;
  readonly memory: Memory;
  /** The sockets of the documented API and of the chat page. */
  readonly hub: Hub;
  /** The sockets that the contract served has; the control routes act on these. */
  crowd: Pick<Crowd<Client>, 'drop' | 'freeze' | 'thaw' | 'report' | 'close'>;
  /** Told at once of what happens. */
  readonly audiences: Audience[];
  readonly hooks: Hooks;
  readonly library: Library;
  /** Told of every message a customer writes, once it is stored. */
  onInbound?: (conversation: Conversation, message: Message) => void;
  /** Called by a reset, after everything else. */
  onReset?: () => void;
  /** Back to the state of the start; open sockets stay. */
  reset(): void;
}
