import type { LinktorClient } from '../../lib/client';
import type {
  Another,
  Awaited,
  Dialogue,
  DialoguePlace,
  Ending,
  Language,
  QuietHours,
  Said,
  Step,
} from '../../lib/dialogue';
import type { LinktorError } from '../../lib/errors';
import type { Event } from '../../lib/model';
import type { Delivery, SocketState } from '../../lib/realtime';
import type { Forgotten, Variables } from '../../lib/variables';
import type { Box } from './account/box';
import type { ChargeService } from './account/charge-service';
import type { AccountFigures } from './account/figures';
import type { LiveSide } from './account/led-realtime';
import type { SentLog } from './account/sent-log';
import type { Left } from './deploys';
import type { SharedFields } from './dialogue/shared-fields';
import { account, type Fields, flag, out, text, type Values } from './fields';
import type { Hook } from './http/routes';
import type { Output, OutputRules } from './outputs';
import type { Msg } from './red';
import type { StatusName } from './status';
import type { ToMsg } from './to-msg';

/**
 * Settings that the dialog fills in at once, by the name of the template. A text that begins with `@` stands for words of
 * the catalogue: `@name` is `<type>.template.<template>.name`.
 */
export type Templates = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** What every definition says about itself. */
interface Common extends OutputRules {
  /** node type = file name = icon = block of words = help */
  type: string;
  fields: Fields;
  /** the fields that its label names after its type; by default its operation or kind, if it has one */
  label?: readonly string[];
  templates?: Templates;
  /** the name of the port of a node whose user wants one for all instead */
  single?: string;
  /** how many inputs a new node has */
  inputs: 0 | 1;
}

/** The live side of the account, for as long as one message is worked on. */
export interface Live {
  /** hear every event that arrives */
  onEvent(listener: (delivery: Delivery) => void): void;
  /** ask for the events of a conversation */
  subscribe(conversationId: string): void;
  /** @returns false when the connection is not open, or the server has no such sign */
  typing(conversationId: string, isTyping: boolean): boolean;
  readonly state: SocketState;
  /** what comes is asked for now and then */
  readonly polls: boolean;
  /** hear every change of the connection */
  onState(listener: (state: SocketState) => void): void;
}

export interface ActionContext<V> {
  /** bound to this message: ends with the node, notes the request id */
  client: LinktorClient;
  values: V;
  /** the values for one entry of a list: of the fields that say `each` */
  valuesOf(entry: Readonly<Msg>): Promise<V>;
  /**
   * What another config node provides.
   * @param id its id, as a field of the kind `config` gives it
   * @throws LinktorError `validation` when it is missing, disabled or set up wrongly
   */
  provided<T>(id: string): T;
  /** @returns what a JSONata expression makes of the message, or of another one @throws LinktorError `validation` */
  expression(source: string, entry?: Readonly<Msg>): Promise<unknown>;
  /** for the few properties that no field stands for; never changed */
  msg: Readonly<Msg>;
  /** ends with the node, or with msg.reset where the definition `resets` */
  signal: AbortSignal;
  /**
   * Send a message of its own for a part of the result. What `run` returns comes after it, as the last one.
   * Resolves when the flow behind has had its turn, so that a long list is not read faster than it is used.
   */
  emit(part: Outcome): Promise<void>;
  /** how much of a long run is done */
  progress(done: number): void;
  /** open the live side; it is let go of when this run (or what it leaves behind with `meanwhile`) ends */
  live(): Live;
  /** the turn that `lane` has asked for has come */
  hasSlot: boolean;
  /** say something in the debug sidebar that is no failure of the message */
  warn(text: string): void;
  /** who is in charge of its conversations */
  charge: ChargeService;
  /** what flows remember of this account's conversations and people */
  variables: Variables;
  /** forget all that is kept of a person @throws LinktorError `storage` */
  forget(contactId: string): Promise<Forgotten>;
  /** what this account has sent */
  sentLog: SentLog;
  /** where messages are stored until they are sent, when the account has such a place */
  outbox: Box | undefined;
  /** this node's own notes, for as long as it is deployed */
  notes: Map<string, unknown>;
  /** the notes of all nodes of this account */
  shared: Map<string, unknown>;
}

