import { setMaxListeners } from 'node:events';
import type { AnswerFacts } from '../../lib/client';
import { invalid, type LinktorError } from '../../lib/errors';
import type { Delivery, SocketState } from '../../lib/realtime';
import { type Account, type AccountSettings, brokenAccount, createAccount } from './account';
import type { Action, Config, Definition, Msg, Trigger } from './define';
import { evaluator, fixedValues } from './evaluate';
import { failure, isSilent } from './failure';
import type { Hooks } from './http';
import type { RED, RunningNode } from './red';
import { type Legacy, remember } from './remember';
import { store } from './result';
import { routeOf } from './route';
import { Status } from './status';

type Stored = Record<string, unknown>;

interface ConfigNode extends RunningNode {
  account?: Account;
  /** where the stored credentials may go */
  deployedUrl?: string;
  /** Node-RED gives a config node's errors to the Catch nodes of these */
  users: Record<string, RunningNode>;
}

type Send = (msg: unknown) => void;
type Done = (error?: Error) => void;

/** What all nodes of one Node-RED share. */
export interface Shared {
  hooks: Hooks;
  legacy: Legacy;
}

/** milliseconds that work in flight may take to settle when a node closes */
const closeLimit = 5000;

/** Make a definition a Node-RED node. */
export function mount(red: RED, definition: Definition, shared: Shared): void {
  const secrets = Object.entries(definition.fields).filter(([, field]) => field.kind === 'secret');
  const credentials = Object.fromEntries(
    secrets.map(([name, { visible }]) => [name, { type: visible ? 'text' : 'password' }]),
  );
  function construct(this: RunningNode, stored: Stored): void {
    red.nodes.createNode(this as never, stored as never);
    if (definition.role === 'config') mountConfig(red, this as ConfigNode, definition, stored, shared.legacy);
    else if (definition.role === 'action') mountAction(red, this, definition, stored);
    else mountTrigger(red, this, definition, { ...stored, ...this.credentials }, shared.hooks);
  }
  red.nodes.registerType(definition.type, construct as never, (secrets.length > 0 ? { credentials } : {}) as never);
}

function mountConfig(red: RED, node: ConfigNode, definition: Config, stored: Stored, legacy: Legacy): void {
  node.users = {};
  const log = {
    info: (text: string) => node.log(text),
    warn: (text: string) => node.warn(text),
    error: (error: LinktorError) => node.error(error, {}),
  };
  try {
    const values = fixedValues(definition.fields, { ...stored, ...node.credentials });
    node.deployedUrl = String(values.baseUrl);
    node.account = createAccount(values as unknown as AccountSettings, routeOf(red, values), log, (memory) =>
      remember(node, memory, legacy),
    );
  } catch (problem) {
    node.account = brokenAccount(problem);
  }
  node.on('close', (removed, done) => {
    Promise.resolve(node.account?.close())
      .finally(() => removed && legacy.delete(node.id))
      .then(done, () => done());
  });
}

function configOf(red: RED, stored: Stored): ConfigNode | undefined {
  return (red.nodes.getNode(String(stored.config)) as unknown as ConfigNode | null) ?? undefined;
}

/** @throws LinktorError `validation` when the node has no usable config node */
function accountOf(red: RED, stored: Stored): Account {
  const account = configOf(red, stored)?.account;
  if (account) return account;
  throw invalid(
    'No Linktor config node is set, or it is disabled.',
    'Choose one in the dialog of this node and deploy.',
  );
}

function mountAction(red: RED, node: RunningNode, definition: Action, stored: Stored): void {
  const evaluate = evaluator(red, node, definition.fields, stored);
  const property = definition.fields.result?.property ?? 'payload';
  const status = new Status((shown) => node.status(shown));
  const closing = new AbortController();
  // One listener per message in flight is no leak.
  setMaxListeners(0, closing.signal);
  const errorPort = stored.errorOutput === true ? definition.outputs.length : undefined;

  async function run(msg: Msg, send: Send): Promise<void> {
    const account = accountOf(red, stored);
    const facts: AnswerFacts = {};
    const client = account.client().with({
      signal: closing.signal,
      onAnswer(answer) {
        Object.assign(facts, answer);
        account.succeeded();
      },
    });
    const values = await evaluate(msg);
    const outcome = await definition.run({ client, values: values as never, msg });
    await store(red, node, stored, property, msg, outcome, facts);
    send(toPort(outcome.port ?? 0, msg));
  }

  /** Total: whatever happens, `done` is called once, and nothing is thrown. @returns the failure, if any */
  async function handle(msg: Msg, send: Send, done: Done): Promise<LinktorError | undefined> {
    let problem: LinktorError | undefined;
    try {
      await run(msg, send);
    } catch (thrown) {
      problem = failure(thrown);
    }
    if (problem && isSilent(problem, closing.signal.aborted)) return problem;
    if (problem && errorPort !== undefined && !closing.signal.aborted) {
      send(toPort(errorPort, { ...msg, error: described(problem, node) }));
      done();
    } else done(problem);
    return problem;
  }

  const flights = onMessage(node, async (msg, send, done) => {
    showBusy(flights.size + 1);
    const problem = await handle(msg, send, done);
    if (problem) status.say(problem.code, { at: Date.now() });
    else showBusy(flights.size - 1);
  });

  function showBusy(count: number): void {
    if (count === 0) status.clear();
    else if (count === 1) status.say(definition.busy);
    else status.count(count);
  }

  node.on('close', (_removed, done) => {
    closing.abort();
    status.close();
    settled(flights).then(done, done);
  });
}

