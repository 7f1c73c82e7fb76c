import { send, senderOf } from '../sim/messages';
import type { World } from '../sim/world';
import { now } from '../state';
import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import { readContent } from '../wire/content';
import { Form } from '../wire/form';
import { page } from '../wire/paging';
import { invalid, notFound, Problem } from '../wire/problem';
import { type Answer, type Call, created, ok, type Router } from '../wire/router';
import { messageView } from '../wire/views';

/** Channel types that deliver for good. */
const KEEPS_WHAT_IS_SENT: ReadonlySet<string> = new Set(['sms', 'email', 'voice']);
const DELETABLE_FOR_MS = 12 * 60 * 60_000;

/** The messages of one conversation: reading, sending and deleting. */
export function messageRoutes(router: Router, world: World): void {
  const { state } = world;
  const conversationOf = ({ params }: Call): Conversation => state.conversations.need(params.id ?? '');
  router
    .on('GET', '/conversations/:id/messages', (call) => ok(messagePage(world, conversationOf(call), call.query)))
    .on('POST', '/conversations/:id/messages', (call) => sendMessage(world, conversationOf(call), call))
    .on('GET', '/conversations/:id/messages/:message', (call) => {
      const message = state.messages.get(call.params.message ?? '');
      if (message?.conversationId !== conversationOf(call).id) throw notFound('Message');
      return ok(messageView(message));
    })
    .on('DELETE', '/messages/:id', ({ params }) => removeMessage(world, params.id ?? ''));
}

/** Newest first. `before` and `after` leave out the message or the instant they name. */
export function messagePage({ state }: World, { id }: Conversation, query: URLSearchParams): unknown {
  const order = query.get('sortOrder') ?? 'desc';
  if (order !== 'asc' && order !== 'desc') throw invalid('sortOrder', 'must be asc or desc');
  const direction = query.get('direction');
  const part = sliceThread(state.thread(id), query).filter((message) => !direction || message.direction === direction);
  return page(order === 'asc' ? part : part.toReversed(), query, messageView, 50);
}

function sendMessage(world: World, conversation: Conversation, { body, headers, caller }: Call): Answer {
  const form = new Form(body);
  const content = readContent(form);
  const metadata = form.map('metadata');
  const key = headers['idempotency-key'];
  const message = send(world, conversation, {
    content,
    metadata,
    ...senderOf(caller, conversation),
    idempotencyKey: typeof key === 'string' ? key : undefined,
  });
  return created(messageView(message));
}

/** Deletes a message of ours; what a channel can take back depends on its type and on the age of the message. */
function removeMessage({ state }: World, id: string): Answer {
  const message = state.messages.get(id);
  if (!message) throw new Problem(404, 'Message not found', { code: 'MESSAGE_NOT_FOUND' });
  const { conversationId, direction, createdAt } = message;
  const channelId = state.conversations.get(conversationId)?.channelId ?? '';
  const channelType = state.channels.get(channelId)?.type ?? '';
  if (direction === 'inbound' || KEEPS_WHAT_IS_SENT.has(channelType)) {
    throw new Problem(400, 'This message cannot be deleted', { code: 'DELETE_NOT_SUPPORTED' });
  }
  if (Date.now() - Date.parse(createdAt) > DELETABLE_FOR_MS) {
    throw new Problem(400, 'This message is too old to be deleted', { code: 'DELETE_WINDOW_EXPIRED' });
  }
  state.removeMessage(message);
  return ok({ data: { id, deleted: true, deletedAt: now() } });
}

function sliceThread(thread: readonly Message[], query: URLSearchParams): readonly Message[] {
  const after = query.get('after');
  const before = query.get('before');
  const from = after ? threadIndex(thread, 'after', after) + 1 : 0;
  const to = before ? threadIndex(thread, 'before', before) : thread.length;
  return thread.slice(from, to);
}

/** The place in the thread that an id or a time names: for a time, the last message not after it, or the first not before it. */
function threadIndex(thread: readonly Message[], field: 'after' | 'before', given: string): number {
  const named = thread.findIndex(({ id }) => id === given);
  if (named >= 0) return named;
  const at = Date.parse(given);
  if (Number.isNaN(at)) throw invalid(field, 'is neither a message of this conversation nor a time');
  const time = new Date(at).toISOString();
  if (field === 'after') return thread.findLastIndex(({ createdAt }) => createdAt <= time);
  const found = thread.findIndex(({ createdAt }) => createdAt >= time);
  return found < 0 ? thread.length : found;
}
