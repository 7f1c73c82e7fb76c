import { isHeldBack, PERSON_IN_CHARGE } from '../../../lib/charge/index';
import { type Asker, type Dialogue, type Ending, QuietHours, type Reply } from '../../../lib/dialogue/index';
import { type LinktorError, toLinktorError } from '../../../lib/errors';
import { keepable, storageProblemOf } from '../../../lib/ledger/index';
import type { Message } from '../../../lib/model';
import type { Account } from '../account/account';
import { accountOf, configOf } from '../account/config-node';
import type { DialogueService } from '../account/dialogue-service';
import { mountAction } from '../action/mount-action';
import { applyOutcome, ResultTarget } from '../action/result';
import { copyOf } from '../copy';
import type {
  Action,
  ActionContext,
  DialogueContext,
  DialogueNode,
  EndInfo,
  Outcome,
  People,
  QuestionPlan,
} from '../define';
import { type Evaluate, evaluator, fixedValues, type Planned } from '../evaluate';
import { fenced } from '../fence';
import { toPort } from '../message';
import { type Output, outputsOf } from '../outputs';
import type { Msg, RED, RunningNode, Stored } from '../red';
import type { Shared } from '../shared';
import type { Status, StatusName } from '../status';
import { Answering, type AnsweringParts, carriedOf, peopleOf } from './answering';
import { controlDialogues, resetDialogues } from './controls';
import { timeoutMs } from './question';
import type { SharedValues } from './shared-fields';
import { askAgain, isLate, isQuestion, letsThrough, remind, tellLate, turnAway, understands } from './standing';

/** a smaller difference between our clock and the server's is none, milliseconds */
const MIN_CLOCK_DIFFERENCE_MS = 1000;
/** limit for the carried message, bytes; the rest of a record is the question */
const MAX_CARRIED_BYTES = 40 * 1024;

/** Make a node ask a question for every message, and emit the answers when they arrive. */
export function mountDialogue(
  red: RED,
  node: RunningNode,
  definition: Planned<DialogueNode>,
  stored: Stored,
  shared: Shared,
): void {
  new Mounted(red, node, definition, stored, shared);
}

class Mounted implements Asker {
  readonly #red: RED;
  readonly #node: RunningNode;
  readonly #definition: Planned<DialogueNode>;
  readonly #stored: Stored;
  readonly #evaluate: Evaluate;
  readonly #closing = new AbortController();
  #isRemoved = false;
  #service: DialogueService | undefined;
  #fixedValues: SharedValues | undefined;
  #quiet: { hours?: QuietHours } | undefined;
  #knownPeople: People | undefined;
  /** whether open questions survive a restart of the process */
  #isLasting = true;
  #count = 0;
  /** created with the first answer */
  #answering: AnsweringParts | undefined;
  /** the reason why questions cannot be stored */
  #problem: LinktorError | undefined;
  readonly #status: Status;

