import type { State } from '../state';
import type { Channel, Contact, Conversation, Identifier, User } from '../state/entities';
import type { Button, Content, ListSection, Message } from '../state/message';
import { type Fields, isFields } from './form';

/** The eight values known to the TypeScript and Python families; `type` also has those of the other family. */
const CONTENT_TYPES = new Set<string>([
  'text',
  'image',
  'video',
  'audio',
  'document',
  'location',
  'contact',
  'sticker',
]);

/** A message with the fields of every SDK family: `contentType` with nested `content`, and `type` with flat parts. */
export function messageView(message: Message): Fields {
  const { kind, buttons, sections, choice: _, reaction, verbatim: __, group: ___, ...rest } = message;
  const { text, media, location, contact, template } = rest;
  return {
    ...rest,
    metadata: metadataView(message),
    contentType: CONTENT_TYPES.has(kind) ? kind : 'text',
    type: kind,
    interactive: message.interactive ? interactiveView(message.interactive) : interactiveOf(message),
    quickReplies: buttons
      ?.filter(({ type }) => type === 'reply')
      .map(({ text: title, payload }) => ({ id: payload ?? title, title })),
    content: {
      text,
      media,
      location,
      contact: contact && {
        name: contact.name,
        phones: contact.phones.map(({ number }) => number),
        emails: contact.emails,
      },
      template,
      buttons,
      listSections: sections?.map((section) => ({ ...section, title: section.title ?? '' })),
    },
  };
}

/** The metadata, with what the parts of a customer's message add. */
function metadataView({ metadata, reaction, group }: Message): Fields | undefined {
  if (!reaction && group === undefined) return metadata;
  return {
    ...metadata,
    ...(reaction && { is_reaction: 'true', reaction_message_id: reaction.messageId }),
    ...(group !== undefined && { chatType: 'group' }),
  };
}

/** The nested object as sent, always with a type and with titles of sections. */
function interactiveView(interactive: Fields): Fields {
  const { action } = interactive;
  if (!isFields(action) || !Array.isArray(action.sections)) return { type: 'button', ...interactive };
  const sections = action.sections.filter(isFields).map((section) => ({ title: '', ...section }));
  return { type: 'list', ...interactive, action: { ...action, sections } };
}

/** Buttons and sections in the nested form. */
function interactiveOf({ text, buttons, sections }: Content): Fields | undefined {
  if (!buttons && !sections) return undefined;
  return {
    type: sections ? 'list' : 'button',
    ...(text && { body: { text } }),
    action: {
      ...(buttons && { buttons: nestedButtons(buttons) }),
      ...(sections && { sections: plainSections(sections) }),
    },
  };
}

function nestedButtons(buttons: Button[]): Fields[] {
  return buttons.map(({ type, text, payload, url, phone }) => ({ type, id: payload ?? text, title: text, url, phone }));
}

function plainSections(sections: ListSection[]): Fields[] {
  return sections.map((section) => ({ ...section, title: section.title ?? '' }));
}

/** A conversation with its contact, its last message and both names of the assignee. */
export function conversationView(state: State, conversation: Conversation): Fields {
  const contact = state.contacts.get(conversation.contactId);
  const last = state.thread(conversation.id).at(-1);
  return {
    ...conversation,
    channelType: state.channels.get(conversation.channelId)?.type ?? 'unknown',
    assignedAgentId: conversation.assignedTo,
    contact: contact && contactView(state, contact),
    lastMessage: last && messageView(last),
  };
}

export function contactView(state: State, contact: Contact): Fields {
  return {
    ...contact,
    name: contact.name ?? '',
    identifiers: contact.identifiers.map((identifier) => identifierView(state, identifier)),
    avatar: contact.avatarUrl,
    conversationCount: state.conversationsOf(contact.id).length,
  };
}

/** An identifier always names a channel: its own, or the first one of its type. */
function identifierView({ channels }: State, identifier: Identifier): Fields {
  const { channelId = channels.find(({ type }) => type === identifier.channelType)?.id ?? '' } = identifier;
  return { ...identifier, channelId };
}

/** A channel with both words for its state. */
export function channelView({ verifyToken: _, ...channel }: Channel): Fields {
  const connected = channel.status === 'active';
  return {
    ...channel,
    enabled: connected,
    isConnected: connected,
    connectionStatus: connectionStatus(channel.status),
  };
}

export function connectionStatus(status: Channel['status']): string {
  if (status === 'active') return 'connected';
  return status === 'inactive' ? 'disconnected' : status;
}

export function userView({ password: _, ...user }: User): Fields {
  return { ...user, avatar: user.avatarUrl };
}
