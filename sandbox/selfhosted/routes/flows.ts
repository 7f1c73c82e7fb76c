import type { World } from '../../sim/world';
import { stamp, touch } from '../../state';
import type { Flow, FlowEdge, FlowNode } from '../../state/automation';
import { type Fields, Form, isFields } from '../../wire/form';
import { type Answer, type Call, ok } from '../../wire/router';
import { added, bareList } from '../envelope';
import { walk } from '../flow-run';
import { findStrictly, needed } from '../read';
import { unreadable } from '../refusal';
import type { Routes } from '../route';
import { sparse, times } from '../views';

const TRIGGERS = ['intent', 'keyword', 'manual', 'welcome'] as const;

/** Flows, whose nodes know by themselves where to go next. They can be tried, not started: only a message starts one. */
export const flowRoutes: Routes = (on, { world }) => {
  const { flows } = world.state;
  const need = ({ params }: Call): Flow => findStrictly(flows, params.id);
  const turned = (flow: Flow, status: Flow['status']): Answer => {
    flow.status = status;
    touch(flow);
    return ok({ message: status === 'active' ? 'Flow activated' : 'Flow deactivated' });
  };
  on('GET', '/flows', ({ query }) => bareList(listed(flows.all(), query), query, flowView));
  on('POST', '/flows', ({ body }) => added(flowView(create(world, new Form(body)))));
  on('GET', '/flows/:id', (call) => ok(flowView(need(call))));
  on('PUT', '/flows/:id', (call) => ok(flowView(update(need(call), new Form(call.body)))));
  on('DELETE', '/flows/:id', (call) => {
    flows.remove(need(call).id);
    return ok({ message: 'Flow deleted' });
  });
  on('POST', '/flows/:id/activate', (call) => turned(need(call), 'active'));
  on('POST', '/flows/:id/deactivate', (call) => turned(need(call), 'inactive'));
  on('POST', '/flows/:id/test', (call) => {
    const flow = need(call);
    const inputs = new Form(call.body).texts('inputs');
    if (!inputs) throw unreadable();
    return ok({ flow_id: flow.id, results: walk(nodesOf(flow), startOf(flow), inputs) });
  });
};

function listed(flows: Flow[], query: URLSearchParams): Flow[] {
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
    name: needed(form, 'name'),
    status: 'inactive',
    version: 1,
    nodes: [],
    edges: [],
    variables: [],
    metadata: { trigger: form.needChoice('trigger', TRIGGERS), bot_id: form.text('bot_id') },
  };
  needed(form, 'start_node_id');
  if (!form.forms('nodes')?.length) throw unreadable();
  return flows.add(update(flow, form));
}

function update(flow: Flow, form: Form): Flow {
  const nodes = form.forms('nodes');
  const { metadata } = flow;
  flow.name = form.text('name') || flow.name;
  flow.description = form.text('description') ?? flow.description;
  metadata.trigger_value = form.text('trigger_value') ?? metadata.trigger_value;
  metadata.start_node_id = form.text('start_node_id') || metadata.start_node_id;
  metadata.priority = form.number('priority', { whole: true }) ?? metadata.priority;
  if (nodes) {
    flow.nodes = nodes.map((node, index) => nodeIn(node, index));
    flow.edges = nodes.flatMap(edgesIn);
    flow.version += 1;
  }
  touch(flow);
  return flow;
}

function nodeIn(form: Form, index: number): FlowNode {
  const { id: _, type: __, content, transitions: ___, ...rest } = form.fields();
  const position = { x: 0, y: index * 100 };
  return { id: needed(form, 'id'), type: needed(form, 'type'), position, data: { ...rest, text: content } };
}

function edgesIn(node: Form): FlowEdge[] {
  const source = node.text('id') ?? '';
  return (node.forms('transitions') ?? []).map((transition, index) => ({
    id: transition.text('id') || `${source}_${index + 1}`,
    source,
    target: needed(transition, 'to_node_id'),
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
    start_node_id: startOf(flow),
    nodes: nodesOf(flow),
    is_active: status === 'active',
    priority: metadata.priority ?? 0,
    ...sparse({ description, bot_id: metadata.bot_id, trigger_value: metadata.trigger_value }),
    ...times(flow),
  };
}

function startOf({ nodes, metadata }: Flow): string {
  return typeof metadata.start_node_id === 'string' ? metadata.start_node_id : (nodes[0]?.id ?? '');
}

/** The nodes, each with the ways that lead on from it. */
function nodesOf({ nodes, edges }: Flow): Fields[] {
  return nodes.map(({ id, type, data: { text, ...rest } }) => ({
    ...rest,
    id,
    type: type === 'input' ? 'question' : type,
    ...sparse({ content: text }),
    transitions: edges.filter(({ source }) => source === id).map(transitionView),
  }));
}

function transitionView({ id, target, condition }: FlowEdge): Fields {
  const known = isFields(condition) ? condition : { condition: 'default' };
  return { id, to_node_id: target, priority: 0, ...sparse(known) };
}
