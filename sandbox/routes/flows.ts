import { FlowRunner } from '../sim/flow-runner';
import { checkFlow, NODE_TYPES } from '../sim/flow-validation';
import { isWithin, readPeriod } from '../sim/period';
import type { World } from '../sim/world';
import { type State, stamp, touch } from '../state';
import type { Execution, Flow, FlowEdge, FlowNode } from '../state/automation';
import { type Fields, Form } from '../wire/form';
import { list } from '../wire/paging';
import { invalid, notFound } from '../wire/problem';
import { type Answer, type Call, created, ok, type Router } from '../wire/router';
import { ACTIVATION_STATUSES } from './bots';
import { type Crud, crudRoutes, duplicateRoute } from './crud';

/** Flows: the steps of an automated conversation. */
export function flowRoutes(router: Router, world: World): void {
  const { state } = world;
  const runner = new FlowRunner(world);
  const crud: Crud<Flow> = {
    path: '/flows',
    collection: state.flows,
    listing: {
      filters: { status: ({ status }, wanted) => status === wanted },
      search: ({ name, description }) => [name, description],
      sort: { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name.toLowerCase() },
      view: (flow) => flow,
    },
    create: (form) => create(state, form),
    update,
  };
  const need = crudRoutes(router, crud);
  duplicateRoute(router, crud, { status: 'draft', version: 1 });
  const switched = (flow: Flow, status: Flow['status']): Answer => {
    flow.status = status;
    touch(flow);
    return ok(flow);
  };
  router
    .on('GET', '/flows/node-types', () => ok(NODE_TYPES))
    .on('POST', '/flows/import', ({ body }) => created(state.flows.add(create(state, unwrapImport(new Form(body))))))
    .on('GET', '/flows/:id/export', (call) => ok(need(call)))
    .on('POST', '/flows/:id/validate', (call) => ok(checkFlow(need(call))))
    .on('POST', '/flows/:id/publish', (call) => switched(need(call), 'active'))
    .on('POST', '/flows/:id/unpublish', (call) => switched(need(call), 'inactive'))
    .on('GET', '/flows/:id/stats', (call) => ok(stats(state, need(call), call.query)))
    .on('POST', '/flows/:id/execute', (call) => execute(world, runner, need(call), new Form(call.body)));
  executionRoutes(router, state, runner, need);
}

function executionRoutes(router: Router, state: State, runner: FlowRunner, flowOf: (call: Call) => Flow): void {
  const path = '/flows/:id/executions';
  const need = (call: Call): Execution => {
    const execution = state.executions.get(call.params.execution ?? '');
    if (execution?.flowId !== flowOf(call).id) throw notFound('Execution');
    return execution;
  };
  router
    .on('GET', path, (call) =>
      list(executionsOf(state, flowOf(call)), call.query, {
        filters: {
          status: ({ status }, wanted) => status === wanted,
          conversationId: ({ conversationId }, wanted) => conversationId === wanted,
        },
        sort: { startedAt: ({ startedAt }) => startedAt },
        order: 'desc',
        view: (execution) => execution,
      }),
    )
    .on('GET', `${path}/:execution`, (call) => ok(need(call)))
    .on('POST', `${path}/:execution/cancel`, (call) => ok(runner.cancel(need(call))));
}

function executionsOf(state: State, { id }: Flow): Execution[] {
  return state.executions.filter(({ flowId }) => flowId === id);
}

function execute({ state }: World, runner: FlowRunner, flow: Flow, form: Form): Answer {
  const conversationId = form.needText('conversationId');
  const conversation = state.conversations.get(conversationId);
  if (!conversation) throw invalid('conversationId', 'is not a conversation');
  const startNodeId = form.text('startNodeId');
  if (startNodeId !== undefined && !flow.nodes.some(({ id }) => id === startNodeId)) {
    throw invalid('startNodeId', 'is not a node of this flow');
  }
  return created(runner.start(flow, conversation, form.map('variables') ?? {}, startNodeId));
}

function create(state: State, form: Form): Flow {
  return {
    ...stamp(state.flows.newId()),
    name: form.needText('name'),
    description: form.text('description'),
    status: 'draft',
    version: 1,
    nodes: readNodes(form) ?? [],
    edges: readEdges(form) ?? [],
    variables:
      form.forms('variables')?.map((variable) => ({ ...variable.fields(), name: variable.needText('name') })) ?? [],
    metadata: form.map('metadata') ?? {},
  };
}

function update(flow: Flow, form: Form): void {
  const nodes = readNodes(form);
  const edges = readEdges(form);
  if (form.has('name')) flow.name = form.needText('name');
  form.patch(flow, 'description', (field) => form.text(field));
  flow.status = form.choice('status', ACTIVATION_STATUSES) ?? flow.status;
  if (nodes ?? edges) flow.version += 1;
  flow.nodes = nodes ?? flow.nodes;
  flow.edges = edges ?? flow.edges;
  flow.variables = form.forms('variables')?.map((variable) => variable.fields()) ?? flow.variables;
  flow.metadata = { ...flow.metadata, ...form.map('metadata') };
}

function readNodes(form: Form): FlowNode[] | undefined {
  return form.forms('nodes')?.map((node) => {
    const position = node.form('position');
    return {
      id: node.needText('id'),
      type: node.needText('type'),
      position: { x: position?.number('x') ?? 0, y: position?.number('y') ?? 0 },
      data: node.map('data') ?? {},
    };
  });
}

function readEdges(form: Form): FlowEdge[] | undefined {
  return form.forms('edges')?.map((edge, index) => ({
    id: edge.text('id') ?? `edge_${index + 1}`,
    source: edge.needText('source'),
    target: edge.needText('target'),
    sourceHandle: edge.text('sourceHandle'),
    targetHandle: edge.text('targetHandle'),
    label: edge.text('label'),
    condition: edge.raw('condition'),
  }));
}

/** The flow of an import: the body itself, or its field `flow` or `data`. */
function unwrapImport(form: Form): Form {
  return form.form('flow') ?? form.form('data') ?? form;
}

function stats(state: State, flow: Flow, query: URLSearchParams): Fields {
  const span = readPeriod(query);
  const runs = executionsOf(state, flow).filter(({ startedAt }) => isWithin(span, startedAt));
  const count = (wanted: Execution['status']): number => runs.filter(({ status }) => status === wanted).length;
  const steps = runs.flatMap(({ history }) => history);
  const over = count('completed') + count('failed');
  return {
    totalExecutions: runs.length,
    successRate: over === 0 ? 0 : count('completed') / over,
    completed: count('completed'),
    failed: count('failed'),
    cancelled: count('cancelled'),
    waiting: count('waiting'),
    running: count('running'),
    avgDuration: meanDuration(runs),
    nodeStats: flow.nodes.map(({ id: nodeId }) => {
      const own = steps.filter((step) => step.nodeId === nodeId);
      return { nodeId, executionCount: own.length, avgDuration: meanDuration(own) };
    }),
  };
}

/** Mean seconds from start to completion; 0 when nothing is completed. */
function meanDuration(runs: { startedAt: string; completedAt?: string }[]): number {
  const seconds = runs.flatMap(({ startedAt, completedAt }) =>
    completedAt ? [(Date.parse(completedAt) - Date.parse(startedAt)) / 1000] : [],
  );
  return seconds.length === 0 ? 0 : seconds.reduce((sum, value) => sum + value, 0) / seconds.length;
}
