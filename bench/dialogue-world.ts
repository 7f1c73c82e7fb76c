import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { type WebSocket, WebSocketServer } from 'ws';

/** The customers' answer to every question. */
export const ANSWER = '7';

let serial = 0;
let [now, createdAt] = [0, ''];

/** A message of the documented API. */
export function messageOf(conversationId: string, text: string, isInbound: boolean): object {
  if (Date.now() !== now) {
    now = Date.now();
    createdAt = new Date(now).toISOString();
  }
  return {
    id: `msg_${serial++}`,
    conversationId,
    direction: isInbound ? 'inbound' : 'outbound',
    contentType: 'text',
    content: { text },
    status: isInbound ? 'delivered' : 'sent',
    senderType: isInbound ? 'contact' : 'bot',
    senderId: isInbound ? 'ct_1' : 'bot_1',
    createdAt,
    updatedAt: createdAt,
  };
}

/** The other REST responses: the minimum that a client needs about a conversation and its channel. */
export function answerTo(method: string, url: string): { status: number; body: object } {
  const path = url.split('?')[0] ?? '';
  const list = { success: true, data: [], meta: { total: 0, page: 1, limit: 100, totalPages: 0, hasMore: false } };
  if (method !== 'GET') return { status: 404, body: { success: false } };
  const conversation = /^\/conversations\/([^/]+)$/.exec(path)?.[1];
  if (conversation === undefined) return { status: 200, body: list };
  const known = { id: conversation, channelId: 'ch_1', channelType: 'webchat', contactId: 'ct_1', status: 'open' };
  return { status: 200, body: { success: true, data: { ...known, contact: { id: 'ct_1', identifiers: [] } } } };
}

export const SEND = /^\/conversations\/([^/?]+)\/messages$/;

/** Start a server whose customers answer each message at once, over every open socket. */
export async function startWorld(): Promise<string> {
  const open = new Set<WebSocket>();
  const server = createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const { method = '', url = '' } = request;
      const conversation = method === 'POST' ? SEND.exec(url)?.[1] : undefined;
      const answer =
        conversation === undefined
          ? answerTo(method, url)
          : { status: 201, body: { success: true, data: messageOf(conversation, 'How many?', false) } };
      const text = JSON.stringify(answer.body);
      response.writeHead(answer.status, {
        'Content-Type': 'application/json',
        'Content-Length': Buffer.byteLength(text),
      });
      response.end(text);
      if (conversation === undefined) return;
      const message = messageOf(conversation, ANSWER, true);
      const frame = JSON.stringify({ type: 'message', conversationId: conversation, message });
      setImmediate(() => {
        for (const socket of open) socket.send(frame);
      });
    });
  });
  server.keepAliveTimeout = 120_000;
  const sockets = new WebSocketServer({ server, perMessageDeflate: false });
  sockets.on('connection', (socket) => {
    open.add(socket);
    socket.on('close', () => open.delete(socket));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
