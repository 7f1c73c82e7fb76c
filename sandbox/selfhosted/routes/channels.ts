import { randomBytes } from 'node:crypto';
import { publishChannel } from '../../sim/events';
import type { World } from '../../sim/world';
import { now, stamp, touch } from '../../state';
import type { Channel } from '../../state/entities';
import { Form } from '../../wire/form';
import { type Answer, type Call, noContent, ok } from '../../wire/router';
import { nullIfEmpty, wrap, wrapCreated, wrapMessage } from '../envelope';
import { findByUuid, readTextMap, requireText } from '../read';
import { invalidBody } from '../refusal';
import type { AddRoutes } from '../route';
import { channelView } from '../views';

const MAX_LISTED_CHANNELS = 100;
const PAIRED_TYPE = 'whatsapp_unofficial';
const TEST_PATHS = ['test', 'test-whatsapp', 'test-telegram', 'test-twilio', 'test-facebook', 'test-instagram'];

/** Channels, with separate states for enabled and connected. */
export const channelRoutes: AddRoutes = (on, { world }) => {
  const { channels } = world.state;
  const need = ({ params }: Call): Channel => findByUuid(channels, params.id, 'CHANNEL_NOT_FOUND');
  on('GET', '/channels', () =>
    ok({ success: true, data: nullIfEmpty(channels.all().slice(0, MAX_LISTED_CHANNELS).map(channelView)) }),
  );
  on('POST', '/channels', ({ body }) => {
    const form = new Form(body);
    const { identifier: _, ...given } = read(form);
    const base = stamp(channels.newId());
    const verifyToken = `verify_${randomBytes(12).toString('hex')}`;
    const state = { status: 'inactive' as const, enabled: true, metadata: {}, verifyToken };
    return wrapCreated(channelView(channels.add({ ...base, ...state, ...given })));
  });
  on('GET', '/channels/:id', (call) => wrap(channelView(need(call))));
  on('PUT', '/channels/:id', (call) => {
    const channel = need(call);
    Object.assign(channel, read(new Form(call.body)));
    touch(channel);
    return wrap(channelView(channel));
  });
  on('DELETE', '/channels/:id', (call) => {
    const { id } = need(call);
    const own = world.state.conversations.filter(({ channelId }) => channelId === id);
    for (const conversation of own) world.state.removeConversation(conversation.id);
    channels.remove(id);
    return noContent();
  });
  on('PUT', '/channels/:id/enabled', (call) => {
    const enabled = new Form(call.body).flag('enabled');
    if (enabled === undefined) throw invalidBody();
    return setEnabled(need(call), enabled);
  });
  on('PUT', '/channels/:id/status', (call) => {
    const status = new Form(call.body).needChoice('status', ['active', 'inactive']);
    return setEnabled(need(call), status === 'active');
  });
  on('POST', '/channels/:id/connect', (call) => connect(world, need(call)));
  on('POST', '/channels/:id/disconnect', (call) => {
    setStatus(world, need(call), 'inactive');
    return wrapMessage('Channel disconnected');
  });
  on('POST', '/channels/:id/pair', (call) => {
    requireText(new Form(call.body), 'phone_number');
    return wrap({ channel: channelView(need(call)), pair_code: 'SAND-BOX1', expires_in: 60 });
  });
  for (const test of TEST_PATHS) {
    on('POST', `/channels/${test}`, ({ body }) => {
      const form = new Form(body);
      readTextMap(form, 'config');
      readTextMap(form, 'credentials');
      return wrap({ success: true, message: 'Connection successful' });
    });
  }
};

/** Reads a whole channel: absent fields become empty. Any word is accepted as a type. */
function read(form: Form): Pick<Channel, 'name' | 'type' | 'identifier' | 'config'> {
  readTextMap(form, 'credentials');
  return {
    type: requireText(form, 'type'),
    name: requireText(form, 'name'),
    identifier: form.text('identifier') || undefined,
    config: readTextMap(form, 'config') ?? {},
  };
}

function setEnabled(channel: Channel, enabled: boolean): Answer {
  channel.enabled = enabled;
  touch(channel);
  return wrap(channelView(channel));
}

/** Connects at once, except for the type that waits until its QR code is scanned. */
function connect(world: World, channel: Channel): Answer {
  const waits = channel.type === PAIRED_TYPE;
  setStatus(world, channel, waits ? 'connecting' : 'active');
  const code = waits && { qr_code: `sandbox-${randomBytes(12).toString('hex')}`, expires_in: 60 };
  return wrap({ channel: channelView(channel), ...code });
}

function setStatus(world: World, channel: Channel, status: Channel['status']): void {
  const before = channel.status;
  channel.status = status;
  channel.connectedAt = status === 'active' ? (channel.connectedAt ?? now()) : undefined;
  touch(channel);
  if (status === before || status === 'connecting') return;
  publishChannel(world, status === 'active' ? 'channel.connected' : 'channel.disconnected', channel);
}
