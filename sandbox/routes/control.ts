import { addContact, advanceStatus, findActiveConversation, openConversation, receive } from '../sim/messages';
import type { World } from '../sim/world';
import { type Contact, type Content, type Conversation, MESSAGE_STATUSES } from '../state/entities';
import { readContent } from '../wire/content';
import { controlRouter } from '../wire/control-router';
import type { Fault } from '../wire/faults';
import { Form } from '../wire/form';
import { invalid } from '../wire/problem';
import { type Answer, created, ok, type Router } from '../wire/router';
import { messageView } from '../wire/views';
import { phoneIs } from './contacts';

/** Control routes: act as the customer, provoke failures, report the state. No sign-in, but only from this machine. */
export function controlRoutes(router: Router, world: World): void {
  const { state, faults } = world;
  const { on, post } = controlRouter(router);
  post('/reset', () => {
    world.reset();
    return ok({ reset: true });
  });
  post('/messages', (form) => receiveMessage(world, form));
  post('/typing', (form) => publishTyping(world, form));
  post('/status', (form) => {
    const message = state.messages.need(form.needText('messageId'));
    advanceStatus(world, message, form.needChoice('status', MESSAGE_STATUSES), form.text('error'));
    return ok(messageView(message));
  });
  post('/fail', (form) => {
    faults.plan(readFault(form));
    return ok({ planned: true });
  });
  post('/latency', (form) => {
    faults.latency = form.needNumber('ms', { min: 0, max: 600_000 });
    return ok({ ms: faults.latency });
  });
  post('/limit', (form) => {
    const perMinute = form.needNumber('perMinute', { min: 0, integer: true });
    faults.limit(perMinute, form.number('windowMs', { min: 1 }));
    return ok({ perMinute });
  });
  post('/cutoff', (form) => {
    faults.cutoff = form.needNumber('ms', { min: 0, max: 600_000 });
    return ok({ ms: faults.cutoff });
  });
  post('/sockets/drop', (form) => ok({ dropped: world.sockets.drop(closeCode(form)) }));
  post('/sockets/freeze', () => ok({ frozen: world.sockets.freeze() }));
  post('/sockets/thaw', () => ok({ thawed: world.sockets.thaw() }));
  on('GET', '/state', () => ok(stateReport(world)));
}

function stateReport({ state, faults, sockets }: World): unknown {
  const { clients, ...counts } = sockets.report();
  return {
    counts: { requests: faults.total, ...state.counts() },
    sockets: counts,
    clients,
    sends: state.sends,
    requests: faults.requests,
  };
}

/** Receives a customer's message in the named conversation, or in the active one of the contact; creates missing ones. */
function receiveMessage(world: World, form: Form): Answer {
  const content = readInbound(form);
  const metadata = form.map('metadata');
  return created(messageView(receive(world, conversationFor(world, form), content, metadata)));
}

function readInbound(form: Form): Content {
  const choice = form.form('choice');
  if (!choice) {
    // Here `contact` is the sender; `readContent` would read it as a contact card.
    const { contact: _, ...draft } = form.fields();
    return readContent(new Form(draft));
  }
  const title = choice.needText('title');
  const id = choice.text('id') ?? title;
  return {
    kind: 'interactive',
    text: title,
    interactive: { type: 'button_reply', id, title, buttonReply: { id, title } },
  };
}

function conversationFor(world: World, form: Form): Conversation {
  const { state } = world;
  const id = form.text('conversationId');
  if (id !== undefined) return state.conversations.need(id);
  const channelId = form.text('channelId') ?? 'ch_webchat';
  const channel = state.channels.get(channelId);
  if (!channel) throw invalid('channelId', 'is not a channel');
  const contact = contactFor(world, form.form('contact'), channel);
  return (
    findActiveConversation(world, contact.id, channelId) ??
    openConversation(world, { channelId, contactId: contact.id })
  );
}

function contactFor(world: World, form: Form | undefined, channel: { id: string; type: string }): Contact {
  const name = form?.text('name')?.trim();
  const phone = form?.text('phone')?.trim();
  if (!name && !phone) throw invalid('contact', 'needs a name or a phone, or name a conversationId');
  const same = phone ? phoneIs(phone) : undefined;
  const known = world.state.contacts.find((contact) =>
    same ? same(contact.phone) : contact.name?.toLowerCase() === name?.toLowerCase(),
  );
  if (known) return known;
  const identifier = phone ?? name ?? '';
  return addContact(world, {
    name,
    phone,
    email: form?.text('email'),
    identifiers: [{ channelType: channel.type, channelId: channel.id, identifier, displayName: name }],
  });
}

function publishTyping({ state, publishers }: World, form: Form): Answer {
  const { id: conversationId, contactId } = state.conversations.need(form.needText('conversationId'));
  const userId = form.text('userId') ?? contactId;
  const isTyping = form.flag('isTyping') ?? true;
  for (const publisher of publishers) publisher.typing(conversationId, userId, isTyping);
  return ok({ conversationId, isTyping });
}

function readFault(form: Form): Fault {
  const count = form.number('count', { min: 0, integer: true }) ?? 1;
  const reset = form.flag('reset') ?? false;
  const after = form.flag('after') ?? false;
  const stored = form.flag('afterStore') ?? false;
  const status = form.number('status', { min: 200, max: 599, integer: true });
  if (count > 0 && !reset && !after && !stored && status === undefined)
    throw invalid('status', 'is required, or reset');
  const headers = form.form('headers');
  return {
    count,
    reset: reset || (after && status === undefined),
    after,
    stored,
    status: status ?? 500,
    headers: headers
      ? Object.fromEntries(Object.keys(headers.fields()).map((name) => [name, headers.needText(name)]))
      : {},
    body: form.raw('body'),
    method: form.text('method')?.toUpperCase(),
    path: form.text('path'),
  };
}

/** Close codes that a server may send: 1005 and 1006 stand for a missing close frame. */
function closeCode(form: Form): number | undefined {
  const code = form.number('code', { min: 1000, max: 4999, integer: true });
  if (code === 1006) return undefined;
  const possible = code === undefined || (code <= 1014 && ![1004, 1005].includes(code)) || code >= 3000;
  if (!possible) throw invalid('code', 'is not a code that a close frame may have');
  return code;
}
