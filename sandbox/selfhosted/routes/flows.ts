import type { World } from '../../sim/world';
import { stamp, touch } from '../../state';
import type { Flow, FlowEdge, FlowNode } from '../../state/automation';
import { type Fields, Form, isFields } from '../../wire/form';
import { type Answer, type Call, ok } from '../../wire/router';
import { pageWithPagination, wrapCreated } from '../envelope';
import { testFlow } from '../flow-test';
import { findByUuid, requireText } from '../read';
import { invalidBody } from '../refusal';
import type { AddRoutes } from '../route';
import { omitEmpty, timesView } from '../views';

const TRIGGERS = ['intent', 'keyword', 'manual', 'welcome'] as const;

/** Flows; each node has its own transitions. There is a test route and no route to execute one. */
export const flowRoutes: AddRoutes = (on, { world }) => {
  const { flows } = world.state;
  const need = ({ params }: Call): Flow => findByUuid(flows, params.id);
  const setStatus = (flow: Flow, status: Flow['status']): Answer => {
    flow.status = status;
    touch(flow);
    return ok({ message: status === 'active' ? 'Flow activated' : 'Flow deactivated' });
  };
  on('GET', '/flows', ({ query }) => pageWithPagination(filterFlows(flows.all(), query), query, flowView));
  on('POST', '/flows', ({ body }) => wrapCreated(flowView(create(world, new Form(body)))));
  on('GET', '/flows/:id', (call) => ok(flowView(need(call))));
  on('PUT', '/flows/:id', (call) => ok(flowView(update(need(call), new Form(call.body)))));
  on('DELETE', '/flows/:id', (call) => {
    flows.remove(need(call).id);
    return ok({ message: 'Flow deleted' });
  });
  on('POST', '/flows/:id/activate', (call) => setStatus(need(call), 'active'));
  on('POST', '/flows/:id/deactivate', (call) => setStatus(need(call), 'inactive'));
  on('POST', '/flows/:id/test', (call) => {
    const flow = need(call);
    const inputs = new Form(call.body).texts('inputs');
    if (!inputs) throw invalidBody();
    return ok({ flow_id: flow.id, results: testFlow(nodeViews(flow), startNodeId(flow), inputs) });
  });
};

function filterFlows(flows: Flow[], query: URLSearchParams): Flow[] {
  const trigger = query.get('trigger');
  const active = query.get('is_active');
  const bot = query.get('bot_id');
  return flows.filter(
    ({ status, metadata }) =>
      (!active || String(status === 'active') === active) &&
      (!trigger || (metadata.trigger ?? 'manual') === trigger) &&
      (!bot || metadata.bot_id === bot),
  );
}

function create({ state: { flows } }: World, form: Form): Flow {
  const flow: Flow = {
    ...stamp(flows.newId()),
    name: requireText(form, 'name'),
    status: 'inactive',
    version: 1,
    nodes: [],
    edges: [],
    variables: [],
    metadata: { trigger: form.needChoice('trigger', TRIGGERS), bot_id: form.text('bot_id') },
  };
  requireText(form, 'start_node_id');
  if (!form.forms('nodes')?.length) throw invalidBody();
  return flows.add(update(flow, form));
}

function update(flow: Flow, form: Form): Flow {
  const nodes = form.forms('nodes');
  const { metadata } = flow;
  flow.name = form.text('name') || flow.name;
  flow.description = form.text('description') ?? flow.description;
  metadata.trigger_value = form.text('trigger_value') ?? metadata.trigger_value;
  metadata.start_node_id = form.text('start_node_id') || metadata.start_node_id;
  metadata.priority = form.number('priority', { integer: true }) ?? metadata.priority;
  if (nodes) {
    flow.nodes = nodes.map((node, index) => readNode(node, index));
    flow.edges = nodes.flatMap(readEdges);
    flow.version += 1;
  }
  touch(flow);
  return flow;
}

function readNode(form: Form, index: number): FlowNode {
  const { id: _, type: __, content, transitions: ___, ...rest } = form.fields();
  const position = { x: 0, y: index * 100 };
  return { id: requireText(form, 'id'), type: requireText(form, 'type'), position, data: { ...rest, text: content } };
}

function readEdges(node: Form): FlowEdge[] {
  const source = node.text('id') ?? '';
  return (node.forms('transitions') ?? []).map((transition, index) => ({
    id: transition.text('id') || `${source}_${index + 1}`,
    source,
    target: requireText(transition, 'to_node_id'),
    condition: {
      condition: transition.text('condition') || 'default',
      value: transition.text('value'),
      priority: transition.number('priority'),
    },
  }));
}

function flowView(flow: Flow): Fields {
  const { id, tenantId, name, description, status, metadata } = flow;
  return {
    id,
    tenant_id: tenantId,
    name,
    trigger: metadata.trigger ?? 'manual',
    start_node_id: startNodeId(flow),
    nodes: nodeViews(flow),
    is_active: status === 'active',
    priority: metadata.priority ?? 0,
    ...omitEmpty({ description, bot_id: metadata.bot_id, trigger_value: metadata.trigger_value }),
    ...timesView(flow),
  };
}

function startNodeId({ nodes, metadata }: Flow): string {
  return typeof metadata.start_node_id === 'string' ? metadata.start_node_id : (nodes[0]?.id ?? '');
}

/** The nodes with their transitions. */
function nodeViews({ nodes, edges }: Flow): Fields[] {
  return nodes.map(({ id, type, data: { text, ...rest } }) => ({
    ...rest,
    id,
    type: type === 'input' ? 'question' : type,
    ...omitEmpty({ content: text }),
    transitions: edges.filter(({ source }) => source === id).map(transitionView),
  }));
}

function transitionView({ id, target, condition }: FlowEdge): Fields {
  const known = isFields(condition) ? condition : { condition: 'default' };
  return { id, to_node_id: target, priority: 0, ...omitEmpty(known) };
}