export interface Outcome {
  /** goes where the field `result` says */
  result: unknown;
  /** further message properties */
  properties?: Record<string, unknown>;
  /** leave the payload as it is */
  keepPayload?: boolean;
  /** 0 by default */
  port?: number;
  /** what the node shows afterwards instead of nothing */
  status?: StatusName;
  /** figures that the words of the status have room for */
  figures?: Record<string, number>;
  /** goes on after the message has been sent; ends with the node. A failure is reported like that of a message */
  meanwhile?(): Promise<void>;
}

/** @returns the last message to send, or nothing when all has been sent with `emit` */
type Run<V> = (context: ActionContext<V>) => Promise<Outcome | undefined>;

/**
 * @returns the conversation of a message with which the run will do nothing but one write to it, where that is certain
 * beforehand: the run then begins when its turn has come, and until then next to nothing is kept for it
 */
type Lane<V> = (context: Pick<ActionContext<V>, 'values' | 'shared' | 'outbox'>) => string | undefined;

export interface Action extends Common {
  role: 'action';
  /** shown while one message is in flight */
  busy: StatusName;
  /** msg.reset ends what is in flight: of msg.conversationId when it is given, else everything */
  resets?: boolean;
  /** what the node shows for a failure instead of its code */
  statusOf?(problem: LinktorError): StatusName | undefined;
  lane?: Lane<never>;
  /** its messages may wait in the outbox of the account: what comes out of one that does is made of its result */
  isKept?: boolean;
  run: Run<never>;
}

/** What a trigger does with a message it is given. */
export type OnInput = (msg: Readonly<Msg>) => void | Promise<void>;

export interface TriggerContext<V> {
  values: V;
  configId: string;
  toMsg: ToMsg;
  /** ends with the node */
  client: LinktorClient;
  /** ends with the node */
  signal: AbortSignal;
  /** who is in charge of its conversations */
  charge: ChargeService;
  /** what flows remember of this account's conversations and people */
  variables: Variables;
  /** what this account has sent */
  sentLog: SentLog;
  /** the connection itself, for those who watch or steer it */
  connection: Pick<LiveSide, 'state' | 'facts' | 'onState' | 'connect' | 'disconnect' | 'reconnect' | 'announce'>;
  /** call this when the node closes */
  onClose(release: () => void): void;
  /** work that nobody waits for: what fails in it reaches Catch nodes */
  background(work: Promise<unknown>): void;
  /** for what others call, a timer for one: what fails in it reaches Catch nodes, and goes no further */
  fenced<A extends unknown[]>(act: (...args: A) => unknown): (...args: A) => void;
  /** hear every event that arrives, until the node closes */
  onEvent(listener: (delivery: Delivery) => void): void;
  /** hear what arrives anyway, until the node closes: no connection is opened for it, and none is shown */
  observe(listener: (delivery: Delivery) => void): void;
  /** ask for the events of all conversations, until the node closes */
  everything(): void;
  /** all that changes in a conversation is wanted, until the node closes: what an event leaves out is looked up */
  changes(): void;
  /** ask for the events of one conversation, until the node closes or the returned function is called */
  subscribe(conversationId: string): () => void;
  /** What is sent while the flow starts waits until all nodes are there. @param port 0 by default */
  emit(msg: Msg, port?: number): void;
  /** what the account has done so far */
  figures(): AccountFigures;
  /** the same in the text format of Prometheus */
  prometheus(): string;
  /** take HTTP requests until the node closes @throws LinktorError when the path cannot be had */
  serve(hook: Omit<Hook, 'owner'>): void;
  /** @returns true the first time that this node asks about an event */
  isFirst(eventId: string): boolean;
  /**
   * Of several instances that get the same event one takes it; undefined where there is one only.
   * @returns free: it is ours, and `done` is to be called when it has been handed on
   * @throws LinktorError `storage` when nobody can say
   */
  once: ((eventId: string) => Promise<{ state: 'free' | 'working' | 'done'; done(): Promise<void> }>) | undefined;
  /** hand an event to all triggers of the account */
  feed(event: Event): void;
  /** what deliveries to this account are signed with, when the node has no secret of its own */
  webhookSecrets: readonly string[];
  nodeId: string;
  /** the version of the package's nodes that stored this one; 1 is 0.1.0 */
  storedVersion: number;
  /** while the connection is good, show this instead */
  caution(word: StatusName): void;
  /** what the node shows */
  status(word: StatusName, facts?: Record<string, number | string>): void;
  /** @returns what a predecessor, which a deploy has replaced by this node, still held; once */
  takeOver<T>(): Left<T> | undefined;
  /** @param collect empties what the node still holds, for its successor; not called when the node is removed */
  handOver(collect: () => unknown): void;
}

