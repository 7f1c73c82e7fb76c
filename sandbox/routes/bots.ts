import { publishPlain } from '../sim/events';
import { figuresOf, responseTime } from '../sim/figures';
import { readPeriod } from '../sim/period';
import type { World } from '../sim/world';
import { type State, stamp, touch } from '../state';
import type { Bot } from '../state/automation';
import { requireAllKnown, requireKnown } from '../state/references';
import type { Fields, Form } from '../wire/form';
import { type Answer, ok, type Router } from '../wire/router';
import { type Crud, crudRoutes, duplicateRoute, linkRoutes } from './crud';

const TYPES = ['flow', 'ai', 'hybrid'] as const;
export const ACTIVATION_STATUSES = ['active', 'inactive', 'draft'] as const;

/** Bots: automatic replies in a channel. */
export function botRoutes(router: Router, world: World): void {
  const { state } = world;
  const crud: Crud<Bot> = {
    path: '/bots',
    collection: state.bots,
    listing: {
      filters: {
        status: ({ status }, wanted) => status === wanted,
        type: ({ type }, wanted) => type === wanted,
        channelId: ({ channelIds }, wanted) => channelIds.includes(wanted),
      },
      search: ({ name, description }) => [name, description],
      sort: { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name.toLowerCase() },
      view: (bot) => bot,
    },
    create: (form) => {
      const type = form.needChoice('type', TYPES);
      const bot: Bot = { ...stamp(state.bots.newId()), name: form.needText('name'), type, ...NEW_BOT };
      update(world, bot, form);
      return bot;
    },
    update: (bot, form) => update(world, bot, form),
  };
  const need = crudRoutes(router, crud);
  duplicateRoute(router, crud, { status: 'draft' });
  linkRoutes(router, crud, 'channels', 'channelIds', (ids) => requireAllKnown(state.channels, 'channelIds', ids));
  linkRoutes(router, crud, 'knowledge-bases', 'knowledgeBaseIds', (ids) =>
    requireAllKnown(state.bases, 'knowledgeBaseIds', ids),
  );
  const switched = (bot: Bot, status: Bot['status']): Answer => {
    setStatus(world, bot, status);
    touch(bot);
    return ok(bot);
  };
  router
    .on('POST', '/bots/:id/start', (call) => switched(need(call), 'active'))
    .on('POST', '/bots/:id/stop', (call) => switched(need(call), 'inactive'))
    .on('GET', '/bots/:id/status', (call) => {
      const { id, status, updatedAt } = need(call);
      return ok({ id, status, isRunning: status === 'active', updatedAt });
    })
    .on('GET', '/bots/:id/stats', (call) => ok(botFigures(state, need(call), call.query)));
}

const NEW_BOT = { status: 'draft' as const, config: {}, channelIds: [], knowledgeBaseIds: [], metadata: {} };

function update(world: World, bot: Bot, form: Form): void {
  const { channels, bases, flows, agents } = world.state;
  const channelIds = form.texts('channelIds');
  const baseIds = form.texts('knowledgeBaseIds');
  const status = form.choice('status', ACTIVATION_STATUSES);
  requireAllKnown(channels, 'channelIds', channelIds);
  requireAllKnown(bases, 'knowledgeBaseIds', baseIds);
  if (form.has('name')) bot.name = form.needText('name');
  bot.type = form.choice('type', TYPES) ?? bot.type;
  form.patch(bot, 'description', (field) => form.text(field));
  form.patch(bot, 'flowId', (field) => requireKnown(flows, field, form.text(field)));
  form.patch(bot, 'agentId', (field) => requireKnown(agents, field, form.text(field)));
  bot.channelIds = channelIds ?? bot.channelIds;
  bot.knowledgeBaseIds = baseIds ?? bot.knowledgeBaseIds;
  bot.config = { ...bot.config, ...form.map('config') };
  bot.metadata = { ...bot.metadata, ...form.map('metadata') };
  if (status) setStatus(world, bot, status);
}

function setStatus(world: World, bot: Bot, status: Bot['status']): void {
  const before = bot.status;
  bot.status = status;
  if ((before === 'active') === (status === 'active')) return;
  publishPlain(world, status === 'active' ? 'bot.started' : 'bot.stopped', bot.id, {
    botId: bot.id,
    name: bot.name,
    status,
  });
}

/** Counts the conversations that have the bot, or run in one of its channels. */
function botFigures(state: State, bot: Bot, query: URLSearchParams): Fields {
  const figures = figuresOf(state, readPeriod(query), ({ botId, channelId }) =>
    botId === undefined ? bot.channelIds.includes(channelId) : botId === bot.id,
  );
  const handled = figures.conversations.length;
  const handedOver = figures.conversations.filter(({ assignedTo }) => assignedTo !== undefined).length;
  return {
    conversationsHandled: handled,
    messagesProcessed: figures.messages.length,
    handoffRate: handled === 0 ? 0 : handedOver / handled,
    avgResponseTime: responseTime(figures),
  };
}
