import { randomBytes } from 'node:crypto';
import { capabilitiesOf } from '../sim/capabilities';
import { publishChannel } from '../sim/events';
import { figuresOf, inbound, outbound, responseTime } from '../sim/figures';
import { readPeriod } from '../sim/period';
import type { World } from '../sim/world';
import { now, type State, stamp, touch } from '../state';
import { CHANNEL_TYPES, type Channel } from '../state/entities';
import type { Fields, Form } from '../wire/form';
import { type Answer, type Call, ok, type Router } from '../wire/router';
import { channelView, connectionStatus } from '../wire/views';
import { crudRoutes } from './crud';

/** Channels: the media in which customers write. */
export function channelRoutes(router: Router, world: World): void {
  const { state } = world;
  const need = crudRoutes(router, {
    path: '/channels',
    collection: state.channels,
    listing: {
      filters: {
        type: ({ type }, wanted) => type === wanted,
        status: ({ status }, wanted) => status === wanted || connectionStatus(status) === wanted,
      },
      search: ({ name, type }) => [name, type],
      sort: { createdAt: ({ createdAt }) => createdAt, name: ({ name }) => name.toLowerCase() },
      view: channelView,
    },
    create: (form) => create(state, form),
    update: (channel, form) => {
      if (form.has('name')) channel.name = form.needText('name');
      channel.config = { ...channel.config, ...form.map('config') };
      channel.metadata = { ...channel.metadata, ...form.map('metadata') };
    },
    remove: ({ id }) => {
      const own = state.conversations.filter(({ channelId }) => channelId === id);
      for (const conversation of own) state.removeConversation(conversation.id);
    },
  });
  router
    .on('POST', '/channels/:id/connect', (call) => setConnected(world, need(call), true))
    .on('POST', '/channels/:id/disconnect', (call) => setConnected(world, need(call), false))
    .on('GET', '/channels/:id/status', (call) => ok(statusOf(need(call))))
    .on('GET', '/channels/:id/capabilities', (call) => ok(capabilitiesOf(need(call).type)))
    .on('POST', '/channels/:id/test', (call) => ok(testConnection(need(call))))
    .on('GET', '/channels/:id/webhook', (call) => ok(inboundAddress(call, need(call))))
    .on('POST', '/channels/:id/webhook/regenerate', (call) => {
      const channel = need(call);
      channel.verifyToken = newVerifyToken();
      return ok(inboundAddress(call, channel));
    })
    .on('GET', '/channels/:id/stats', (call) => ok(channelFigures(state, need(call), call.query)));
}

function create(state: State, form: Form): Channel {
  const name = form.needText('name');
  const type = form.needChoice('type', CHANNEL_TYPES);
  return {
    ...stamp(state.channels.newId()),
    name,
    type,
    config: { type, ...form.map('config') },
    metadata: form.map('metadata') ?? {},
    status: 'inactive',
    verifyToken: newVerifyToken(),
  };
}

function setConnected(world: World, channel: Channel, on: boolean): Answer {
  const before = channel.status;
  channel.status = on ? 'active' : 'inactive';
  channel.connectedAt = on ? (channel.connectedAt ?? now()) : undefined;
  channel.errorMessage = undefined;
  touch(channel);
  if (channel.status !== before) publishChannel(world, on ? 'channel.connected' : 'channel.disconnected', channel);
  return ok(channelView(channel));
}

function statusOf({ id, status, connectedAt, lastActivityAt, errorMessage }: Channel): Fields {
  const isConnected = status === 'active';
  return {
    id,
    status,
    connectionStatus: connectionStatus(status),
    isConnected,
    lastPing: isConnected ? now() : undefined,
    connectedAt,
    lastActivityAt,
    error: errorMessage,
    errorMessage,
  };
}

function testConnection({ name, status }: Channel): Fields {
  const success = status === 'active';
  return { success, message: success ? `${name} is connected` : `${name} is not connected` };
}

function inboundAddress({ headers }: Call, { id, verifyToken }: Channel): Fields {
  return { url: `http://${headers.host}/webhooks/${id}`, verifyToken };
}

function channelFigures(state: State, { id }: Channel, query: URLSearchParams): Fields {
  const figures = figuresOf(state, readPeriod(query), ({ channelId }) => channelId === id);
  return {
    messagesReceived: inbound(figures),
    messagesSent: outbound(figures),
    conversationsCreated: figures.conversations.length,
    avgResponseTime: responseTime(figures),
  };
}

function newVerifyToken(): string {
  return `verify_${randomBytes(12).toString('hex')}`;
}
