import { send, senderOf } from '../sim/messages';
import type { World } from '../sim/world';
import type { Conversation } from '../state/entities';
import type { Message } from '../state/message';
import { readContent } from '../wire/content';
import { Form } from '../wire/form';
import { page } from '../wire/paging';
import { invalid, notFound } from '../wire/problem';
import { type Answer, type Call, created, ok, type Router } from '../wire/router';
import { messageView } from '../wire/views';

/** The messages of one conversation: reading and sending. */
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
    });
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
