import { completeTurns } from '../../sim/completion';
import { publishPlain } from '../../sim/events';
import type { World } from '../../sim/world';
import { stamp, touch } from '../../state';
import type { Bot } from '../../state/automation';
import { type Fields, Form } from '../../wire/form';
import { type Answer, type Call, noContent } from '../../wire/router';
import { pageWithPagination, wrap, wrapCreated, wrapMessage } from '../envelope';
import { findByUuid, requireText } from '../read';
import { invalidBody } from '../refusal';
import type { AddRoutes } from '../route';
import { omitEmpty, timesView } from '../views';

const PROVIDERS = ['openai', 'anthropic', 'ollama'] as const;
const CONDITIONS = ['low_confidence', 'keyword', 'sentiment', 'intent', 'user_request'] as const;

/** The settings of a bot, each with the function that reads it. */
const SETTINGS: Readonly<Record<string, (form: Form, field: string) => unknown>> = {
  system_prompt: (form, field) => form.text(field),
  temperature: (form, field) => form.number(field),
  max_tokens: (form, field) => form.number(field, { integer: true }),
  context_window_size: (form, field) => form.number(field, { integer: true }),
  welcome_message: (form, field) => form.text(field),
  fallback_message: (form, field) => form.text(field),
  confidence_threshold: (form, field) => form.number(field),
  escalation_rules: (form, field) => form.forms(field)?.map((rule) => rule.fields()),
  working_hours: (form, field) => form.map(field),
};

/** Names of these settings in the shared state. */
const SHARED_NAMES: Readonly<Record<string, string>> = {
  welcome_message: 'welcomeMessage',
  fallback_message: 'fallbackMessage',
};

/** Bots. Activation and channel links answer with a message only. */
export const botRoutes: AddRoutes = (on, { world }) => {
  const { bots, channels } = world.state;
  const need = ({ params }: Call): Bot => findByUuid(bots, params.id);
  on('GET', '/bots', ({ query }) => pageWithPagination(bots.all(), query, botView));
  on('POST', '/bots', ({ body }) => wrapCreated(botView(create(world, new Form(body)))));
  on('GET', '/bots/:id', (call) => wrap(botView(need(call))));
  for (const path of ['/bots/:id', '/bots/:id/config']) {
    on('PUT', path, (call) => wrap(botView(update(world, need(call), new Form(call.body)))));
  }
  on('DELETE', '/bots/:id', (call) => {
    bots.remove(need(call).id);
    return noContent();
  });
  on('POST', '/bots/:id/activate', (call) => setActive(world, need(call), true));
  on('POST', '/bots/:id/deactivate', (call) => setActive(world, need(call), false));
  on('POST', '/bots/:id/channels', (call) => {
    const bot = need(call);
    const { id } = findByUuid(channels, requireText(new Form(call.body), 'channel_id'), 'CHANNEL_NOT_FOUND');
    bot.channelIds = [...new Set([...bot.channelIds, id])];
    return wrapMessage('Channel assigned');
  });
  on('DELETE', '/bots/:id/channels/:channel', (call) => {
    const bot = need(call);
    bot.channelIds = bot.channelIds.filter((id) => id !== call.params.channel);
    return wrapMessage('Channel unassigned');
  });
  on('POST', '/bots/:id/escalation-rules', (call) => {
    const form = new Form(call.body);
    const rule = { condition: form.needChoice('condition', CONDITIONS), value: form.text('value') ?? '' };
    const { config } = need(call);
    const rules = Array.isArray(config.escalation_rules) ? config.escalation_rules : [];
    config.escalation_rules = [...rules, { ...rule, action: 'escalate', priority: form.text('priority') ?? 'normal' }];
    return wrapMessage('Escalation rule added');
  });
  on('POST', '/bots/:id/test', (call) => testBot(world, need(call), new Form(call.body)));
};

export function readProvider(form: Form): string {
  const provider = form.choice('provider', PROVIDERS);
  if (!provider) throw invalidBody();
  return provider;
}

function create(world: World, form: Form): Bot {
  const { bots } = world.state;
  const bot: Bot = {
    ...stamp(bots.newId()),
    name: requireText(form, 'name'),
    type: requireText(form, 'type'),
    status: 'inactive',
    config: { provider: readProvider(form), model: requireText(form, 'model') },
    channelIds: [],
    knowledgeBaseIds: [],
    metadata: {},
  };
  return bots.add(update(world, bot, form));
}

function update({ state: { bases } }: World, bot: Bot, form: Form): Bot {
  const given = Object.entries(SETTINGS).map(([key, read]) => [SHARED_NAMES[key] ?? key, read(form, key)] as const);
  const model = form.text('model');
  const baseId = form.text('knowledge_base_id');
  if (baseId) bot.knowledgeBaseIds = [findByUuid(bases, baseId).id];
  bot.name = form.text('name') || bot.name;
  bot.config = { ...bot.config, ...Object.fromEntries(given.filter(([, value]) => value !== undefined)) };
  if (model) bot.config.model = model;
  touch(bot);
  return bot;
}

function botView(bot: Bot): Fields {
  const { id, tenantId, name, type, status, config, channelIds, knowledgeBaseIds } = bot;
  const settings = Object.keys(SETTINGS).map((key) => [key, config[SHARED_NAMES[key] ?? key]]);
  return {
    id,
    tenant_id: tenantId,
    name,
    type: type === 'flow' ? 'rule_based' : type,
    provider: config.provider ?? 'openai',
    model: config.model ?? 'sandbox-model',
    config: { ...omitEmpty(Object.fromEntries(settings)), ...omitEmpty({ knowledge_base_id: knowledgeBaseIds[0] }) },
    status: status === 'draft' ? 'inactive' : status,
    channels: channelIds,
    ...timesView(bot),
  };
}

function setActive(world: World, bot: Bot, active: boolean): Answer {
  const before = bot.status;
  bot.status = active ? 'active' : 'inactive';
  touch(bot);
  if ((before === 'active') !== active) {
    const { id: botId, name, status } = bot;
    publishPlain(world, active ? 'bot.started' : 'bot.stopped', botId, { botId, name, status });
  }
  return wrapMessage(active ? 'Bot activated' : 'Bot deactivated');
}

function testBot(world: World, { knowledgeBaseIds }: Bot, form: Form): Answer {
  const began = performance.now();
  const turns = [{ role: 'user' as const, content: requireText(form, 'message') }];
  const { text, usage } = completeTurns(world, turns, knowledgeBaseIds);
  return wrap({
    content: text,
    confidence: 0.9,
    should_escalate: false,
    tokens_used: usage.totalTokens,
    latency_ms: Math.round(performance.now() - began),
  });
}
