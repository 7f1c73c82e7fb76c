import { isHeldBack, PERSON_IN_CHARGE } from '../../../lib/charge/index';
import { type Asker, type Dialogue, type Ending, QuietHours, type Reply } from '../../../lib/dialogue/index';
import { invalid, type LinktorError, toLinktorError } from '../../../lib/errors';
import { keepable } from '../../../lib/ledger/index';
import type { Message } from '../../../lib/model';
import type { Account } from '../account/account';
import { accountOf, configOf } from '../account/config-node';
import type { DialogueService } from '../account/dialogue-service';
import { applyOutcome, ResultTarget } from '../action/result';
import { copyOf } from '../copy';
import type { ActionContext, DialogueContext, DialogueNode, EndInfo, Outcome, People, QuestionPlan } from '../define';
import { type Evaluate, fixedValues, type Planned } from '../evaluate';
import { fenced } from '../fence';
import { toPort } from '../message';
import { type Output, outputsOf } from '../outputs';
import type { Msg, RED, RunningNode, Stored } from '../red';
import { Answering, type AnsweringParts, carriedOf, peopleOf } from './answering';
import { controlDialogues, resetDialogues } from './controls';
import { timeoutMs } from './question';
import type { SharedValues } from './shared-fields';
import { askAgain, isLate, isQuestion, letsThrough, remind, tellLate, turnAway, understands } from './standing';

/** limit for the carried message, bytes; the rest of a record is the question */
const MAX_CARRIED_BYTES = 40 * 1024;

export interface AskerParts {
  red: RED;
  node: RunningNode;
  definition: Planned<DialogueNode>;
  stored: Stored;
  evaluate: Evaluate;
  /** aborted when the node closes */
  signal: AbortSignal;
  /** the closed node does not come back */
  isRemoved(): boolean;
  /** Show a failure and report it to the Catch nodes. @param msg the carried message, if any */
  fail(problem: LinktorError, msg: object): void;
  /** called when the number of open questions or the problem has changed */
  changed(): void;
}

/** A node's questions in one account. */
export class AccountAsker implements Asker {
  readonly #parts: AskerParts;
  readonly #accountId: string;
  readonly #red: RED;
  readonly #node: RunningNode;
  readonly #definition: Planned<DialogueNode>;
  readonly #stored: Stored;
  readonly #signal: AbortSignal;
  #service: DialogueService | undefined;
  #releases: (() => unknown)[] = [];
  #fixedValues: SharedValues | undefined;
  #quiet: { hours?: QuietHours } | undefined;
  #knownPeople: People | undefined;
  /** created with the first answer */
  #answering: AnsweringParts | undefined;
  /** whether open questions survive a restart of the process */
  #isLasting = true;
  #count = 0;
  /** the reason why questions cannot be stored */
  #problem: LinktorError | undefined;

  /** @param accountId of the config node */
  constructor(accountId: string, parts: AskerParts) {
    this.#accountId = accountId;
    this.#parts = parts;
    const { red, node, definition, stored, signal } = parts;
    this.#red = red;
    this.#node = node;
    this.#definition = definition;
    this.#stored = stored;
    this.#signal = signal;
  }