export interface Trigger extends Common {
  role: 'trigger';
  /** it has a way of its own to hear of things, and shows how that is instead of the connection */
  ownStatus?: boolean;
  listen(context: TriggerContext<never>): OnInput | undefined;
}

/** What a node knows when an answer comes, maybe in another life of the process. */
export interface AnswerContext<V> {
  /** of the node as it is now; typed fields as they were when it asked */
  values: V;
  /** the message that was kept */
  msg: Readonly<Msg>;
  client: LinktorClient;
  /** ends with the node */
  signal: AbortSignal;
  charge: ChargeService;
  sentLog: SentLog;
  shared: Map<string, unknown>;
  people: People;
  /** the values of the fields that say `each`, for a message of the answer */
  valuesOf(entry: Readonly<Msg>): Promise<V>;
  /** @returns what a JSONata expression makes of a message @throws LinktorError `validation` */
  expression(source: string, entry: Readonly<Msg>): Promise<unknown>;
  /** somebody is writing in this conversation */
  isTyping(conversationId: string): boolean;
  /** the outputs of the node as it is now, without the error output */
  outputs: readonly Output[];
  /** something has failed that changes nothing about what comes out: Catch hears of it */
  report(problem: unknown): void;
}

/** How the people write who are asked. */
export interface People {
  /** of the account, or of Node-RED where the account does not say */
  language: Language;
  /** ISO 3166 */
  country?: string;
  /** IANA; undefined is the zone of the host */
  zone?: string;
  /** nobody is reminded then */
  quietHours?: QuietHours;
  /** days that the account keeps what it has to remember */
  keepDays: number;
}

/** What a question is before it is asked. */
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
  /** what the node needs when the answer comes */
  data: Record<string, unknown>;
  /** @param placed tell where the question goes, as soon as that is known */
  send(id: string, placed: (place: DialoguePlace) => Promise<void>): Promise<DialoguePlace[]>;
}

export interface DialogueContext<V> extends Omit<ActionContext<V>, 'outbox'> {
  people: People;
  /** Keep the question, then send it. Resolves when it stands. @throws LinktorError */
  ask(plan: QuestionPlan): Promise<void>;
}

/**
 * An action whose output may come in another life of the process: it is complete when the question stands, and the
 * answer is emitted later, with a message of its own.
 */