  constructor(red: RED, node: RunningNode, definition: Planned<DialogueNode>, stored: Stored, shared: Shared) {
    this.#red = red;
    this.#node = node;
    this.#definition = definition;
    this.#stored = stored;
    this.#evaluate = evaluator(red, node, definition.plan, stored);
    const action: Planned<Action> = { ...definition, role: 'action', statusOf, run: (context) => this.#run(context) };
    this.#status = mountAction(red, node, action, stored, shared, (status) => this.#showWaiting(status));
    const release = this.#register();
    const endStart = shared.flowStart.whenStarted(() => this.#check());
    node.on('close', (removed, done) => {
      this.#closing.abort();
      this.#isRemoved = removed;
      endStart();
      release();
      const leaving = removed ? this.#forget() : Promise.resolve();
      leaving.then(done, done);
    });
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
    if (this.#closing.signal.aborted) return this.#isRemoved;
    this.#node.send(toPort(outcome.port ?? 0, msg));
    return true;
  }

  failed(dialogue: Dialogue, thrown: unknown): void {
    // A question held back while a person is in charge is not a failure.
    if (this.#closing.signal.aborted || isHeldBack(thrown)) return;
    const problem = toLinktorError(thrown);
    this.#status.show(statusOf(problem), { at: Date.now() });
    // The question stays open, and its message with it: a flow that handles the failure gets a copy.
    this.#report(problem, copyOf(carriedOf(dialogue)) as Msg);
  }

  readonly #report = fenced((problem: LinktorError, msg: Msg) => this.#node.error(problem, msg));

  /** Report errors in the settings, which no message could correct, at once to the Catch nodes. */
  #check(): void {
    if (!this.#service) return;
    try {
      timeoutMs(this.#fixed(), accountOf(this.#red, this.#stored).people.keepDays);
      this.#quietHours();
    } catch (thrown) {
      const problem = toLinktorError(thrown);
      this.#status.show(problem.code);
      this.#report(problem, {});
    }
  }

  /** @returns a function that ends the registration */
  #register(): () => void {
    let account: Account;
    try {
      account = accountOf(this.#red, this.#stored);
      this.#service = account.dialogues();
      this.#isLasting = account.ledger().durability !== 'none';
    } catch {
      // The first message reports the problem.
      return () => {};
    }
    // The account reports failures that have no message to the Catch nodes of its users.
    const users = configOf(this.#red, this.#stored)?.users ?? {};
    users[this.#node.id] = this.#node;
    const releases = [
      () => delete users[this.#node.id],
      this.#service.register(this.#node.id, this),
      this.#service.onChange(() => this.#recount()),
    ];
    return () => {
      for (const release of releases) release();
    };
  }

  async #run(context: ActionContext<never>): Promise<Outcome | undefined> {
    const service = this.#service ?? accountOf(this.#red, this.#stored).dialogues();
    await service.ready();
    const { msg } = context;
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
      const there = client.serverTime;
      const id = `${now.toString(36)}${Math.random().toString(36).slice(2, 10)}`;
      const { value: carried, dropped } = keepable(chosen(msg, plan.carry), MAX_CARRIED_BYTES);
      const { places, who, whoIds, data } = plan;
      const question: Dialogue = {
        ...{ id, kind: this.#definition.kind, nodeId: this.#node.id, state: 'asking', places, who, whoIds },
        ...{ asked: now, deadline: now + plan.timeoutMs, reminders: plan.reminders.map((after) => now + after) },
        ...(Math.abs(there - now) >= MIN_CLOCK_DIFFERENCE_MS && { askedThere: there }),
        ...{ attempts: 0, taken: [], carried, dropped, data },
      };
      await dialogues.ask(question, plan.another, (placed) => plan.send(id, placed), signal);
    };
    const same = { client, values, valuesOf, msg, signal, emit, progress, live, hasSlot, sentLog, notes, shared };
    return { ...same, provided, expression, warn, charge, variables, forget, ask, people: this.#people() };
  }

  async #forget(): Promise<void> {
    const count = await this.#service?.dialogues.forget(this.#node.id);
    if (count) fenced(() => this.#node.log(`${count} open questions have ended with this node`))();
  }

  #context(dialogue: Dialogue): Answering {
    this.#answering ??= {
      ...{ red: this.#red, node: this.#node, evaluate: this.#evaluate, signal: this.#closing.signal },
      ...{ outputs: this.#outputs, fixed: this.#fixed() },
      people: () => this.#people(),
      isTyping: (conversationId) => this.#service?.isTyping(conversationId) === true,
      report: (failed, problem) => this.failed(failed, problem),
    };
    return new Answering(this.#answering, accountOf(this.#red, this.#stored), dialogue);
  }

  /** The values that need no message, as currently deployed. */
  #fixed(): SharedValues {
    this.#fixedValues ??= fixedValues(this.#definition.plan, this.#stored) as SharedValues;
    return this.#fixedValues;
  }

  /** @throws LinktorError `validation` */
  #quietHours(): QuietHours | undefined {
    const { quietHours, zone } = accountOf(this.#red, this.#stored).people;
    this.#quiet ??= { hours: quietHours === '' ? undefined : new QuietHours(quietHours, zone) };
    return this.#quiet.hours;
  }

  #people(): People {
    // Invalid quiet hours have been reported, and are none.
    if (!this.#quiet) return peopleOf(accountOf(this.#red, this.#stored), this.#red.settings.lang, undefined);
    this.#knownPeople ??= peopleOf(accountOf(this.#red, this.#stored), this.#red.settings.lang, this.#quiet.hours);
    return this.#knownPeople;
  }

  #recount(): void {
    const problem = this.#service?.problem;
    if (problem !== this.#problem) {
      this.#problem = problem;
      if (problem) this.#status.show(statusOf(problem));
      else if (!this.#closing.signal.aborted) this.#showWaiting(this.#status);
    }
    const count = this.#service?.dialogues.countOf(this.#node.id) ?? 0;
    if (count === this.#count) return;
    this.#count = count;
    if (!this.#closing.signal.aborted) this.#showWaiting(this.#status);
  }

  #showWaiting(status: Status): void {
    if (this.#problem) status.show(statusOf(this.#problem));
    else if (this.#count === 0) status.clear();
    else status.show(this.#isLasting ? 'waiting' : 'not_lasting', { count: this.#count });
  }
}

/** A storage problem has its own status. */
function statusOf(problem: LinktorError): StatusName {
  const storage = storageProblemOf(problem);
  if (storage === 'in_use') return 'ledger_in_use';
  return storage === 'unwritable' ? 'ledger_unwritable' : problem.code;
}

function chosen(msg: Readonly<Msg>, names: readonly string[] | undefined): Record<string, unknown> {
  if (!names) return msg;
  const wanted = [...names, '_msgid', 'conversationId', 'contactId', 'channelId', 'channelType', 'messageId'];
  return Object.fromEntries(wanted.flatMap((name) => (name in msg ? [[name, msg[name]]] : [])));
}
