import { send } from '../../sim/messages';
import type { World } from '../../sim/world';
import { now } from '../../state';
import type { Conversation } from '../../state/entities';
import type { Message } from '../../state/message';
import { Form } from '../../wire/form';
import type { Answer, Call } from '../../wire/router';
import { newestPage, nullIfEmpty, wrap, wrapCreated, wrapMessage } from '../envelope';
import { contentOf, messageView, wholeMessageView } from '../message';
import { findRecord, readTextMap, requireText } from '../read';
import { notFound } from '../refusal';
import type { AddRoutes } from '../route';

const MAX_LISTED_MESSAGES = 50;

/** The messages of a conversation. They cannot be marked, changed or deleted. */
export const messageRoutes: AddRoutes = (on, { world }) => {
  const { conversations, messages } = world.state;
  on('GET', '/messages/:id', ({ params }) =>
    wrap(wholeMessageView(world, findRecord(messages, params.id, 'MESSAGE_NOT_FOUND'))),
  );
  for (const path of ['/conversations/:id/messages', '/conversations-v2/:id/messages']) {
    const conversationOf = ({ params }: Call): Conversation =>
      findRecord(conversations, params.id, 'CONVERSATION_NOT_FOUND');
    on('GET', path, (call) => {
      const thread = world.state.thread(conversationOf(call).id);
      return newestPage(
        nullIfEmpty(
          thread
            .slice(-MAX_LISTED_MESSAGES)
            .toReversed()
            .map((message) => messageView(world, message)),
        ),
        MAX_LISTED_MESSAGES,
        thread.length,
      );
    });
    on('POST', path, (call) => sendMessage(world, conversationOf(call), call));
    on('POST', `${path}/:message/reactions`, (call) => {
      const message = messages.get(call.params.message ?? '');
      if (message?.conversationId !== conversationOf(call).id) throw notFound('Message', 'MESSAGE_NOT_FOUND');
      return react(world, message, call);
    });
  }
};

/** Stores a message, then publishes it. Channel type and state are not checked. */
function sendMessage(world: World, conversation: Conversation, { body, headers, caller }: Call): Answer {
  const form = new Form(body);
  const type = requireText(form, 'content_type');
  const text = requireText(form, 'content');
  const metadata = readTextMap(form, 'metadata');
  const key = headers['idempotency-key'];
  const message = send(world, conversation, {
    content: contentOf(type, text, metadata ?? {}),
    metadata,
    senderId: caller.userId,
    senderType: 'agent',
    idempotencyKey: typeof key === 'string' ? key : undefined,
    verbatim: true,
  });
  return wrapCreated(messageView(world, message));
}

/** Sets the one reaction of a user; an empty emoji removes it. */
function react(world: World, message: Message, { body, caller: { userId } }: Call): Answer {
  const emoji = new Form(body).text('emoji') ?? '';
  const others = (message.reactions ?? []).filter((reaction) => reaction.userId !== userId);
  message.reactions = emoji === '' ? others : [...others, { userId, emoji, at: now() }];
  world.events?.event('message.reaction', {
    channel_id: world.state.conversations.get(message.conversationId)?.channelId,
    message_id: message.id,
    external_id: message.externalId ?? '',
    conversation_id: message.conversationId,
    emoji,
    sender_id: userId,
  });
  return wrapMessage('Reaction sent');
}
