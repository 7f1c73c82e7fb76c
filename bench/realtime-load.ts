import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer } from 'ws';
import { startSandbox } from '../sandbox';
import { API_KEY } from '../sandbox/state';
import { conversationCount, Frames } from './realtime-frames';

/** Orders of the driver to the load process; each is answered with one message. */
export type Order =
  /** wait until a client has connected to this path and subscribed to this many conversations */
  | { do: 'await'; to: string; subscriptions: number }
  /** send all at once -> {began} */
  | { do: 'blast'; to: string; count: number }
  /** send at an even pace -> {sent} */
  | { do: 'pace'; to: string; count: number; perSecond: number };

export interface Place {
  /** URL of the REST API, served by the sandbox */
  baseUrl: string;
  /** URL of the sockets; the path identifies the receiver */
  sockets: string;
  /** ids */
  conversations: string[];
  /** one conversation as returned by REST; the others differ only in their ids */
  sample: object;
}

interface Listener {
  stream: Duplex;
  subscribed: Set<string>;
}

/** @returns microseconds of a clock that all processes of this machine share */
export const clock = (): number => Number(process.hrtime.bigint()) / 1000;

/** Start the socket side of Linktor: a server whose frames are encoded before the clock starts. */
export async function startLoad(): Promise<void> {
  const { url: baseUrl } = await startSandbox({ seed: true });
  const { ids: conversations, sample } = await furnish(baseUrl);
  const frames = new Frames(conversations);
  const listeners = new Map<string, Listener>();
  const waiting = new Set<() => void>();
  const sockets = new WebSocketServer({ noServer: true, perMessageDeflate: false });
  const server = createServer();
  server.on('upgrade', (request, stream, head) => {
    const listener: Listener = { stream, subscribed: new Set() };
    sockets.handleUpgrade(request, stream, head, (socket) => {
      listeners.set(String(request.url).split('?')[0] ?? '', listener);
      socket.on('message', (data) => {
        const frame = JSON.parse(String(data)) as { type: string; conversationId: string };
        if (frame.type === 'subscribe') listener.subscribed.add(frame.conversationId);
        for (const check of waiting) check();
      });
      for (const check of waiting) check();
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));

  async function carryOut(order: Order): Promise<object> {
    if (order.do === 'await') {
      await new Promise<void>((resolve) => {
        const check = () => {
          if ((listeners.get(order.to)?.subscribed.size ?? -1) < order.subscriptions) return;
          waiting.delete(check);
          resolve();
        };
        waiting.add(check);
        check();
      });
      return {};
    }
    const stream = listeners.get(order.to)?.stream;
    if (!stream) throw new Error(`nobody listens at ${order.to}`);
    if (order.do === 'blast') return { began: await blast(stream, frames, order.count) };
    return { sent: await pace(stream, frames, order.count, order.perSecond) };
  }

  process.on('message', (order: Order) => {
    carryOut(order).then(
      (answer) => process.send?.(answer),
      (error: unknown) => {
        console.error(error);
        process.exit(1);
      },
    );
  });
  const place: Place = {
    baseUrl,
    sockets: `ws://127.0.0.1:${(server.address() as AddressInfo).port}`,
    conversations,
    sample,
  };
  process.send?.(place);
}

/** Create the conversations in the sandbox, so that REST returns them. */
async function furnish(baseUrl: string): Promise<{ ids: string[]; sample: object }> {
  const headers = { 'X-API-Key': API_KEY, 'Content-Type': 'application/json' };
  const create = async (contactId: string): Promise<string> => {
    const body = JSON.stringify({ channelId: 'ch_webchat', contactId });
    const answer = await fetch(`${baseUrl}/conversations`, { method: 'POST', headers, body });
    return ((await answer.json()) as { id: string }).id;
  };
  const ids: string[] = [];
  while (ids.length < conversationCount) ids.push(await create('ct_ana'));
  const answer = await fetch(`${baseUrl}/conversations/${ids[0]}`, { headers });
  return { ids, sample: (await answer.json()) as object };
}

/** frames per write; replies to pings are sent between writes */
const atOnce = 700;

/** @returns the time at which the first byte was sent */
async function blast(stream: Duplex, frames: Frames, count: number): Promise<number> {
  const bytes = frames.take(count);
  const chunk = atOnce * frames.size;
  const began = clock();
  for (let at = 0; at < bytes.length; at += chunk) {
    if (stream.write(bytes.subarray(at, at + chunk))) continue;
    await new Promise((resolve) => stream.once('drain', resolve));
  }
  return began;
}

/** @returns the time at which each frame was sent */
function pace(stream: Duplex, frames: Frames, count: number, perSecond: number): Promise<number[]> {
  const bytes = frames.take(count);
  const sent: number[] = [];
  const began = clock();
  return new Promise((resolve) => {
    const turn = () => {
      const due = Math.min(count, ((clock() - began) / 1e6) * perSecond);
      while (sent.length < due) {
        const start = sent.length * frames.size;
        sent.push(clock());
        stream.write(bytes.subarray(start, start + frames.size));
      }
      if (sent.length < count) setTimeout(turn, 1);
      else resolve(sent);
    };
    turn();
  });
}
