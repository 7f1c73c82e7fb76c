import type { LinktorClient } from '../../lib/client';
import type { Event } from '../../lib/model';
import type { Delivery } from '../../lib/realtime';
import { account, type Fields, flag, out, text, type Values } from './fields';
import type { Hook } from './http';
import type { Word } from './status';

export type Msg = Record<string, unknown> & { _msgid?: string };

/** What every definition says about itself. */
interface Common {
  /** node type = file name = icon = block of words = help */
  type: string;
  fields: Fields;
  /** names of the output ports; their words are in the catalogue */
  outputs: readonly string[];
  /** how many inputs a new node has */
  inputs: 0 | 1;
}

export interface ActionContext<V> {
  /** bound to this message: ends with the node, notes the request id */
  client: LinktorClient;
  values: V;
  /** for the few properties that no field stands for; never changed */
  msg: Readonly<Msg>;
}

export interface Outcome {
  /** goes where the field `result` says */
  result: unknown;
  /** further message properties */
  also?: Record<string, unknown>;
  /** leave the payload as it is */
  keep?: boolean;
  /** 0 by default */
  port?: number;
}

export interface Action extends Common {
  role: 'action';
  /** shown while one message is in flight */
  busy: Word;
  run(context: ActionContext<never>): Promise<Outcome>;
}

export interface TriggerContext<V> {
  values: V;
  configId: string;
  /** hear every event that arrives, until the node closes */
  hear(listener: (delivery: Delivery) => void): void;
  /** ask for the events of all conversations, until the node closes */
  everything(): void;
  /** ask for the events of one conversation, until the node closes or the returned function is called */
  subscribe(conversationId: string): () => void;
  /** @param port 0 by default */
  emit(msg: Msg, port?: number): void;
  /** take HTTP requests until the node closes @throws LinktorError when the path cannot be had */
  serve(hook: Hook): void;
  /** @returns true the first time that this node asks about an event */
  isFirst(eventId: string): boolean;
  /** hand an event to all triggers of the account */
  feed(event: Event): void;
  /** what deliveries to this account are signed with, when the node has no secret of its own */
  webhookSecrets: readonly string[];
  nodeId: string;
  /** what the node shows */
  status(word: Word, facts?: Record<string, number | string>): void;
}

export interface Trigger extends Common {
  role: 'trigger';
  /** it has a way of its own to hear of things, and shows how that is instead of the connection */
  ownStatus?: boolean;
  listen(context: TriggerContext<never>): ((msg: Readonly<Msg>) => void) | undefined;
}

export interface Config {
  role: 'config';
  type: string;
  fields: Fields;
}

export type Definition = Action | Trigger | Config;

interface ActionInput<F extends Fields> {
  type: string;
  fields: F;
  outputs?: readonly string[];
  /** the message property that the result goes to unless the user says otherwise */
  result: string;
  busy: Word;
  run(context: ActionContext<Values<F>>): Promise<Outcome>;
}

/** A node that does something with each message. Name, account, result and error output come with it. */
export function action<F extends Fields>({ fields, result, outputs = ['done'], ...rest }: ActionInput<F>): Action {
  return {
    role: 'action',
    inputs: 1,
    outputs,
    fields: { config: account(), ...fields, result: out(result), errorOutput: flag(false), name: text() },
    ...(rest as unknown as Pick<Action, 'type' | 'busy' | 'run'>),
  };
}

interface TriggerInput<F extends Fields> {
  type: string;
  ownStatus?: boolean;
  fields: F;
  outputs: readonly string[];
  /** @returns what to do with a message, for a trigger that has an input */
  listen(context: TriggerContext<Values<F>>): ((msg: Readonly<Msg>) => void) | undefined;
}

/** A node that begins a flow when something happens. */
export function trigger<F extends Fields>({ fields, ...rest }: TriggerInput<F>): Trigger {
  return {
    role: 'trigger',
    inputs: 0,
    fields: { config: account(), ...fields, name: text() },
    ...(rest as unknown as Pick<Trigger, 'type' | 'outputs' | 'listen'>),
  };
}

/** A config node. */
export function config(definition: Omit<Config, 'role'>): Config {
  return { role: 'config', ...definition };
}
