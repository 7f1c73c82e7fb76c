import { isWhatsApp, providerPhone } from '../sim/habits';
import { addInboundContact, openForInbound, receive } from '../sim/messages';
import type { World } from '../sim/world';
import { now } from '../state';
import type { Channel, Contact, Conversation } from '../state/entities';
import type { Choice, Content } from '../state/message';
import { readCard, readContent } from '../wire/content';
import { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Answer, created } from '../wire/router';
import { messageView } from '../wire/views';
import { phoneIs } from './contacts';

const CHOICE_KINDS = ['button', 'list', 'template'] as const;

/**
 * Receives a customer's message in the named conversation, or in the active one of the contact; creates missing ones.
 * With a delay the message is accepted now (202) and stored later, as a server with a queue does.
 */
export function receiveMessage(world: World, form: Form): Answer {
  const content = readInbound(form);
  const metadata = form.map('metadata');
  const group = form.text('group');
  const sentAt = readTime(form, 'sentAt');
  const storeAfterMs = form.number('storeAfterMs', { min: 0 }) ?? world.faults.storeDelayMs;
  if (storeAfterMs === 0) {
    return created(
      messageView(receive(world, conversationFor(world, form), content, { metadata, group, createdAt: sentAt })),
    );
  }
  const createdAt = sentAt ?? now();
  // Invalid input is refused now, not when the message is stored.
  checkSender(world, form);
  world.timers.after(storeAfterMs, () => {
    receive(world, conversationFor(world, form), content, { metadata, group, createdAt });
  });
  return { status: 202, body: { accepted: true, storeAfterMs } };
}

function readInbound(form: Form): Content {
  const choice = form.form('choice');
  if (choice) return choiceContent(readChoice(choice));
  const reaction = form.form('reaction');
  if (reaction) {
    const emoji = reaction.needText('emoji');
    return { kind: 'text', text: emoji, reaction: { messageId: reaction.needText('messageId'), emoji } };
  }
  const card = form.form('card');
  if (card) return { kind: 'contact', contact: readCard(card) };
  // Here `contact` is the sender; `readContent` would read it as a contact card.
  const { contact: _, ...draft } = form.fields();
  // A provider may deliver a message without visible text; the API cannot send one.
  const isBlank = typeof draft.text === 'string' && draft.text.trim() === '';
  const isAlone = ['type', 'media', 'location', 'interactive', 'template'].every((part) => draft[part] === undefined);
  if (isBlank && isAlone) return { kind: 'text', text: draft.text as string };
  return readContent(new Form(draft));
}

function readChoice(form: Form): Choice {
  const title = form.needText('title');
  return {
    kind: form.choice('kind', CHOICE_KINDS) ?? 'button',
    id: form.text('id') ?? title,
    title,
    description: form.text('description'),
  };
}

/** A choice in the format of the documented API, which has the parts of every SDK family. */
function choiceContent(choice: Choice): Content {
  const { kind, id, title, description } = choice;
  const reply = { id, title, ...(description && { description }) };
  const interactive = {
    button: { type: 'button_reply', ...reply, buttonReply: reply },
    list: { type: 'list_reply', ...reply, listReply: reply },
    template: { type: 'button_reply', ...reply, payload: id, buttonReply: reply },
  }[kind];
  return { kind: 'interactive', text: title, interactive, choice };
}

function conversationFor(world: World, form: Form): Conversation {
  const { state } = world;
  const id = form.text('conversationId');
  if (id !== undefined) return state.conversations.need(id);
  const channel = channelOf(world, form);
  const contact = contactFor(world, form.form('contact'), channel);
  return openForInbound(world, contact.id, channel.id);
}

function checkSender(world: World, form: Form): void {
  const id = form.text('conversationId');
  if (id !== undefined) world.state.conversations.need(id);
  else {
    channelOf(world, form);
    senderOf(form.form('contact'));
  }
}

function channelOf({ state }: World, form: Form): Channel {
  const channel = state.channels.get(form.text('channelId') ?? 'ch_webchat');
  if (!channel) throw invalid('channelId', 'is not a channel');
  return channel;
}

function senderOf(form: Form | undefined): { name?: string; phone?: string } {
  const name = form?.text('name')?.trim();
  const phone = form?.text('phone')?.trim();
  if (!name && !phone) throw invalid('contact', 'needs a name or a phone, or name a conversationId');
  return { name, phone };
}

function contactFor(world: World, form: Form | undefined, channel: Channel): Contact {
  const { name, phone } = senderOf(form);
  const same = phone ? phoneIs(phone) : undefined;
  const known = world.state.contacts.find((contact) =>
    same ? same(contact.phone) : contact.name?.toLowerCase() === name?.toLowerCase(),
  );
  if (known) return known;
  const stored =
    phone && isWhatsApp(channel.type) && world.settings.habits.has('phones') ? providerPhone(phone) : phone;
  return addInboundContact(world, {
    name,
    phone: stored,
    email: form?.text('email'),
    identifiers: [
      { channelType: channel.type, channelId: channel.id, identifier: stored ?? name ?? '', displayName: name },
    ],
  });
}

function readTime(form: Form, field: string): string | undefined {
  const text = form.text(field);
  if (text === undefined) return undefined;
  const at = Date.parse(text);
  if (Number.isNaN(at)) throw invalid(field, 'must be a time');
  return new Date(at).toISOString();
}
