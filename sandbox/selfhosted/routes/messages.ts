import { send } from '../../sim/messages';
import type { World } from '../../sim/world';
import { now } from '../../state';
import type { Conversation, Message } from '../../state/entities';
import { Form } from '../../wire/form';
import type { Answer, Call } from '../../wire/router';
import { added, newest, orNull, said, wrapped } from '../envelope';
import { contentOf, messageView, wholeMessageView } from '../message';
import { find, needed, textMap } from '../read';
import { absent } from '../refusal';
import type { Routes } from '../route';

const LISTED = 50;

/** The messages of a conversation. There is no way to mark, change or delete one. */
export const messageRoutes: Routes = (on, { world }) => {
  const { conversations, messages } = world.state;
  on('GET', '/messages/:id', ({ params }) => wrapped(wholeMessageView(find(messages, params.id, 'MESSAGE_NOT_FOUND'))));
  for (const path of ['/conversations/:id/messages', '/conversations-v2/:id/messages']) {
    const conversationOf = ({ params }: Call): Conversation => find(conversations, params.id, 'CONVERSATION_NOT_FOUND');
    on('GET', path, (call) => {
      const thread = world.state.thread(conversationOf(call).id);
      return newest(orNull(thread.slice(-LISTED).toReversed().map(messageView)), LISTED, thread.length);
    });
    on('POST', path, (call) => sendMessage(world, conversationOf(call), call));
    on('POST', `${path}/:message/reactions`, (call) => {
      const message = messages.get(call.params.message ?? '');
      if (message?.conversationId !== conversationOf(call).id) throw absent('Message', 'MESSAGE_NOT_FOUND');
      return react(message, call);
    });
  }
};

/** Neither the type nor the state of the channel is looked at. The message is stored before it is passed on. */
function sendMessage(world: World, conversation: Conversation, { body, headers, caller }: Call): Answer {
  const form = new Form(body);
  const type = needed(form, 'content_type');
  const text = needed(form, 'content');
  const metadata = textMap(form, 'metadata');
  const key = headers['idempotency-key'];
  const message = send(world, conversation, {
    content: contentOf(type, text, metadata ?? {}),
    metadata,
    senderId: caller.userId,
    senderType: 'agent',
    idempotencyKey: typeof key === 'string' ? key : undefined,
  });
  return added(messageView(message));
}

/** One reaction per user; an empty one takes it away. */
function react(message: Message, { body, caller: { userId } }: Call): Answer {
  const emoji = new Form(body).text('emoji') ?? '';
  const others = (message.reactions ?? []).filter((reaction) => reaction.userId !== userId);
  message.reactions = emoji === '' ? others : [...others, { userId, emoji, at: now() }];
  return said('Reaction sent');
}
