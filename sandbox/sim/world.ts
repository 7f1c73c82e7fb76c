import type { State } from '../state';
import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import type { EventSocketServer } from '../wire/event-socket';
import type { Faults } from '../wire/faults';
import type { RealtimePublisher } from '../wire/frames';
import type { IdempotencyCache } from '../wire/idempotency';
import type { Client, SocketServer } from '../wire/socket-server';
import type { Timers } from '../wire/timers';
import type { WebhookSender } from '../wire/webhook-sender';
import type { ServerHabit } from './habits';
import type { KnowledgeIndex } from './knowledge-index';
import type { ServerEvents } from './server-events';

interface Settings {
  /** Send every frame to every socket, subscribed or not. */
  broadcast: boolean;
  /** auto: sent, delivered and read follow automatically; manual: only sent; none: messages stay pending. */
  receipts: 'auto' | 'manual' | 'none';
  /** Honour `Idempotency-Key`. */
  idempotency: boolean;
  /** The SDK family whose terms apply where the families contradict each other. */
  family: 'union' | 'typescript' | 'rust' | 'java';
  /** Habits of the real self-hosted server; empty for the documented API. */
  readonly habits: Set<ServerHabit>;
  log: (line: string) => void;
}

/** The parts of one running sandbox. */
export interface World {
  readonly settings: Settings;
  /** The value of `receipts` for manual delivery, which depends on the contract. */
  readonly byHand: 'manual' | 'none';
  readonly state: State;
  readonly timers: Timers;
  readonly faults: Faults;
  readonly idempotency: IdempotencyCache;
  /** The sockets of the documented API and of the chat page. */
  readonly eventSockets: EventSocketServer;
  /** The sockets of the contract being served; the control routes act on these. */
  sockets: Pick<SocketServer<Client>, 'drop' | 'freeze' | 'thaw' | 'report' | 'close'>;
  /** Receivers of every event, called synchronously. */
  readonly publishers: RealtimePublisher[];
  readonly webhooks: WebhookSender;
  readonly knowledge: KnowledgeIndex;
  /** Events of the self-hosted server, when it is connected to NATS. */
  events?: ServerEvents;
  /** Called with every stored message of a customer. */
  onInbound?: (conversation: Conversation, message: Message) => void;
  /** Called at the end of a reset. */
  onReset?: () => void;
  /** Restores the initial state; open sockets stay open. */
  reset(): void;
}
