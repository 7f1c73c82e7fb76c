import { type EventEmitter, once } from 'node:events';
import { createRequire } from 'node:module';
import helper, { type LoadedNode } from 'node-red-node-test-helper';
import linktor from '../../nodes';
import { type Sandbox, type SandboxOptions, startSandbox } from '../../sandbox';
import { apiOnly } from './api-only';

const require = createRequire(import.meta.url);
helper.init(require.resolve('node-red'));
/** Each test flow loads the package again, and Node-RED never removes the listeners of a package. */
const { events } = require('@node-red/util') as { events: EventEmitter };
const STARTED = 'flows:started';

export type Message = Record<string, unknown> & {
  payload?: unknown;
  error?: { message: string; code: string; cause: Record<string, unknown>; source: { id: string } };
};

/** Collects the messages of one node, and waits for them without sleeping. */
export class Probe {
  readonly all: Message[] = [];
  readonly #waiting: (() => void)[] = [];

  push(msg: Message): void {
    this.all.push(msg);
    for (const wake of this.#waiting.splice(0)) wake();
  }

  /** @returns the messages, once there are `count` */
  async take(count = 1): Promise<Message[]> {
    while (this.all.length < count) await new Promise<void>((wake) => this.#waiting.push(wake));
    return this.all;
  }

  async first(): Promise<Message> {
    const [message] = await this.take();
    return message as Message;
  }
}

export interface FlowSetup {
  sandbox: Sandbox;
  /** call a control route */
  control(path: string, body?: object): Promise<Record<string, unknown>>;
  /** @returns the state of the sandbox */
  state(): Promise<SandboxState>;
  /** Load a flow of our nodes with a config node `account`; open outputs end in probes. */
  play(nodes: FlowNode[], options?: PlayOptions): Promise<Played>;
}

export interface SandboxState {
  counts: Record<string, number>;
  sockets: { open: number; total: number; subscriptions: number };
  sends: {
    conversationId: string;
    messageId: string;
    text: string;
    interactive?: unknown;
    idempotencyKey?: string;
  }[];
  requests: { method: string; path: string; query: string; status: number; idempotencyKey?: string }[];
}

export type FlowNode = { id: string; type: string; wires?: string[][] } & Record<string, unknown>;

interface PlayOptions {
  /** additional or different properties of the config node; null: no config node */
  account?: Record<string, unknown> | null;
  apiKey?: string;
  /** additional credentials of the config node */
  credentials?: Record<string, string>;
  /** further config nodes by id, with the same credentials */
  accounts?: Record<string, Record<string, unknown>>;
  /** one or more node modules to load instead of the palette */
  load?: unknown;
}

export interface Played {
  node(id: string): LoadedNode;
  probe(id: string): Probe;
  /** messages received by Catch, Complete and Status nodes */
  caught: Probe;
  completed: Probe;
  statuses: Probe;
  flow: FlowNode[];
  deploy(flow: FlowNode[], type?: 'full' | 'flows' | 'nodes'): Promise<void>;
}

interface Red {
  nodes: { createNode(node: object, config: object): void; registerType(type: string, make: unknown): void };
}
type Listening = { on(event: 'input', listener: (msg: Message) => void): void };

/** A node that records its messages from its creation on, since some are sent while a flow starts. */
function probeNode(probes: Map<string, Probe>) {
  return (red: Red): void => {
    red.nodes.registerType('probe', function (this: Listening, config: { id: string }) {
      red.nodes.createNode(this, config);
      this.on('input', (msg) => probeOf(probes, config.id).push(msg));
    });
  };
}

function probeOf(probes: Map<string, Probe>, id: string): Probe {
  const probe = probes.get(id) ?? new Probe();
  probes.set(id, probe);
  return probe;
}

/** Node-RED treats nodes without a position as config nodes. */
const place = { z: 'tab', x: 100, y: 100 };

/** Omitted when the flow already has a node of this type: the test helper cannot load two. */
function listener(nodes: readonly FlowNode[], one: FlowNode): FlowNode[] {
  return nodes.some(({ type }) => type === one.type) ? [] : [{ ...place, ...one }];
}

/** A test that waits for a message in vain says only that its time is over: add what Catch received in place of it. */
function addCaught(failure: Error | undefined, messages: readonly Message[] = []): void {
  if (!failure) return;
  const told = messages.map(
    ({ error }) => `\nCatch received from "${error?.source.id}": ${error?.code}: ${error?.message}`,
  );
  // Mocha prints the stack, which begins with the message as it was.
  failure.stack = failure.stack?.replace(failure.message, (message) => message + told.join(''));
  failure.message += told.join('');
}

/** The default server of test flows. */
export const contractUnderTest = process.env.LINKTOR_CONTRACT === 'server' ? 'server' : 'api';
/** The self-hosted server accepts no API keys, and has to be polled for messages. */
const selfHosted = { signIn: 'password', pollBusy: 0.1, pollIdle: 0.1 };
const byPassword = { email: 'demo@linktor.local', password: 'sandbox' };

/**
 * Set up a sandbox and a Node-RED for the tests of one file.
 * @param prepare creates the records that the sandbox needs beforehand
 */
export function setUpFlows(
  { contract = contractUnderTest, ...options }: SandboxOptions = {},
  prepare: () => Promise<SandboxOptions> = async () => ({}),
): FlowSetup {
  const held = {} as { sandbox: Sandbox };
  let listening: unknown[] = [];
  let caught: Probe | undefined;

  before(async () => {
    held.sandbox = await startSandbox({ contract, ...options, ...(await prepare()) });
    await helper.startServer();
  });
  beforeEach(function () {
    caught = undefined;
    listening = events.listeners(STARTED);
    if (contractUnderTest === 'server' && apiOnly(this.currentTest?.fullTitle() ?? '') !== undefined) this.skip();
  });
  afterEach(async function () {
    addCaught(this.currentTest?.err, caught?.all);
    await helper.unload();
    const left = events.listeners(STARTED).filter((one) => !listening.includes(one));
    for (const one of left) events.off(STARTED, one as () => void);
    await control('reset', {});
  });
  after(async () => {
    await helper.stopServer();
    await held.sandbox.close();
  });

  async function control(path: string, body: object = {}): Promise<Record<string, unknown>> {
    const response = await fetch(`${held.sandbox.url}/_sandbox/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    if (!response.ok) throw new Error(`${path}: ${response.status} ${await response.text()}`);
    const text = await response.text();
    return text === '' ? {} : JSON.parse(text);
  }

  async function play(
    nodes: FlowNode[],
    { account = {}, accounts = {}, apiKey = 'sandbox-key', credentials = {}, load = linktor }: PlayOptions = {},
  ) {
    // With another base URL, the test runs its own server.
    const isSelfHosted = contract === 'server' && account?.baseUrl === undefined;
    const usual = { type: 'linktor-config', baseUrl: held.sandbox.url, ...(isSelfHosted && selfHosted) };
    const config = { ...usual, id: 'account', ...account };
    const others = Object.entries(accounts).map(([id, own]) => ({ ...usual, id, ...own }));
    const secrets = { apiKey, ...(isSelfHosted && byPassword), ...credentials };
    const flow: FlowNode[] = [
      { id: 'tab', type: 'tab', label: 'test' },
      ...(account === null ? [] : [config]),
      ...others,
      ...nodes.map((node) => ({ ...place, ...node })),
      ...listener(nodes, { id: 'n-catch', type: 'catch', scope: null, uncaught: false, wires: [['caught']] }),
      ...listener(nodes, {
        id: 'n-complete',
        type: 'complete',
        scope: nodes.map(({ id }) => id),
        wires: [['completed']],
      }),
      ...listener(nodes, { id: 'n-status', type: 'status', scope: null, wires: [['statuses']] }),
      ...['caught', 'completed', 'statuses'].map((id) => ({ id, type: 'probe', ...place })),
    ];
    const probes = new Map<string, Probe>();
    await helper.load([load, probeNode(probes)].flat(), flow, {
      ...Object.fromEntries(['account', ...Object.keys(accounts)].map((id) => [id, secrets])),
    });
    const probe = (id: string) => probeOf(probes, id);
    caught = probe('caught');
    return {
      node: (id: string) => helper.getNode(id),
      probe,
      caught,
      completed: probe('completed'),
      statuses: probe('statuses'),
      flow,
      async deploy(changed: FlowNode[], type: 'full' | 'flows' | 'nodes' = 'nodes') {
        const started = once(events, STARTED);
        // The test helper itself waits for 0.3 s only.
        await helper.setFlows(changed, type).catch((error: Error) => {
          if (error.message !== 'timeout waiting event') throw error;
        });
        await started;
      },
    };
  }

  return {
    get sandbox() {
      return held.sandbox;
    },
    control,
    play,
    state: async () => (await fetch(`${held.sandbox.url}/_sandbox/state`)).json() as Promise<SandboxState>,
  };
}

/**
 * Send one message to a single node.
 * @returns the message from its first output, or the one that Catch receives
 */
export function alone({ play }: FlowSetup, type: string) {
  return async (node: Record<string, unknown>, msg: Record<string, unknown> = {}): Promise<Message> => {
    const {
      node: get,
      probe,
      caught,
    } = await play([
      { id: 'node', type, config: 'account', wires: [['out']], ...node },
      { id: 'out', type: 'probe' },
    ]);
    get('node').receive(msg);
    return Promise.race([probe('out').first(), caught.first()]);
  };
}

/** Wait until new messages will be delivered. @param least minimum number of subscriptions, if the server has them */
export async function listening({ state }: Pick<FlowSetup, 'state'>, least = 1): Promise<void> {
  // The self-hosted server is polled for all conversations at once; wait for the first poll.
  const asked = ({ requests }: SandboxState) =>
    requests.some(({ method, path, status }) => `${method} ${path} ${status}` === 'GET /api/v1/conversations 200');
  await until(state, (now) => now.sockets.subscriptions >= least || (now.sockets.open > 0 && asked(now)));
}

/** @returns the status texts of one node so far; the test helper's spy is shared by all nodes */
export function shownBy(node: LoadedNode): (string | undefined)[] {
  const { args, thisValues } = node.status;
  return args.filter((_, call) => thisValues[call] === node).map(([{ text }]) => text);
}

/** Poll until a condition holds, for values without change events, such as the sandbox's counts. */
export async function until<T>(ask: () => Promise<T>, holds: (value: T) => boolean, timeoutMs = 10_000): Promise<T> {
  const last = Date.now() + timeoutMs;
  for (;;) {
    const value = await ask();
    if (holds(value)) return value;
    if (Date.now() > last) throw new Error(`It never came true: ${JSON.stringify(value)?.slice(0, 2000)}`);
    await new Promise((resolve) => setImmediate(resolve));
  }
}
