// The examples as run by tests: against a sandbox of the test, with a probe in place of each debug node.
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';
import { type FlowNode, type FlowSetup, type Played, until } from './flows';
import { root } from './red';

const require = createRequire(import.meta.url);

export interface Example {
  /** its path below the folder of the examples */
  file: string;
  /** its name without the number that sorts it */
  title: string;
  nodes: ExampleNode[];
}
// biome-ignore lint/suspicious/noExplicitAny: the shape of a message depends on its flow
type Loose = any;
type ExampleNode = FlowNode & { credentials?: Record<string, string> };

function examplesIn(...place: string[]): Example[] {
  const folder = path.join(root, ...place);
  return (readdirSync(folder, { recursive: true }) as string[])
    .filter((file) => file.endsWith('.json'))
    .sort()
    .map((file) => ({
      file: file.replaceAll(path.sep, '/'),
      title: path.basename(file, '.json').replace(/^\d+ - /, ''),
      nodes: JSON.parse(readFileSync(path.join(folder, file), 'utf8')),
    }));
}

export const examples: readonly Example[] = examplesIn('examples');

/** The examples shipped with 0.1.0, which users may still run. */
export const firstExamples: readonly Example[] = examplesIn('test', 'fixtures', 'flows-0.1.0');

/** Node-RED's own nodes used in the examples, with their files. */
export const coreNodes: Readonly<Record<string, string>> = {
  comment: 'common/90-comment',
  inject: 'common/20-inject',
  debug: 'common/21-debug',
  complete: 'common/24-complete',
  catch: 'common/25-catch',
  status: 'common/25-status',
  switch: 'function/10-switch',
  change: 'function/15-change',
  template: 'function/80-template',
  delay: 'function/89-delay',
  trigger: 'function/89-trigger',
  csv: 'parsers/70-CSV',
  file: 'storage/10-file',
  'file in': 'storage/10-file',
  'http in': 'network/21-httpin',
  'http response': 'network/21-httpin',
  'http request': 'network/21-httprequest',
};
/** Properties that users of a self-hosted server change in nodes of these types. */
export const forServer: Readonly<Record<string, object>> = {
  'linktor-ai': { model: 'openai/sandbox-model', modelType: 'str' },
  'linktor-conversation': { model: 'openai/sandbox-model', modelType: 'str' },
};
/** Nodes that do nothing, or that the test replaces with its own. */
const aside = new Set(['tab', 'group', 'comment', 'linktor-config']);

/** @returns Node-RED's own nodes that these nodes need; setUpFlows already loads catch and status */
export function coreOf(nodes: readonly FlowNode[]): unknown[] {
  const files = new Set(nodes.map(({ type }) => coreNodes[type]).filter((file) => file !== undefined));
  for (const own of ['90-comment', '21-debug', '24-complete', '25-catch', '25-status']) files.delete(`common/${own}`);
  return [...files].map((file) => require(`@node-red/nodes/core/${file}`));
}

/**
 * @param hosts addresses in the example, with their replacements
 * @returns the nodes of an example for `FlowSetup.play`
 */
export function playable({ nodes }: Example, hosts: Record<string, string>): FlowNode[] {
  const text = Object.entries(hosts).reduce((all, [from, to]) => all.replaceAll(from, to), JSON.stringify(nodes));
  return (JSON.parse(text) as ExampleNode[])
    .filter(({ type }) => !aside.has(type))
    .map(({ credentials: _, ...node }) => ({
      ...node,
      z: 'tab',
      ...(node.config !== undefined && { config: 'account' }),
      ...(node.type === 'debug' && { type: 'probe' }),
    }));
}

/** The actions of a person who tries an example. */
export class Trial {
  readonly #setup: FlowSetup;
  readonly #played: Played;
  /** origin of Node-RED's HTTP endpoints */
  readonly origin: string;

  constructor(
    setup: FlowSetup,
    played: Played,

    origin: string,
  ) {
    this.#setup = setup;
    this.#played = played;
    this.origin = origin;
  }

  /** Press the button of an inject node. */
  press(id: string): void {
    this.#played.node(id).receive({});
  }

  /** Write as a customer: Ana, unless `body` names another. */
  write(body: Record<string, unknown>): Promise<Record<string, unknown>> {
    return this.#setup.control('messages', { conversationId: 'conv_ana', ...body });
  }

  control(route: string, body: object): Promise<Record<string, unknown>> {
    return this.#setup.control(route, body);
  }

  /** @returns the last message of a debug node, once it has received `count` messages */
  async seen(id: string, count = 1): Promise<Loose> {
    return (await this.all(id, count))[count - 1] as Loose;
  }

  /** @returns the messages of a debug node, once it has received `count` messages */
  all(id: string, count: number): Promise<Loose[]> {
    return this.until(this.#played.probe(id).take(count));
  }

  /** @returns the text of message number `count`, once it has been sent */
  async said(count: number): Promise<string> {
    const { sends } = await this.until(until(this.#setup.state, ({ sends }) => sends.length >= count));
    return String(sends[count - 1]?.text);
  }

  async conversation(id = 'conv_ana'): Promise<Record<string, unknown>> {
    const { data } = await (await fetch(`${this.#setup.sandbox.url}/_sandbox/conversations`)).json();
    return data.find((one: { id: string }) => one.id === id);
  }

  /** An error reaches the debug node behind Catch, and ends the wait at once. */
  private until<T>(what: Promise<T>): Promise<T> {
    const problems = this.#played.flow
      .filter(({ id }) => id.endsWith('_error'))
      .map(({ id }) => this.#played.probe(id));
    const failed = problems.map(async (probe) => {
      const { error } = await probe.first();
      throw new Error(`${error?.code}: ${error?.message}`);
    });
    return Promise.race([what, ...failed]);
  }
}
