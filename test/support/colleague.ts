import { once } from 'node:events';
import WebSocket from 'ws';
import { type FlowSetup, until } from './flows';

export type Colleague = Awaited<ReturnType<typeof colleague>>;

/** A colleague whose socket receives the typing events of a conversation. */
export async function colleague({ sandbox, state }: FlowSetup, conversationId: string) {
  const seen: { at: number; isTyping: boolean }[] = [];
  const before = (await state()).sockets.subscriptions;
  const socket = new WebSocket(`${sandbox.url.replace('http', 'ws')}/ws?api_key=sandbox-key`);
  await once(socket, 'open');
  socket.send(JSON.stringify({ type: 'subscribe', conversationId }));
  await until(state, ({ sockets }) => sockets.subscriptions > before);
  socket.on('message', (data) => {
    const { type, isTyping } = JSON.parse(String(data));
    if (type === 'typing') seen.push({ at: Date.now(), isTyping });
  });
  return {
    seen,
    signs: () => seen.map(({ isTyping }) => isTyping),
    take: (count: number) =>
      until(
        async () => seen,
        ({ length }) => length >= count,
      ),
    leave: () => socket.close(),
  };
}
