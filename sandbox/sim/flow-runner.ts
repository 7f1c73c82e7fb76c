import { now } from '../state';
import type { Execution, Flow, FlowNode, Step } from '../state/automation';
import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import type { Fields } from '../wire/form';
import { publishPlain } from './events';
import { type Outcome, runNode } from './flow-nodes';
import type { World } from './world';

/** Maximum number of steps without a wait; more indicate a loop. */
const MAX_STEPS = 200;

/** Runs flows, node by node. */
export class FlowRunner {
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.onInbound = (conversation, message) => this.#onInput(conversation, message);
  }

  /**
   * Runs a flow in a conversation until it ends or has to wait.
   *
   * @param startNodeId first node; default: the start node
   */
  start(flow: Flow, conversation: Conversation, variables: Fields, startNodeId?: string): Execution {
    const { executions } = this.#world.state;
    const execution = executions.add({
      id: executions.newId(),
      flowId: flow.id,
      conversationId: conversation.id,
      status: 'running',
      variables: { ...defaultVariables(flow), ...variables },
      history: [],
      startedAt: now(),
    });
    this.#publish('flow.started', execution);
    const first = flow.nodes.find(({ id, type }) => (startNodeId ? id === startNodeId : type === 'start'));
    if (first) this.#run(flow, execution, first);
    else this.#finish(execution, 'failed', 'The flow has no start node');
    return execution;
  }

  /** Cancels an execution that is running or waiting. */
  cancel(execution: Execution): Execution {
    if (execution.status === 'running' || execution.status === 'waiting') {
      execution.status = 'cancelled';
      execution.completedAt = now();
    }
    return execution;
  }

  /** Passes a customer's message to the executions of the conversation that wait for input. */
  #onInput({ id }: Conversation, message: Message): void {
    const waiting = this.#world.state.executions
      .all()
      .filter(({ conversationId, status }) => conversationId === id && status === 'waiting');
    for (const execution of waiting) {
      const flow = this.#world.state.flows.get(execution.flowId);
      const node = flow?.nodes.find(({ id: nodeId }) => nodeId === execution.currentNodeId);
      if (!flow || !node) {
        this.#finish(execution, 'failed', 'The flow has changed meanwhile');
        continue;
      }
      const { variable } = node.data;
      const text = message.text ?? '';
      const name = typeof variable === 'string' ? variable : 'input';
      execution.variables[name] = text;
      const step = execution.history.at(-1);
      if (step) completeStep(step, { input: { [name]: text } });
      execution.status = 'running';
      this.#run(flow, execution, nextNode(flow, node));
    }
  }

  #run(flow: Flow, execution: Execution, from: FlowNode | undefined): void {
    let node = from;
    for (let steps = 0; node; steps += 1) {
      if (steps === MAX_STEPS) {
        this.#finish(execution, 'failed', `No end after ${MAX_STEPS} steps`);
        return;
      }
      const outcome = this.#step(execution, node);
      if (!outcome) return;
      if (outcome.wait) {
        execution.status = 'waiting';
        return;
      }
      if (outcome.delayMs !== undefined) {
        this.#resumeLater(flow, execution, node, outcome.delayMs);
        return;
      }
      node = nextNode(flow, node, outcome.handle);
    }
    this.#finish(execution, 'completed');
  }

  /** Runs one node. Returns undefined when it failed; the execution has failed too then. */
  #step(execution: Execution, node: FlowNode): Outcome | undefined {
    const step: Step = { nodeId: node.id, nodeType: node.type, startedAt: now() };
    execution.currentNodeId = node.id;
    execution.history.push(step);
    try {
      const conversation = this.#world.state.conversations.need(execution.conversationId);
      const outcome = runNode(this.#world, conversation, execution, node);
      if (!outcome.wait && outcome.delayMs === undefined) completeStep(step, { output: outcome.output });
      return outcome;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      completeStep(step, { error: message });
      this.#finish(execution, 'failed', message);
      return undefined;
    }
  }

  #resumeLater(flow: Flow, execution: Execution, node: FlowNode, delayMs: number): void {
    this.#world.timers.after(delayMs, () => {
      if (execution.status !== 'running') return;
      const step = execution.history.at(-1);
      if (step) completeStep(step, {});
      this.#run(flow, execution, nextNode(flow, node));
    });
  }

  #finish(execution: Execution, status: 'completed' | 'failed', error?: string): void {
    execution.status = status;
    execution.completedAt = now();
    if (error !== undefined) execution.error = error;
    this.#publish(`flow.${status}`, execution);
  }

  #publish(type: string, { id: executionId, flowId, conversationId, status, error }: Execution): void {
    publishPlain(this.#world, type, flowId, { flowId, executionId, conversationId, status, error });
  }
}

function completeStep(step: Step, what: Pick<Step, 'input' | 'output' | 'error'>): void {
  Object.assign(step, what, { completedAt: now() });
}

function defaultVariables({ variables }: Flow): Fields {
  const pairs = variables.map(({ name, defaultValue }) => [String(name), defaultValue]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

/** The target of the edge with this handle, otherwise of the first edge without a handle. */
function nextNode({ nodes, edges }: Flow, { id }: FlowNode, handle?: string): FlowNode | undefined {
  const leaving = edges.filter(({ source }) => source === id);
  const edge =
    handle === undefined
      ? leaving[0]
      : (leaving.find((one) => [one.sourceHandle, one.label, one.condition].includes(handle)) ??
        leaving.find((one) => !one.sourceHandle && !one.label && one.condition === undefined));
  return nodes.find((node) => node.id === edge?.target);
}
