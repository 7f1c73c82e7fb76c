// What the functions of a definition are given while they run, and what they return.
import type { LinktorClient } from '../../lib/client';
import type { Another, Awaited, DialoguePlace, Language, QuietHours, Reply } from '../../lib/dialogue';
import type { FileDesk } from '../../lib/files';
import type { Event } from '../../lib/model';
import type { Delivery, SocketState } from '../../lib/realtime';
import type { Forgotten, Variables } from '../../lib/variables';
import type { Box } from './account/box';
import type { ChargeService } from './account/charge-service';
import type { AccountFigures } from './account/figures';
import type { LiveSide } from './account/led-realtime';
import type { SentLog } from './account/sent-log';
import type { Substitutes } from './account/substitutes';
import type { Left } from './deploys';
import type { Hook } from './http/routes';
import type { Output } from './outputs';
import type { Msg } from './red';
import type { StatusName } from './status';
import type { ToMsg } from './to-msg';

/** The live side of the account while one message is processed. */
export interface Live {
  /** add a listener for every event */
  onEvent(listener: (delivery: Delivery) => void): void;
  /** subscribe to the events of a conversation */
  subscribe(conversationId: string): void;
  /** resolves when the server has read the subscriptions so far, or the connection has ended */
  settled(): Promise<void>;
  /** @returns false when the connection is not open, or the server has no typing indicator */
  typing(conversationId: string, isTyping: boolean): boolean;
  readonly state: SocketState;
  /** events are fetched by polling */
  readonly polls: boolean;
  /** add a listener for changes of the connection state */
  onState(listener: (state: SocketState) => void): void;
}

export interface ActionContext<V> {
  /** bound to this message: aborted when the node closes, records the request id */
  client: LinktorClient;
  values: V;
  /** values of the fields with `each`, for one entry of a list */
  valuesOf(entry: Readonly<Msg>): Promise<V>;
  /**
   * Return the value provided by another config node.
   * @param id its id, from a field of the kind `config`
   * @throws LinktorError `validation` when it is missing, disabled or set up wrongly
   */
  provided<T>(id: string): T;
  /** @returns the result of a JSONata expression for the message, or for `entry` @throws LinktorError `validation` */
  expression(source: string, entry?: Readonly<Msg>): Promise<unknown>;
  /** for the few properties without a field; never changed */
  msg: Readonly<Msg>;
  /** aborted when the node closes, or by msg.reset where the definition `resets` */
  signal: AbortSignal;
  /**
   * Send a separate message for a part of the result. The outcome that `run` returns is sent after it, as the last
   * one. Resolves after the next flow nodes have had their turn, so that a long list is not read faster than it is
   * used.
   */
  emit(part: Outcome): Promise<void>;
  /** report the number of finished items in a long run, and of all where it is known */
  progress(done: number, total?: number): void;
  /** open the live side; it is released when this run, including its `meanwhile`, ends */
  live(): Live;
  /** the turn requested by `lane` has come */
  hasSlot: boolean;
  /** show a warning in the debug sidebar; the message does not fail */
  warn(text: string): void;
  /** takeovers and opt-outs of the account */
  charge: ChargeService;
  /** variables of this account's conversations and contacts */
  variables: Variables;
  /** delete all data stored about a contact @throws LinktorError `storage` */
  forget(contactId: string): Promise<Forgotten>;
  /** messages that this account has sent */
  sentLog: SentLog;
  /** templates for messages that may fail late */
  substitutes: Substitutes;
  /** reads the files of messages and gives them addresses */
  files: FileDesk;
  /** store of messages until they are sent, if the account has a durable outbox */
  outbox: Box | undefined;
  /** state of this node while it is deployed */
  notes: Map<string, unknown>;
  /** state shared by all nodes of this account */
  shared: Map<string, unknown>;
}

export interface Outcome {
  /** value for the target chosen in the field `result` */
  result: unknown;
  /** further message properties */
  properties?: Record<string, unknown>;
  /** leave the payload as it is */
  keepPayload?: boolean;
  /** 0 by default */
  port?: number;
  /** status of the node afterwards; none by default */
  status?: StatusName;
  /** values for the placeholders in the status text */
  figures?: Record<string, number>;
  /**
   * work that continues after the message is sent, until the node closes; a failure is reported like that of a message
   */
  meanwhile?(): Promise<void>;
}

