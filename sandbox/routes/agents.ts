import { completeTurns, readTurns, type Turn } from '../sim/completion';
import type { World } from '../sim/world';
import { type State, stamp } from '../state';
import type { Agent } from '../state/automation';
import { newId } from '../state/collection';
import { requireAllKnown } from '../state/references';
import { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Answer, ok, type Router } from '../wire/router';
import { completionBody, streamAnswer } from './ai';
import { ACTIVATION_STATUSES } from './bots';
import { type Crud, crudRoutes, duplicateRoute, linkRoutes } from './crud';

/** AI agents: a model with instructions and knowledge. */
export function agentRoutes(router: Router, world: World): void {
  const { state } = world;
  const crud: Crud<Agent> = {
    path: '/ai/agents',
    collection: state.agents,
    listing: {
      filters: { status: ({ status }, wanted) => status === wanted },
      search: ({ name, description }) => [name, description],
      sort: { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name.toLowerCase() },
      view: (agent) => agent,
    },
    create: (form) => {
      const agent: Agent = { ...stamp(state.agents.newId()), name: form.needText('name'), ...NEW_AGENT };
      update(state, agent, form);
      return agent;
    },
    update: (agent, form) => update(state, agent, form),
  };
  const need = crudRoutes(router, crud);
  duplicateRoute(router, crud, { status: 'draft' });
  linkRoutes(router, crud, 'knowledge-bases', 'knowledgeBaseIds', (ids) =>
    requireAllKnown(state.bases, 'knowledgeBaseIds', ids),
  );
  router.on('POST', '/ai/agents/:id/invoke', (call) => invoke(world, need(call), new Form(call.body)));
}

const NEW_AGENT = {
  status: 'active' as const,
  model: 'sandbox-model',
  temperature: 0.7,
  maxTokens: 1024,
  tools: [],
  knowledgeBaseIds: [],
  metadata: {},
};

function update(state: State, agent: Agent, form: Form): void {
  const baseIds = form.texts('knowledgeBaseIds');
  requireAllKnown(state.bases, 'knowledgeBaseIds', baseIds);
  if (form.has('name')) agent.name = form.needText('name');
  form.patch(agent, 'description', (field) => form.text(field));
  form.patch(agent, 'systemPrompt', (field) => form.text(field));
  agent.model = form.text('model') ?? agent.model;
  agent.status = form.choice('status', ACTIVATION_STATUSES) ?? agent.status;
  agent.temperature = form.number('temperature', { min: 0, max: 2 }) ?? agent.temperature;
  agent.maxTokens = form.number('maxTokens', { min: 1, integer: true }) ?? agent.maxTokens;
  agent.tools = form.forms('tools')?.map((tool) => ({ ...tool.fields(), name: tool.needText('name') })) ?? agent.tools;
  agent.knowledgeBaseIds = baseIds ?? agent.knowledgeBaseIds;
  agent.metadata = { ...agent.metadata, ...form.map('metadata') };
}

/** Answers a message, or the last one of several, with the agent's instructions, its bases and the conversation named. */
function invoke(world: World, agent: Agent, form: Form): Answer {
  const turns =
    readTurns(form) ??
    (form.has('message') ? [{ role: 'user' as const, content: form.needText('message') }] : undefined);
  if (!turns) throw invalid('message', 'is required');
  form.map('context');
  const conversationId = form.text('conversationId');
  const before: Turn[] = agent.systemPrompt ? [{ role: 'system', content: agent.systemPrompt }] : [];
  const { text, usage } = completeTurns(
    world,
    [...before, ...history(world, conversationId), ...turns],
    agent.knowledgeBaseIds,
  );
  if (form.flag('stream')) return streamAnswer(text, (delta, finishReason) => ({ delta, finishReason }));
  return ok({
    ...completionBody(agent.model, text, usage),
    response: text,
    conversationId: conversationId ?? newId('chat'),
    toolResults: [],
  });
}

function history({ state }: World, conversationId: string | undefined): Turn[] {
  if (conversationId === undefined) return [];
  const { id } = state.conversations.need(conversationId);
  return state
    .thread(id)
    .flatMap(({ direction, text }): Turn[] =>
      text ? [{ role: direction === 'inbound' ? 'user' : 'assistant', content: text }] : [],
    );
}
