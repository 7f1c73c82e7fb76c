// A server that names a new conversation in every frame. It runs in a process of its own, so that its memory and its
// processor time do not count as those of Node-RED.
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { type WebSocket, WebSocketServer } from 'ws';
import { frame, text } from './frames';

export type FloodNews = { is: 'listening'; url: string } | { is: 'connected' } | { is: 'read' } | { is: 'sent' };

const FRAMES_PER_WRITE = 500;
const tell = (news: FloodNews) => process.send?.(news);
const conversation = (id: string) => ({ id, channelId: 'ch', status: 'open', contact: { id: `of ${id}`, name: id } });

function frameOf(index: number): Buffer {
  const conversationId = `conversation-${index}-0123456789abcdef`;
  const id = `message-${index}-0123456789abcdef`;
  const content = { text: `hello ${index}` };
  const createdAt = new Date().toISOString();
  const message = {
    id,
    conversationId,
    senderType: 'contact',
    direction: 'inbound',
    contentType: 'text',
    content,
    createdAt,
  };
  return frame(text, JSON.stringify({ type: 'message', conversationId, message }));
}

/** Send the frames, and report when the client has read them all. */
async function flood(socket: WebSocket, stream: Duplex, total: number): Promise<void> {
  for (let from = 0; from < total; from += FRAMES_PER_WRITE) {
    const count = Math.min(FRAMES_PER_WRITE, total - from);
    const bytes = Buffer.concat(Array.from({ length: count }, (_, index) => frameOf(from + index)));
    if (!stream.write(bytes)) await once(stream, 'drain');
  }
  socket.on('pong', (mark) => {
    if (String(mark) === 'last') tell({ is: 'read' });
  });
  socket.ping('last');
}

function answer(request: IncomingMessage, response: ServerResponse): void {
  const [, id, messages] = /\/conversations\/([^/?]+)(\/messages)?/.exec(request.url ?? '') ?? [];
  const respond = (status: number, body: object) =>
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
  if (request.method === 'POST') {
    tell({ is: 'sent' });
    respond(201, { id: 'sent', conversationId: id, direction: 'outbound', contentType: 'text', status: 'sent' });
  } else if (id === undefined || messages !== undefined) respond(200, { data: [], pagination: { total: 0 } });
  else respond(200, conversation(id));
}

const server = createServer((request, response) => request.on('end', () => answer(request, response)).resume());
const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
server.on('upgrade', (request, stream, head) =>
  sockets.handleUpgrade(request, stream, head, (socket) => {
    process.on('message', (total: number) => void flood(socket, stream, total));
    tell({ is: 'connected' });
  }),
);
process.once('disconnect', () => process.exit());
server.listen(0, '127.0.0.1', () =>
  tell({ is: 'listening', url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` }),
);
