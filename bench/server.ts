import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';

const answer = Buffer.from(
  JSON.stringify({
    success: true,
    data: {
      id: 'msg_8f14e45fceea167a5a36dedd4bea2543',
      conversationId: 'conv_1',
      tenantId: 'tenant_demo',
      direction: 'outbound',
      senderType: 'user',
      senderId: 'user_demo',
      contentType: 'text',
      content: { text: 'Your order left our shop this morning and should be with you tomorrow.' },
      status: 'sent',
      metadata: {},
      createdAt: '2025-01-01T12:00:00.000Z',
      updatedAt: '2025-01-01T12:00:00.000Z',
    },
  }),
);
const headers = ['Content-Type', 'application/json', 'Content-Length', String(answer.length), 'X-Request-ID', 'req_1'];
const route = /^\/conversations\/[^/]+\/messages$/;

/**
 * Start a minimal server: it sends one pre-encoded response once the whole request has arrived. From a request for
 * /hold until one for /release it holds all responses back.
 */
export async function startServer(): Promise<string> {
  let held: (() => void)[] | undefined;
  const server = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const { method, url = '' } = request;
      const known = method === 'POST' && route.test(url);
      const reply = () => {
        response.writeHead(known ? 201 : 404, headers);
        response.end(answer);
      };
      if (known && held) held.push(reply);
      else reply();
      if (url === '/hold') held = [];
      if (url === '/release') {
        for (const late of held ?? []) late();
        held = undefined;
      }
    });
  });
  server.keepAliveTimeout = 120_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
}
