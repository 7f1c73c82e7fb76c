import type { Dialogue, Ending, Reply, Step } from '../../lib/dialogue';
import type { LinktorError } from '../../lib/errors';
import type { ActionContext, AnswerContext, DialogueContext, EndInfo, Outcome, TriggerContext } from './contexts';
import type { SharedFields } from './dialogue/shared-fields';
import { account, accounts, type Fields, flag, out, text, type Values } from './fields';
import type { OutputRules } from './outputs';
import type { Msg } from './red';
import type { StatusName } from './status';

export type * from './contexts';

/**
 * Settings that the dialog fills in at once, by template name. A text that begins with `@` is a key of the catalogue:
 * `@name` is `<type>.template.<template>.name`.
 */
export type Templates = Readonly<Record<string, Readonly<Record<string, unknown>>>>;

/** Properties of every definition. */
interface Common extends OutputRules {
  /** node type; also the name of its file, icon, catalogue block and help */
  type: string;
  fields: Fields;
  /** fields shown in the label after the type; by default the operation or kind, if there is one */
  label?: readonly string[];
  templates?: Templates;
  /** name of the output when the user chooses a single output for everything */
  single?: string;
  /** number of inputs of a new node */
  inputs: 0 | 1;
}

/** @returns the last message to send, or undefined when everything was sent with `emit` */
type Run<V> = (context: ActionContext<V>) => Promise<Outcome | undefined>;

/**
 * @returns the id of a conversation, when the run is certain to make a single write to it and nothing else: the run
 * then begins when its turn has come, and until then it uses almost no memory
 */
type Lane<V> = (context: Pick<ActionContext<V>, 'values' | 'shared' | 'outbox'>) => string | undefined;

export interface Action extends Common {
  role: 'action';
  /** shown while one message is in flight */
  busy: StatusName;
  /** msg.reset aborts the messages in flight: of msg.conversationId when it is given, else all */
  resets?: boolean;
  /** status for a failure; by default its code */
  statusOf?(problem: LinktorError): StatusName | undefined;
  lane?: Lane<never>;
  /**
   * its messages may wait in the outbox of the account; the output is then made of the stored message and the result
   */
  isKept?: boolean;
  /** what a node with these settings has sent may be replaced later, also after a restart */
  mayReplace?(stored: Readonly<Record<string, unknown>>): boolean;
  run: Run<never>;
}

/** Handler for the input messages of a trigger. */
export type OnInput = (msg: Readonly<Msg>) => void | Promise<void>;

export interface Trigger extends Common {
  role: 'trigger';
  /** it has its own event source, and shows the status of that source instead of the connection */
  ownStatus?: boolean;
  /** its events come by the socket only, never by webhooks */
  needsSocket?: boolean;
  listen(context: TriggerContext<never>): OnInput | undefined;
}

/**
 * An action whose output may follow after a restart: its message is complete when the question has been asked, and the
 * answer is emitted later, as a separate message.
 */
export interface DialogueNode extends Common {
  role: 'dialogue';
  kind: Dialogue['kind'];
  busy: StatusName;
  /** @returns the outcome to emit at once, when no question was necessary */
  run(context: DialogueContext<never>): Promise<Outcome | undefined>;
  /** @returns seconds in which further messages belong to the same answer */
  join(values: never, dialogue: Dialogue): number;
  take(context: AnswerContext<never>, dialogue: Dialogue, said: readonly Reply[]): Promise<Step>;
  /** @returns the outcome to emit: once, and after the record has been deleted */
  outcome(context: AnswerContext<never>, dialogue: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome>;
}

export interface Config {
  role: 'config';
  type: string;
  fields: Fields;
  /**
   * Build the value that other nodes use when they refer to this node. Without it the config node is an account.
   * @throws LinktorError `validation`
   */
  provide?(values: never): unknown;
}

export type Definition = Action | Trigger | DialogueNode | Config;

interface ActionInput<F extends Fields> extends Partial<OutputRules> {
  type: string;
  fields: F;
  label?: readonly (keyof F & string)[];
  /** default message property of the result; absent when there is no result */
  result?: string;
  busy: StatusName;
  resets?: boolean;
  statusOf?(problem: LinktorError): StatusName | undefined;
  lane?: Lane<Values<F>>;
  isKept?: boolean;
  mayReplace?(stored: Readonly<Record<string, unknown>>): boolean;
  run: Run<Values<F>>;
}

const folded = { advanced: true };

/** Define a node that acts on each message. Adds the fields for name, account, result and error output. */
export function action<F extends Fields>({ fields, result, outputs = ['done'], ...rest }: ActionInput<F>): Action {
  return {
    role: 'action',
    inputs: 1,
    outputs,
    fields: {
      config: account(),
      ...fields,
      name: text('', { isLabel: true }),
      ...(result === undefined ? {} : { result: out(result, folded) }),
      accounts: accounts({ icon: 'users', ...folded }),
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
  take(context: AnswerContext<Values<F>>, dialogue: Dialogue, said: readonly Reply[]): Promise<Step>;
  outcome(context: AnswerContext<Values<F>>, dialogue: Dialogue, ending: Ending, info: EndInfo): Promise<Outcome>;
}

/** Define a node that asks a question and emits the answer when it arrives. */
export function dialogue<F extends SharedFields>({ fields, result, ...rest }: DialogueInput<F>): DialogueNode {
  return {
    role: 'dialogue',
    inputs: 1,
    fields: {
      config: account(),
      ...fields,
      name: text('', { isLabel: true }),
      result: out(result, folded),
      accounts: accounts({ icon: 'users', ...folded }),
      errorOutput: flag(false, folded),
    },
    ...(rest as unknown as Omit<DialogueNode, 'role' | 'inputs' | 'fields'>),
  };
}

interface TriggerInput<F extends Fields> {
  type: string;
  label?: readonly (keyof F & string)[];
  ownStatus?: boolean;
  needsSocket?: boolean;
  fields: F;
  outputs: readonly string[];
  single?: string;
  /** 1: every node has an input; by default only nodes whose user enables it */
  inputs?: 0 | 1;
  /** @returns the handler of input messages, for a trigger with an input */
  listen(context: TriggerContext<Values<F>>): OnInput | undefined;
}

/** Define a node that starts a flow on events. */
export function trigger<F extends Fields>({ fields, inputs = 0, ...rest }: TriggerInput<F>): Trigger {
  return {
    role: 'trigger',
    inputs,
    fields: { config: account(), ...fields, name: text('', { isLabel: true }) },
    ...(rest as unknown as Pick<Trigger, 'type' | 'label' | 'outputs' | 'listen'>),
  };
}

/** Define a config node. */
export function config<F extends Fields>(
  definition: Omit<Config, 'role' | 'provide' | 'fields'> & { fields: F; provide?(values: Values<F>): unknown },
): Config {
  return { role: 'config', ...definition };
}
