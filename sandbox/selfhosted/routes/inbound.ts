import { randomUUID } from 'node:crypto';
import { addContact, advance, currentConversation, openConversation, receive } from '../../sim/messages';
import type { World } from '../../sim/world';
import { type Channel, type Contact, MESSAGE_STATUSES } from '../../state/entities';
import { Form } from '../../wire/form';
import { type Answer, ok } from '../../wire/router';
import { contentOf } from '../message';
import { textMap } from '../read';
import { crash, Refusal } from '../refusal';
import type { Routes } from '../route';

/** What providers call, open to everybody who knows the id of the channel. */
export const inboundRoutes: Routes = (on, { world }) => {
  const channelOf = (id: string | undefined): Channel => {
    const channel = world.state.channels.get(id ?? '');
    if (!channel) throw new Refusal(404, '', 'channel not found', 'bare');
    return channel;
  };
  on(
    'POST',
    '/webhooks/generic/:channel',
    ({ params, body }) => taken(world, channelOf(params.channel), new Form(body)),
    {
      open: true,
    },
  );
  on(
    'POST',
    '/webhooks/status/:channel',
    ({ params, body }) => {
      channelOf(params.channel);
      return told(world, new Form(body));
    },
    { open: true },
  );
};

/** A customer writes. The same `message_id` again is taken and thrown away. */
function taken(world: World, channel: Channel, form: Form): Answer {
  const { state } = world;
  const externalId = form.text('message_id') || undefined;
  const sender = form.text('sender_id') ?? '';
  const name = form.text('sender_name') ?? '';
  const metadata = textMap(form, 'metadata');
  // The handler writes the sender into a map that may not be there.
  if (!metadata && (sender || name)) throw crash();
  const accepted = ok({ status: 'ok', message_id: randomUUID() });
  if (externalId && state.messages.find((message) => message.externalId === externalId)) return accepted;
  const identifier = metadata?.phone ?? sender;
  const contact = contactBy(world, channel, identifier, name);
  const conversation =
    currentConversation(world, contact.id, channel.id) ??
    openConversation(world, { channelId: channel.id, contactId: contact.id });
  const content = contentOf(form.text('content_type') || 'text', form.text('content') ?? '', metadata ?? {});
  receive(world, conversation, content, metadata).externalId = externalId;
  return accepted;
}

/** The contact that the channel knows by `identifier`, made when there is none. */
function contactBy(
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

/** A provider tells what became of a message; what cannot be is passed over. */
function told(world: World, form: Form): Answer {
  const message = world.state.messages.get(form.text('message_id') ?? '');
  const status = MESSAGE_STATUSES.find((known) => known === form.text('status'));
  if (message && status) {
    try {
      advance(world, message, status, form.text('error'));
    } catch {
      // A step back changes nothing.
    }
  }
  return ok({ status: 'ok' });
}