function mountTrigger(red: RED, node: RunningNode, definition: Trigger, stored: Stored, hooks: Hooks): void {
  const status = new Status((shown) => node.status(shown));
  const releases = new Set<() => void>();
  let closed = false;
  let onInput: ((msg: Readonly<Msg>) => void) | undefined;

  const onClose = (release: () => void) => {
    if (closed) release();
    else releases.add(release);
  };

  async function start(): Promise<void> {
    const account = accountOf(red, stored);
    const realtime = account.realtime();
    const users = configOf(red, stored)?.users ?? {};
    users[node.id] = node;
    onClose(() => delete users[node.id]);
    const values = await evaluator(red, node, definition.fields, stored)({});
    if (closed) return;
    if (!definition.ownStatus) onClose(realtime.onState((state) => mirror(status, state)));
    onInput = definition.listen({
      values: values as never,
      configId: String(stored.config),
      emit: (msg, port = 0) => node.send(toPort(port, msg) as never),
      nodeId: node.id,
      webhookSecrets: account.webhookSecrets,
      status: (word, facts) => status.say(word, facts),
      serve: (hook) => onClose(hooks.serve(hook)),
      isFirst: (eventId) => realtime.isFirst(node.id, eventId),
      feed: (event) => realtime.feed(event, 'webhook'),
      everything: () => onClose(realtime.everything()),
      subscribe(conversationId) {
        const end = realtime.subscribe(conversationId);
        const release = () => {
          // Once only: the others who asked for this conversation keep it.
          if (releases.delete(release)) end();
        };
        onClose(release);
        return release;
      },
      hear(listener) {
        const fenced = (delivery: Delivery) => {
          try {
            listener(delivery);
          } catch (thrown) {
            node.error(failure(thrown), {});
          }
        };
        onClose(realtime.listen(fenced));
      },
    });
    if (!definition.ownStatus) mirror(status, realtime.state);
  }

  start().catch((thrown: unknown) => {
    const problem = failure(thrown);
    status.say(stored.config ? problem.code : 'no_config');
    // Catch nodes hear nothing before the whole flow has been made.
    const report = setImmediate(() => node.error(problem, {}));
    onClose(() => clearImmediate(report));
  });

  onMessage(node, async (msg, _send, done) => {
    let problem: LinktorError | undefined;
    try {
      if (!onInput) throw invalid('This node is not connected, or takes no input.');
      onInput(msg);
    } catch (thrown) {
      problem = failure(thrown);
    }
    done(problem);
  });

  node.on('close', (_removed, done) => {
    closed = true;
    status.close();
    for (const release of releases) release();
    done();
  });
}

/**
 * The only place that listens to messages. What fails here is Node-RED's own send or done; it is logged, for a
 * rejection that nobody handles would end the whole process.
 * @returns the messages at work
 */
function onMessage(
  node: RunningNode,
  work: (msg: Msg, send: Send, done: Done) => Promise<void>,
): ReadonlySet<Promise<void>> {
  const flights = new Set<Promise<void>>();
  node.on('input', (msg, send, done) => {
    const flight = work(msg, send, done)
      .catch((thrown: unknown) => node.error(failure(thrown)))
      .finally(() => flights.delete(flight));
    flights.add(flight);
  });
  return flights;
}

/** A trigger shows how its connection is. */
function mirror(status: Status, state: SocketState): void {
  if (state.name === 'open') status.say('connected', { at: state.since });
  else if (state.name === 'connecting') status.say('connecting');
  else if (state.name === 'waiting') status.say('reconnecting', { attempt: state.attempt, until: state.until });
  else if (state.name === 'refused') status.say(state.code, { reason: state.reason });
  else status.clear();
}

function toPort(port: number, msg: Msg): (Msg | null)[] {
  return [...Array<null>(port).fill(null), msg];
}

/** What Catch nodes would get, for those who asked for an output instead. */
function described(problem: LinktorError, { id, type, name }: RunningNode): object {
  const { message, code, cause } = problem;
  return { message, code, cause, source: { id, type, name } };
}

async function settled(flights: ReadonlySet<Promise<void>>): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, closeLimit);
  });
  await Promise.race([Promise.all(flights), limit]);
  clearTimeout(timer);
}