export interface TriggerContext<V> {
  values: V;
  configId: string;
  toMsg: ToMsg;
  /** aborted when the node closes */
  client: LinktorClient;
  /** aborted when the node closes */
  signal: AbortSignal;
  /** takeovers and opt-outs of the account */
  charge: ChargeService;
  /** variables of this account's conversations and contacts */
  variables: Variables;
  /** messages that this account has sent */
  sentLog: SentLog;
  /** the normal form of texts, remembered for the other triggers of the account, which test the same text */
  fold(text: string): string;
  /** the connection, for nodes that watch or control it */
  connection: Pick<LiveSide, 'state' | 'facts' | 'onState' | 'connect' | 'disconnect' | 'reconnect' | 'announce'>;
  isClosed(): boolean;
  /** call `release` when the node closes */
  onClose(release: () => void): void;
  /** run work in the background; its failures reach Catch nodes */
  background(work: Promise<unknown>): void;
  /** wrap a callback, for example of a timer: its failures reach Catch nodes and are not thrown */
  fenced<A extends unknown[]>(act: (...args: A) => unknown): (...args: A) => void;
  /** listen to every event until the node closes */
  onEvent(listener: (delivery: Delivery) => void): void;
  /** listen to events until the node closes, without opening or showing a connection */
  observe(listener: (delivery: Delivery) => void): void;
  /** subscribe to the events of all conversations until the node closes */
  everything(): void;
  /** request complete change events until the node closes: data missing in an event is looked up */
  changes(): void;
  /** subscribe to one conversation, until the node closes or the returned function is called */
  subscribe(conversationId: string): () => void;
  /** Send a message. While the flow starts, it waits until all nodes exist. @param port 0 by default */
  emit(msg: Msg, port?: number): void;
  /** usage figures of the account */
  figures(): AccountFigures;
  /** the same figures in the Prometheus text format */
  prometheus(): string;
  /** serve HTTP requests until the node closes @throws LinktorError when the path is not available */
  serve(hook: Omit<Hook, 'owner'>): void;
  /** @returns true on the first call of this node for an event */
  isFirst(eventId: string): boolean;
  /**
   * Claim an event for one of several instances; undefined with a single instance.
   * @returns `free`: this instance has the claim and must call `done` after it has passed the event on
   * @throws LinktorError `storage` when the shared store is not available
   */
  once: ((eventId: string) => Promise<{ state: 'free' | 'working' | 'done'; done(): Promise<void> }>) | undefined;
  /**
   * Pass an event to all triggers of the account.
   * @returns a promise where instances share their events @throws LinktorError `storage` when it could not be passed on
   */
  feed(event: Event): void | Promise<void>;
  /** secrets of webhooks to this account, for a node without a secret of its own */
  webhookSecrets: readonly string[];
  nodeId: string;
  /** version of the stored node format; 1 is package 0.1.0 */
  storedVersion: number;
  /** show this status instead of a good connection */
  caution(word: StatusName): void;
  /** set the status of the node */
  status(word: StatusName, facts?: Record<string, number | string>): void;
  /**
   * @param part name of the data, if the node has several parts
   * @returns the data left by the predecessor that a deploy has replaced with this node; once only
   */
  takeOver<T>(part?: string): Left<T> | undefined;
  /** @param collect returns and clears the pending data for the successor; not called when the node is removed */
  handOver(collect: () => unknown, part?: string): void;
}

/** Context of a node when an answer arrives, possibly after a restart of the process. */
export interface AnswerContext<V> {
  /** current values of the node; typed fields as they were when the question was asked */
  values: V;
  /** the stored message */
  msg: Readonly<Msg>;
  client: LinktorClient;
  /** aborted when the node closes */
  signal: AbortSignal;
  charge: ChargeService;
  sentLog: SentLog;
  shared: Map<string, unknown>;
  people: People;
  /** values of the fields with `each`, for a message of the answer */
  valuesOf(entry: Readonly<Msg>): Promise<V>;
  /** @returns the result of a JSONata expression for a message @throws LinktorError `validation` */
  expression(source: string, entry: Readonly<Msg>): Promise<unknown>;
  /** now, in milliseconds of the clock of the process that has asked, as all times of the dialogue */
  now: number;
  /** @returns true while a participant is typing in this conversation */
  isTyping(conversationId: string): boolean;
  /** current outputs of the node, without the error output */
  outputs: readonly Output[];
  /** report a failure that does not change the output; it reaches Catch nodes */
  report(problem: unknown): void;
}

/** Locale and time settings for the people who are asked. */
export interface People {
  /** of the account, by default of Node-RED */
  language: Language;
  /** ISO 3166 */
  country?: string;
  /** IANA name; undefined: time zone of the host */
  zone?: string;
  /** hours without reminders */
  quietHours?: QuietHours;
  /** retention of stored records in days */
  keepDays: number;
}

/** A question before it is asked. */
export interface QuestionPlan {
  places: DialoguePlace[];
  who: Awaited;
  whoIds: string[];
  timeoutMs: number;
  /** milliseconds after the question */
  reminders: number[];
  another: Another;
  /** names of the message properties that are kept; undefined: all */
  carry?: readonly string[];
  /** data that the node needs when the answer arrives */
  data: Record<string, unknown>;
  /** @param placed reports the conversation of the question as soon as it is known */
  send(id: string, placed: (place: DialoguePlace) => Promise<void>): Promise<DialoguePlace[]>;
}

export interface DialogueContext<V> extends Omit<ActionContext<V>, 'outbox' | 'files' | 'substitutes'> {
  people: People;
  /** Store the question, then send it. Resolves when it waits for an answer. @throws LinktorError */
  ask(plan: QuestionPlan): Promise<void>;
}

export interface EndInfo {
  /** the process was restarted after the question */
  restarted: boolean;
  /** the messages of the answer */
  said: readonly Reply[];
}
