import { randomUUID } from 'node:crypto';
import { addContact, advanceStatus, findActiveConversation, openConversation, receive } from '../../sim/messages';
import type { World } from '../../sim/world';
import { type Channel, type Contact, MESSAGE_STATUSES } from '../../state/entities';
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

/** Receives a customer's message. A repeated `message_id` is accepted and dropped. */
function receiveGeneric(world: World, channel: Channel, form: Form): Answer {
  const { state } = world;
  const externalId = form.text('message_id') || undefined;
  const sender = form.text('sender_id') ?? '';
  const name = form.text('sender_name') ?? '';
  const metadata = readTextMap(form, 'metadata');
  // The server writes the sender into a nil map and panics.
  if (!metadata && (sender || name)) throw panic();
  const accepted = ok({ status: 'ok', message_id: randomUUID() });
  if (externalId && state.messages.find((message) => message.externalId === externalId)) return accepted;
  const identifier = metadata?.phone ?? sender;
  const contact = findOrAddContact(world, channel, identifier, name);
  const conversation =
    findActiveConversation(world, contact.id, channel.id) ??
    openConversation(world, { channelId: channel.id, contactId: contact.id });
  const content = contentOf(form.text('content_type') || 'text', form.text('content') ?? '', metadata ?? {});
  receive(world, conversation, content, metadata).externalId = externalId;
  return accepted;
}

/** Finds the contact of an identity, or adds one. */
function findOrAddContact(
  world: World,
  { id: channelId, type: channelType }: Channel,
  identifier: string,
  name: string,
): Contact {
  const known = world.state.contacts.find(({ identifiers }) =>
    identifiers.some((identity) => identity.channelType === channelType && identity.identifier === identifier),
  );
  return (
    known ?? addContact(world, { name: name || identifier, identifiers: [{ channelType, channelId, identifier }] })
  );
}

/** Receives a status from a provider; an impossible transition is ignored. */
function receiveStatus(world: World, form: Form): Answer {
  const message = world.state.messages.get(form.text('message_id') ?? '');
  const status = MESSAGE_STATUSES.find((known) => known === form.text('status'));
  if (message && status) {
    try {
      advanceStatus(world, message, status, form.text('error'));
    } catch {
      // An earlier status changes nothing.
    }
  }
  return ok({ status: 'ok' });
}