export interface DialogueNode extends Common {
  role: 'dialogue';
  kind: Dialogue['kind'];
  busy: StatusName;
  /** @returns what is emitted at once, where nothing had to be asked */
  run(context: DialogueContext<never>): Promise<Outcome | undefined>;
  /** @returns seconds in which further messages belong to the same answer */
  join(values: never, dialogue: Dialogue): number;
  take(context: AnswerContext<never>, dialogue: Dialogue, said: readonly Said[]): Promise<Step>;
  /** @returns what is emitted: once, and after the record is gone */
  outcome(context: AnswerContext<never>, dialogue: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome>;
}

export interface EndInfo {
  /** the process has been started anew since the question was asked */
  restarted: boolean;
  /** the messages of the answer */
  said: readonly Said[];
}

export interface Config {
  role: 'config';
  type: string;
  fields: Fields;
  /**
   * Make of the values what nodes that name this one work with. Without it the config node is an account.
   * @throws LinktorError `validation`
   */
  provide?(values: never): unknown;
}

export type Definition = Action | Trigger | DialogueNode | Config;

interface ActionInput<F extends Fields> extends Partial<OutputRules> {
  type: string;
  fields: F;
  label?: readonly (keyof F & string)[];
  /** the message property that the result goes to unless the user says otherwise; none where there is no result */
  result?: string;
  busy: StatusName;
  resets?: boolean;
  statusOf?(problem: LinktorError): StatusName | undefined;
  lane?: Lane<Values<F>>;
  isKept?: boolean;
  run: Run<Values<F>>;
}

const folded = { advanced: true };

/** A node that does something with each message. Name, account, result and error output come with it. */
export function action<F extends Fields>({ fields, result, outputs = ['done'], ...rest }: ActionInput<F>): Action {
  return {
    role: 'action',
    inputs: 1,
    outputs,
    fields: {
      config: account(),
      ...fields,
      name: text(),
      ...(result === undefined ? {} : { result: out(result, folded) }),
      errorOutput: flag(false, folded),
    },
    ...(rest as unknown as Pick<Action, 'type' | 'label' | 'busy' | 'resets' | 'statusOf' | 'lane' | 'isKept' | 'run'>),
  };
}

interface DialogueInput<F extends Fields> extends Partial<OutputRules> {
  type: string;
  fields: F;
  label?: readonly (keyof F & string)[];
  outputs: readonly string[];
  templates?: Templates;
  result: string;
  kind: Dialogue['kind'];
  busy: StatusName;
  run(context: DialogueContext<Values<F>>): Promise<Outcome | undefined>;
  join(values: Values<F>, dialogue: Dialogue): number;
  take(context: AnswerContext<Values<F>>, dialogue: Dialogue, said: readonly Said[]): Promise<Step>;
  outcome(context: AnswerContext<Values<F>>, dialogue: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome>;
}

/** A node that asks, and goes on with the answer whenever it comes. */
export function dialogue<F extends SharedFields>({ fields, result, ...rest }: DialogueInput<F>): DialogueNode {
  return {
    role: 'dialogue',
    inputs: 1,
    fields: {
      config: account(),
      ...fields,
      name: text(),
      result: out(result, folded),
      errorOutput: flag(false, folded),
    },
    ...(rest as unknown as Omit<DialogueNode, 'role' | 'inputs' | 'fields'>),
  };
}

interface TriggerInput<F extends Fields> {
  type: string;
  label?: readonly (keyof F & string)[];
  ownStatus?: boolean;
  fields: F;
  outputs: readonly string[];
  single?: string;
  /** 1: every such node has an input; by default those have one whose user chooses it, if any */
  inputs?: 0 | 1;
  /** @returns what to do with a message, for a trigger that has an input */
  listen(context: TriggerContext<Values<F>>): OnInput | undefined;
}

/** A node that begins a flow when something happens. */
export function trigger<F extends Fields>({ fields, inputs = 0, ...rest }: TriggerInput<F>): Trigger {
  return {
    role: 'trigger',
    inputs,
    fields: { config: account(), ...fields, name: text() },
    ...(rest as unknown as Pick<Trigger, 'type' | 'label' | 'outputs' | 'listen'>),
  };
}

/** A config node. */
export function config<F extends Fields>(
  definition: Omit<Config, 'role' | 'provide' | 'fields'> & { fields: F; provide?(values: Values<F>): unknown },
): Config {
  return { role: 'config', ...definition };
}
