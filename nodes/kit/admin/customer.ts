import type { LinktorClient } from '../../../lib/client/index';
import { invalid, LinktorError } from '../../../lib/errors';
import type { Message } from '../../../lib/model';
import type { Deed, Talk } from '../../sidebar/types';

/** timeout for an answer of the local sandbox, milliseconds */
const SANDBOX_TIMEOUT_MS = 2000;
const MAX_MESSAGES = 50;

/**
 * Check whether a sandbox answers at this address. Only this machine is contacted, and without credentials: the control
 * routes need none, and no other process on that port may receive them.
 */
export async function isSandbox(url: string | undefined): Promise<boolean> {
  if (url === undefined || !isLoopback(url)) return false;
  try {
    const { counts, sockets } = (await control(url, 'state')) as { counts?: unknown; sockets?: unknown };
    return typeof counts === 'object' && typeof sockets === 'object';
  } catch {
    return false;
  }
}

/** @returns the customer's view of a conversation */
export async function talkOf(client: LinktorClient, conversationId: string): Promise<Talk> {
  const { items } = await client.conversations.messages(conversationId, { limit: MAX_MESSAGES });
  const ours = items.filter(({ direction }) => direction === 'outbound');
  const [last] = ours;
  return {
    said: last?.text ?? last?.interactive?.body?.text ?? '',
    offers: last ? offersOf(last) : [],
    unread: ours.filter(isUnread).length,
  };
}

/**
 * Act as the customer through the control routes of the sandbox.
 * @throws LinktorError `validation` when the action is unknown
 */
export async function playCustomer(url: string, client: LinktorClient, deed: Deed): Promise<void> {
  const { conversationId, text, choice, read } = deed;
  if (typeof conversationId !== 'string' || conversationId === '') throw invalid('"conversationId" is missing.');
  if (read === true) {
    const { items } = await client.conversations.messages(conversationId, { limit: MAX_MESSAGES });
    for (const { id: messageId } of items.filter(isUnread)) {
      await control(url, 'status', { messageId, status: 'read' });
    }
  } else if (choice) await control(url, 'messages', { conversationId, choice });
  else if (typeof text === 'string' && text.trim() !== '') await control(url, 'messages', { conversationId, text });
  else throw invalid('There is nothing to say.', 'Give "text", "choice" or "read".');
}

function isUnread({ direction, status }: Message): boolean {
  return direction === 'outbound' && (status === 'sent' || status === 'delivered');
}

function offersOf({ interactive }: Message): Talk['offers'] {
  const { buttons = [], sections = [] } = interactive?.action ?? {};
  const pressed = buttons.filter(({ type }) => type === 'reply' || type === undefined);
  return [...pressed, ...sections.flatMap(({ rows }) => rows)].map(({ id, title }) => ({ id, title }));
}

/** The control routes are not part of the API, so the client is not used here. */
async function control(url: string, path: string, body?: object): Promise<unknown> {
  const signal = AbortSignal.timeout(SANDBOX_TIMEOUT_MS);
  const target = `${new URL(url).origin}/_sandbox/${path}`;
  const asked: RequestInit = body
    ? { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
    : {};
  let response: Response;
  let said: unknown;
  try {
    response = await fetch(target, { ...asked, redirect: 'error', signal });
    said = await response.json();
  } catch (cause) {
    const code = (cause as Error).name === 'TimeoutError' ? 'timeout' : 'network';
    throw new LinktorError(code, 'The sandbox did not answer.');
  }
  if (response.ok) return said;
  const { message } = (said ?? {}) as { message?: unknown };
  throw new LinktorError(response.status === 404 ? 'not_found' : 'validation', `The sandbox refused: ${message}`);
}

function isLoopback(url: string): boolean {
  if (!URL.canParse(url)) return false;
  const { hostname, protocol } = new URL(url);
  const isLocal = hostname === 'localhost' || hostname === '[::1]' || /^127(\.\d+){3}$/.test(hostname);
  return protocol === 'http:' && isLocal;
}
