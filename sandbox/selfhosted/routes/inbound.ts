import { randomUUID } from 'node:crypto';
import {
  addInboundContact,
  advanceStatus,
  type InboundDetails,
  openForInbound,
  overwriteStatus,
  receive,
} from '../../sim/messages';
import type { World } from '../../sim/world';
import { now } from '../../state';
import type { Channel, Contact } from '../../state/entities';
import { type Content, MESSAGE_STATUSES } from '../../state/message';
import { Form } from '../../wire/form';
import { type Answer, ok } from '../../wire/router';
import { contentOf } from '../message';
import { readTextMap } from '../read';
import { panic, Refusal } from '../refusal';
import type { AddRoutes } from '../route';

/** Inbound webhooks of providers. They need no credentials, only the id of the channel. */
export const inboundRoutes: AddRoutes = (on, { world }) => {
  const channelOf = (id: string | undefined): Channel => {
    const channel = world.state.channels.get(id ?? '');
    if (!channel) throw new Refusal(404, '', 'channel not found', 'bare');
    return channel;
  };
  on(
    'POST',
    '/webhooks/generic/:channel',
    ({ params, body }) => receiveGeneric(world, channelOf(params.channel), new Form(body)),
    {
      open: true,
    },
  );
  on(
    'POST',
    '/webhooks/status/:channel',
    ({ params, body }) => {
      channelOf(params.channel);
      return receiveStatus(world, new Form(body));
    },
    { open: true },
  );
};

interface Inbound {
  identifier: string;
  name: string;
  phone?: string;
  content: Content;
  details: InboundDetails;
}

/**
 * Accepts a customer's message and stores it after the planned delay. A repeated `message_id` is accepted and dropped.
 */
function receiveGeneric(world: World, channel: Channel, form: Form): Answer {
  const { faults, timers } = world;
  const externalId = form.text('message_id') || undefined;
  const sender = form.text('sender_id') ?? '';
  const name = form.text('sender_name') ?? '';
  const metadata = readTextMap(form, 'metadata');
  // The server writes the sender into a nil map and panics.
  if (!metadata && (sender || name)) throw panic();
  if (faults.outage.nats) throw new Refusal(500, '', 'failed to process message', 'bare');
  const { phone } = metadata ?? {};
  const content = contentOf(form.text('content_type') || 'text', form.text('content') ?? '', metadata ?? {});
  const details = { metadata, externalId, createdAt: now(), verbatim: true };
  const inbound: Inbound = { identifier: phone ?? (sender || externalId || ''), name, phone, content, details };
  const store = (): void => storeInbound(world, channel, inbound);
  if (faults.storeDelayMs === 0) store();
  else timers.after(faults.storeDelayMs, store);
  return ok({ status: 'ok', message_id: randomUUID() });
}

function storeInbound(world: World, channel: Channel, { identifier, name, phone, content, details }: Inbound): void {
  const { messages } = world.state;
  const { externalId } = details;
  if (externalId && messages.find((message) => message.externalId === externalId)) return;
  const contact = findOrAddContact(world, channel, identifier, name, phone);
  receive(world, openForInbound(world, contact.id, channel.id), content, details);
}

/** Finds the contact of an identity, else the one with exactly this phone, else adds one. */
function findOrAddContact(world: World, channel: Channel, identifier: string, name: string, phone?: string): Contact {
  const { contacts } = world.state;
  const identity = { channelType: channel.type, channelId: channel.id, identifier };
  const known = contacts.find(({ identifiers }) =>
    identifiers.some((other) => other.channelType === channel.type && other.identifier === identifier),
  );
  if (known) return known;
  const samePhone = phone ? contacts.find((contact) => contact.phone === phone) : undefined;
  if (!samePhone) return addInboundContact(world, { name: name || 'Unknown', phone, identifiers: [identity] });
  samePhone.identifiers = [...samePhone.identifiers, identity];
  return samePhone;
}

/** Receives a status from a provider; it is published first and stored by the consumer. */
function receiveStatus(world: World, form: Form): Answer {
  if (world.faults.outage.nats) throw new Refusal(500, '', 'failed to process status', 'bare');
  const message = world.state.messages.get(form.text('message_id') ?? '');
  const status = MESSAGE_STATUSES.find((known) => known === form.text('status'));
  const error = form.text('error_message') ?? form.text('error');
  if (!message) return ok({ status: 'ok' });
  if (world.settings.habits.has('statuses')) overwriteStatus(world, message, status ?? 'pending', error);
  else if (status) {
    try {
      advanceStatus(world, message, status, error);
    } catch {
      // An earlier status changes nothing.
    }
  }
  return ok({ status: 'ok' });
}
