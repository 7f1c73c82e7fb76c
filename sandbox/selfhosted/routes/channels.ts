import { randomBytes } from 'node:crypto';
import { channelEvent } from '../../sim/events';
import type { World } from '../../sim/world';
import { now, stamp, touch } from '../../state';
import type { Channel } from '../../state/entities';
import { Form } from '../../wire/form';
import { type Answer, type Call, gone, ok } from '../../wire/router';
import { added, orNull, said, wrapped } from '../envelope';
import { findStrictly, needed, textMap } from '../read';
import { unreadable } from '../refusal';
import type { Routes } from '../route';
import { channelView } from '../views';

const LISTED = 100;
const PAIRED = 'whatsapp_unofficial';
const TESTS = ['test', 'test-whatsapp', 'test-telegram', 'test-twilio', 'test-facebook', 'test-instagram'];

/** Channels. Whether one may be used and whether it is connected are two things here. */
export const channelRoutes: Routes = (on, { world }) => {
  const { channels } = world.state;
  const need = ({ params }: Call): Channel => findStrictly(channels, params.id, 'CHANNEL_NOT_FOUND');
  on('GET', '/channels', () => ok({ success: true, data: orNull(channels.all().slice(0, LISTED).map(channelView)) }));
  on('POST', '/channels', ({ body }) => {
    const form = new Form(body);
    const { identifier: _, ...given } = read(form);
    const base = stamp(channels.newId());
    const verifyToken = `verify_${randomBytes(12).toString('hex')}`;
    const state = { status: 'inactive' as const, enabled: true, metadata: {}, verifyToken };
    return added(channelView(channels.add({ ...base, ...state, ...given })));
  });
  on('GET', '/channels/:id', (call) => wrapped(channelView(need(call))));
  on('PUT', '/channels/:id', (call) => {
    const channel = need(call);
    Object.assign(channel, read(new Form(call.body)));
    touch(channel);
    return wrapped(channelView(channel));
  });
  on('DELETE', '/channels/:id', (call) => {
    const { id } = need(call);
    const own = world.state.conversations.filter(({ channelId }) => channelId === id);
    for (const conversation of own) world.state.removeConversation(conversation.id);
    channels.remove(id);
    return gone();
  });
  on('PUT', '/channels/:id/enabled', (call) => {
    const enabled = new Form(call.body).flag('enabled');
    if (enabled === undefined) throw unreadable();
    return allowed(need(call), enabled);
  });
  on('PUT', '/channels/:id/status', (call) => {
    const status = new Form(call.body).needChoice('status', ['active', 'inactive']);
    return allowed(need(call), status === 'active');
  });
  on('POST', '/channels/:id/connect', (call) => connect(world, need(call)));
  on('POST', '/channels/:id/disconnect', (call) => {
    turn(world, need(call), 'inactive');
    return said('Channel disconnected');
  });
  on('POST', '/channels/:id/pair', (call) => {
    needed(new Form(call.body), 'phone_number');
    return wrapped({ channel: channelView(need(call)), pair_code: 'SAND-BOX1', expires_in: 60 });
  });
  for (const test of TESTS) {
    on('POST', `/channels/${test}`, ({ body }) => {
      const form = new Form(body);
      textMap(form, 'config');
      textMap(form, 'credentials');
      return wrapped({ success: true, message: 'Connection successful' });
    });
  }
};

/** The whole of a channel: what the body leaves out is emptied. Any word is taken for a type. */
function read(form: Form): Pick<Channel, 'name' | 'type' | 'identifier' | 'config'> {
  textMap(form, 'credentials');
  return {
    type: needed(form, 'type'),
    name: needed(form, 'name'),
    identifier: form.text('identifier') || undefined,
    config: textMap(form, 'config') ?? {},
  };
}

function allowed(channel: Channel, enabled: boolean): Answer {
  channel.enabled = enabled;
  touch(channel);
  return wrapped(channelView(channel));
}

/** Most channels are simply connected; one kind waits for its code to be scanned. */
function connect(world: World, channel: Channel): Answer {
  const waits = channel.type === PAIRED;
  turn(world, channel, waits ? 'connecting' : 'active');
  const code = waits && { qr_code: `sandbox-${randomBytes(12).toString('hex')}`, expires_in: 60 };
  return wrapped({ channel: channelView(channel), ...code });
}

function turn(world: World, channel: Channel, status: Channel['status']): void {
  const before = channel.status;
  channel.status = status;
  channel.connectedAt = status === 'active' ? (channel.connectedAt ?? now()) : undefined;
  touch(channel);
  if (status === before || status === 'connecting') return;
  channelEvent(world, status === 'active' ? 'channel.connected' : 'channel.disconnected', channel);
}
