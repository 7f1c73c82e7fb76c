import { now } from '../state';
import type { Execution, Flow, FlowNode, Step } from '../state/automation';
import type { Conversation, Message } from '../state/entities';
import type { Fields } from '../wire/form';
import { plainEvent } from './events';
import { act, type Outcome } from './flow-nodes';
import type { World } from './world';

/** More steps than this without waiting is taken for a circle. */
const MOST_STEPS = 200;

/** Walks through flows, one node after the other. */
export class Runner {
  constructor(private readonly world: World) {
    world.onInbound = (conversation, message) => this.#heard(conversation, message);
  }

  /**
   * Starts a flow in a conversation and goes on until it ends or has to wait.
   *
   * @param startNodeId where to begin; the start node when absent
   */
  start(flow: Flow, conversation: Conversation, variables: Fields, startNodeId?: string): Execution {
    const { executions } = this.world.state;
    const execution = executions.add({
      id: executions.newId(),
      flowId: flow.id,
      conversationId: conversation.id,
      status: 'running',
      variables: { ...defaults(flow), ...variables },
      history: [],
      startedAt: now(),
    });
    this.#tell('flow.started', execution);
    const first = flow.nodes.find(({ id, type }) => (startNodeId ? id === startNodeId : type === 'start'));
    if (first) this.#walk(flow, execution, first);
    else this.#finish(execution, 'failed', 'The flow has no start node');
    return execution;
  }

  /** Ends an execution that is not over yet. */
  cancel(execution: Execution): Execution {
    if (execution.status === 'running' || execution.status === 'waiting') {
      execution.status = 'cancelled';
      execution.completedAt = now();
    }
    return execution;
  }

  /** What a customer writes is the input that executions of the conversation wait for. */
  #heard({ id }: Conversation, message: Message): void {
    const waiting = this.world.state.executions
      .all()
      .filter(({ conversationId, status }) => conversationId === id && status === 'waiting');
    for (const execution of waiting) {
      const flow = this.world.state.flows.get(execution.flowId);
      const node = flow?.nodes.find(({ id: nodeId }) => nodeId === execution.currentNodeId);
      if (!flow || !node) {
        this.#finish(execution, 'failed', 'The flow has changed meanwhile');
        continue;
      }
      const { variable } = node.data;
      const text = message.text ?? '';
      execution.variables[typeof variable === 'string' ? variable : 'input'] = text;
      const step = execution.history.at(-1);
      if (step) complete(step, { input: text });
      execution.status = 'running';
      this.#walk(flow, execution, next(flow, node));
    }
  }

  #walk(flow: Flow, execution: Execution, from: FlowNode | undefined): void {
    let node = from;
    for (let steps = 0; node; steps += 1) {
      if (steps === MOST_STEPS) {
        this.#finish(execution, 'failed', `No end after ${MOST_STEPS} steps`);
        return;
      }
      const outcome = this.#step(execution, node);
      if (!outcome) return;
      if (outcome.wait) {
        execution.status = 'waiting';
        return;
      }
      if (outcome.delayMs !== undefined) {
        this.#later(flow, execution, node, outcome.delayMs);
        return;
      }
      node = next(flow, node, outcome.handle);
    }
    this.#finish(execution, 'completed');
  }

  /** One node; undefined when it failed, and the execution with it. */
  #step(execution: Execution, node: FlowNode): Outcome | undefined {
    const step: Step = { nodeId: node.id, nodeType: node.type, startedAt: now() };
    execution.currentNodeId = node.id;
    execution.history.push(step);
    try {
      const conversation = this.world.state.conversations.need(execution.conversationId);
      const outcome = act(this.world, conversation, execution, node);
      if (!outcome.wait && outcome.delayMs === undefined) complete(step, { output: outcome.output });
      return outcome;
    } catch (error) {
      const message = error instanceof Error ? error.message : String(error);
      complete(step, { error: message });
      this.#finish(execution, 'failed', message);
      return undefined;
    }
  }

  #later(flow: Flow, execution: Execution, node: FlowNode, delayMs: number): void {
    this.world.timers.after(delayMs, () => {
      if (execution.status !== 'running') return;
      const step = execution.history.at(-1);
      if (step) complete(step, {});
      this.#walk(flow, execution, next(flow, node));
    });
  }

  #finish(execution: Execution, status: 'completed' | 'failed', error?: string): void {
    execution.status = status;
    execution.completedAt = now();
    if (error !== undefined) execution.error = error;
    this.#tell(`flow.${status}`, execution);
  }

  #tell(type: string, { id: executionId, flowId, conversationId, status, error }: Execution): void {
    plainEvent(this.world, type, flowId, { flowId, executionId, conversationId, status, error });
  }
}

function complete(step: Step, what: Pick<Step, 'input' | 'output' | 'error'>): void {
  Object.assign(step, what, { completedAt: now() });
}

function defaults({ variables }: Flow): Fields {
  const pairs = variables.map(({ name, defaultValue }) => [String(name), defaultValue]);
  return Object.fromEntries(pairs.filter(([, value]) => value !== undefined));
}

/** The node behind the edge with this handle, or else behind the first edge that has none. */
function next({ nodes, edges }: Flow, { id }: FlowNode, handle?: string): FlowNode | undefined {
  const leaving = edges.filter(({ source }) => source === id);
  const edge =
    handle === undefined
      ? leaving[0]
      : (leaving.find((one) => [one.sourceHandle, one.label, one.condition].includes(handle)) ??
        leaving.find((one) => !one.sourceHandle && !one.label && one.condition === undefined));
  return nodes.find((node) => node.id === edge?.target);
}