  /** open questions in this account, whether they survive a restart, and why none can be stored */
  get standing(): { count: number; isLasting: boolean; problem: LinktorError | undefined } {
    return { count: this.#count, isLasting: this.#isLasting, problem: this.#problem };
  }

  /** @throws LinktorError `validation` when the account is missing */
  get #account(): Account {
    return accountOf(this.#red, { config: this.#accountId });
  }

  join(dialogue: Dialogue): number {
    return this.#definition.join(this.#fixed() as never, dialogue);
  }

  get tellsLate(): boolean {
    return this.#fixed().late === 'tell';
  }

  get endsOnTakeover(): boolean {
    return this.#fixed().onTakeover === 'end';
  }

  letsThrough(dialogue: Dialogue, message: Message): boolean {
    return letsThrough(this.#fixed(), dialogue, message);
  }

  understands(dialogue: Dialogue, message: Message): boolean {
    return understands(this.#fixed(), dialogue, message);
  }

  take(dialogue: Dialogue, said: readonly Reply[]) {
    return this.#definition.take(this.#context(dialogue), dialogue, said);
  }

  remind(dialogue: Dialogue) {
    return remind(this.#context(dialogue), dialogue);
  }

  isQuestion(dialogue: Dialogue, message: Message): boolean {
    return isQuestion(dialogue, message);
  }

  askAgain(dialogue: Dialogue) {
    return askAgain(this.#context(dialogue), dialogue);
  }

  turnAway(dialogue: Dialogue, said: Reply) {
    return turnAway(this.#context(dialogue), dialogue, said);
  }

  isLate(dialogue: Dialogue, ending: Ending, said: Reply): boolean {
    return isLate(this.#fixed(), dialogue, ending, said);
  }

  tellLate(dialogue: Dialogue, said: Reply) {
    return tellLate(this.#context(dialogue), dialogue, said);
  }

  async ended(dialogue: Dialogue, ending: Ending, info: EndInfo): Promise<boolean> {
    const outcome = await this.#definition.outcome(this.#context(dialogue), dialogue, ending, info);
    const msg = carriedOf(dialogue);
    const { result } = this.#definition.fields;
    const target = new ResultTarget(this.#red, this.#node, this.#stored, result?.property ?? 'payload');
    await applyOutcome(target, msg, outcome);
    // What a closed node sends reaches nobody.
    if (this.#signal.aborted) return this.#parts.isRemoved();
    this.#node.send(toPort(outcome.port ?? 0, msg));
    return true;
  }

  failed(dialogue: Dialogue, thrown: unknown): void {
    // A question held back while a person is in charge is not a failure.
    if (this.#signal.aborted || isHeldBack(thrown)) return;
    const problem = toLinktorError(thrown);
    // The question stays open, and its message with it: a flow that handles the failure gets a copy.
    this.#parts.fail(problem, copyOf(carriedOf(dialogue)) as Msg);
  }

  /** Report errors in the settings, which no message could correct, at once to the Catch nodes. */
  check(): void {
    if (!this.#service) return;
    try {
      timeoutMs(this.#fixed(), this.#account.people.keepDays);
      this.#quietHours();
    } catch (thrown) {
      this.#parts.fail(toLinktorError(thrown), {});
    }
  }

  /** Register with the account, and again when it has been deployed again. */
  register(): void {
    let service: DialogueService;
    let instances: Account['instances'];
    try {
      const account = this.#account;
      service = account.dialogues();
      instances = account.instances;
      this.#isLasting = account.ledger().durability !== 'none';
    } catch {
      // The first message reports the problem.
      return;
    }
    if (service === this.#service) return;
    this.release();
    this.#service = service;
    this.#quiet = undefined;
    this.#knownPeople = undefined;
    // The account reports failures that have no message to the Catch nodes of its users.
    const users = configOf(this.#red, { config: this.#accountId })?.users ?? {};
    users[this.#node.id] = this.#node;
    this.#releases = [
      () => delete users[this.#node.id],
      service.register(this.#node.id, this),
      service.onChange(() => this.#recount()),
      ...(instances ? [instances.addTrigger(this.#node._alias ?? this.#node.id)] : []),
    ];
  }

  /** @returns a function that ends its questions after a deploy, unless the node asks in this account again */
  abandoned(): () => void {
    const service = this.#service;
    return () => {
      const found = this.#red.nodes.getNode(this.#node.id);
      service?.dropAbandoned(this.#node.id, Boolean(found) && found !== this.#node);
    };
  }

  /** End the registration. */
  release(): void {
    for (const release of this.#releases) release();
    this.#releases = [];
  }

  async run(context: ActionContext<never>): Promise<Outcome | undefined> {
    const service = this.#service ?? this.#account.dialogues();
    if (!service.isReady) await service.ready();
    const { msg } = context;
    if (this.#account.receives === 'nothing')
      throw invalid(
        'This account receives nothing, so no answer could arrive.',
        'Set "Receive" of the account to automatic or webhooks, and deploy.',
      );
    if (msg.reset) await resetDialogues(service.dialogues, this.#node.id, msg);
    else if (msg.action !== undefined) await controlDialogues(service.dialogues, this.#node.id, msg);
    else {
      this.#quietHours();
      return this.#definition.run(this.#asking(context, service)).catch((thrown: unknown) => this.#heldBack(thrown));
    }
    return undefined;
  }

  /** A person is in charge: the question is skipped, which is not a failure. */
  #heldBack(thrown: unknown): Outcome {
    if (!isHeldBack(thrown)) throw thrown;
    const sent = { status: 'skipped', reason: PERSON_IN_CHARGE };
    const port = this.#outputs.findIndex(({ name, row }) => row === undefined && name === 'ended');
    return { result: undefined, keepPayload: true, port, properties: { reason: 'taken_over', sent } };
  }

  get #outputs(): Output[] {
    return outputsOf(this.#definition, (name) => this.#stored[name]);
  }

  #asking(context: ActionContext<never>, { dialogues }: DialogueService): DialogueContext<never> {
    const { client, values, valuesOf, msg, signal, emit, progress, live, hasSlot, sentLog, notes, shared } = context;
    const { provided, expression, warn, charge, variables, forget } = context;
    const ask = async (plan: QuestionPlan) => {
      const now = Date.now();
      const ahead = this.#account.ahead();
      const id = newDialogueId(now);
      const { value: carried, dropped } = keepable(chosen(msg, plan.carry), MAX_CARRIED_BYTES);
      const { places, who, whoIds, data } = plan;
      const question: Dialogue = {
        id,
        kind: this.#definition.kind,
        nodeId: this.#node.id,
        state: 'asking',
        places,
        who,
        whoIds,
        asked: now,
        deadline: now + plan.timeoutMs,
        reminders: plan.reminders.map((after) => now + after),
        attempts: 0,
        taken: [],
        carried,
        dropped,
        data,
      };
      if (ahead !== undefined) question.askedThere = now + ahead;
      await dialogues.ask(question, plan.another, (placed) => plan.send(id, placed), signal);
    };
    const same = { client, values, valuesOf, msg, signal, emit, progress, live, hasSlot, sentLog, notes, shared };
    return { ...same, provided, expression, warn, charge, variables, forget, ask, people: this.#people() };
  }

  /** Delete the open questions of a removed node. */
  async forget(): Promise<void> {
    const count = await this.#service?.dialogues.forget(this.#node.id);
    if (count) fenced(() => this.#node.log(`${count} open questions have ended with this node`))();
  }

  #context(dialogue: Dialogue): Answering {
    this.#answering ??= {
      ...{ red: this.#red, node: this.#node, evaluate: this.#parts.evaluate, signal: this.#signal },
      ...{ outputs: this.#outputs, fixed: this.#fixed() },
      people: () => this.#people(),
      now: (asked) => this.#service?.dialogues.nowFor(asked) ?? Date.now(),
      isTyping: (conversationId) => this.#service?.isTyping(conversationId) === true,
      report: (failed, problem) => this.failed(failed, problem),
    };
    return new Answering(this.#answering, this.#account, dialogue);
  }

  /** The values that need no message, as currently deployed. */
  #fixed(): SharedValues {
    this.#fixedValues ??= fixedValues(this.#definition.plan, this.#stored) as SharedValues;
    return this.#fixedValues;
  }

  /** @throws LinktorError `validation` */
  #quietHours(): QuietHours | undefined {
    const { quietHours, zone } = this.#account.people;
    this.#quiet ??= { hours: quietHours === '' ? undefined : new QuietHours(quietHours, zone) };
    return this.#quiet.hours;
  }

  #people(): People {
    // Invalid quiet hours have been reported, and are none.
    if (!this.#quiet) return peopleOf(this.#account, this.#red.settings.lang, undefined);
    this.#knownPeople ??= peopleOf(this.#account, this.#red.settings.lang, this.#quiet.hours);
    return this.#knownPeople;
  }

  #recount(): void {
    const problem = this.#service?.problem;
    const count = this.#service?.dialogues.countOf(this.#node.id) ?? 0;
    if (problem === this.#problem && count === this.#count) return;
    this.#problem = problem;
    this.#count = count;
    this.#parts.changed();
  }
}

/** @param now milliseconds of the clock */
function newDialogueId(now: number): string {
  // Whole numbers: the digits of a fraction in base 36 take several times as long.
  const random = Math.floor(Math.random() * 2 ** 31);
  return `${now.toString(36)}${random.toString(36).padStart(6, '0')}`;
}

function chosen(msg: Readonly<Msg>, names: readonly string[] | undefined): Record<string, unknown> {
  if (!names) return msg;
  const wanted = [
    ...names,
    '_msgid',
    'conversationId',
    'contactId',
    'channelId',
    'channelType',
    'messageId',
    'account',
  ];
  return Object.fromEntries(wanted.flatMap((name) => (name in msg ? [[name, msg[name]]] : [])));
}
