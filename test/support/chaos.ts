import { fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { LinktorClient } from '../../lib/client';
import { type Delivery, Realtime } from '../../lib/realtime';
import { API_KEY } from '../../sandbox/state';
import type { News, Orders } from './chaos-world';
import { Ledger } from './ledger';

export interface ChaosSettings extends Orders {
  /** messages between two heap measurements, 1000 by default: each collects garbage, which takes a part of a second */
  sampleEvery?: number;
  /** called from time to time with the progress */
  progress?(line: string): void;
}

export interface ChaosReport {
  seed: number;
  /** messages written, and delivered */
  written: number;
  told: number;
  /** faults as texts: lost, delivered twice, out of order, a status before its message, a warning of Node.js */
  faults: string[];
  /** number of injected failures by name */
  episodes: Record<string, number>;
  reconnects: number;
  recovered: number;
  /** number of reported gaps */
  gaps: number;
  /** bytes in use after garbage collection, without the window of seen events; one value per `sampleEvery` messages */
  heap: number[];
  milliseconds: number;
}

/** Times are a fraction of their defaults; only the pong timeout stays long, since the machine is busy. */
const timing = {
  ...{ handshake: 2000, silence: 250, pong: 1000, ping: 300 },
  ...{ healthy: 300, longestWait: 2000, revival: 50, linger: 10 },
};
/** milliseconds without a new event after which missing events count as lost */
const patience = 8000;
/** bytes held per seen event */
const bytesPerKey = 140;

/**
 * Run a Realtime against a sandbox with random failures, while customers keep writing.
 * @returns the report; missing events are reported and do not throw
 */
export async function chaos(settings: ChaosSettings): Promise<ChaosReport> {
  const { progress = () => {}, sampleEvery = 1000, ...orders } = settings;
  const began = Date.now();
  const world = fork(fileURLToPath(new URL('chaos-world.ts', import.meta.url)), { execArgv: ['--import', 'tsx'] });
  const { url: baseUrl } = await news(world, 'ready');
  const client = new LinktorClient({ baseUrl, apiKey: API_KEY, maxRetries: 0, timeout: 5 });
  const ledger = new Ledger();
  const heap: number[] = [];
  const counts = { reconnects: 0, recovered: 0, gaps: 0 };
  const { contract, url, connection } = client.realtime;
  const realtime = new Realtime({
    contract,
    rest: client,
    url,
    connection,
    reconnectInterval: 20,
    discoverInterval: 200,
    onProblem: () => {},
    timing,
  });
  realtime.onState(({ name }) => {
    if (name === 'open') counts.reconnects++;
  });
  const onDelivery = ({ event, recovered }: Delivery) => {
    if (event.name === 'sync.gap') counts.gaps++;
    if (recovered) counts.recovered++;
    ledger.note(event);
    if (!event.message || ledger.told % sampleEvery !== 0) return;
    heap.push(swept() - realtime.memory.export().length * bytesPerKey);
    const [used = 0] = heap.slice(-1);
    progress(`${ledger.told} messages, ${counts.reconnects - 1} reconnects, ${(used / 2 ** 20).toFixed(1)} MB`);
  };
  const warnings: string[] = [];
  const onWarning = ({ message }: Error) => void warnings.push(message);
  process.on('warning', onWarning);
  const releases = [realtime.subscribeAll(), () => void process.off('warning', onWarning)];
  // Other calls of a flow: a success tells the socket that the server accepts the credentials again.
  const calls = setInterval(() => {
    client.channels.list().then(
      () => realtime.revive(),
      () => {},
    );
  }, 60);
  try {
    await listening(realtime, baseUrl);
    releases.push(realtime.listen(onDelivery));
    const done = news(world, 'done');
    world.send(orders);
    const { written, episodes } = await done;
    progress('all is written');
    // After many consecutive losses the next attempt may be some seconds away, as designed.
    await ledger.complete(new Map(written), patience, () => realtime.state.name === 'waiting');
    progress(`in the end the connection is ${realtime.state.name}`);
    return {
      seed: orders.seed,
      written: written.reduce((sum, [, count]) => sum + count, 0),
      told: ledger.told,
      faults: [...ledger.faults(new Map(written)), ...warnings],
      episodes,
      ...counts,
      reconnects: counts.reconnects - 1,
      heap,
      milliseconds: Date.now() - began,
    };
  } finally {
    clearInterval(calls);
    for (const release of releases) release();
    await realtime.close();
    await client.close();
    world.removeAllListeners('exit');
    world.disconnect();
  }
}

type World = ReturnType<typeof fork>;

/** Messages from before the first listing count as old, so one must be delivered before the test begins. */
async function listening(realtime: Realtime, baseUrl: string): Promise<void> {
  let heard = false;
  const off = realtime.listen(({ event }) => {
    heard ||= event.message !== undefined;
  });
  const body = JSON.stringify({ conversationId: 'conv_ana', text: 'Anybody there?' });
  const headers = { 'Content-Type': 'application/json' };
  while (!heard) {
    await fetch(`${baseUrl}/_sandbox/messages`, { method: 'POST', headers, body });
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  off();
}

/** Wait for the next report of the server process, which must be of this kind. */
async function news<K extends News['is']>(world: World, kind: K): Promise<Extract<News, { is: K }>> {
  const ended = new AbortController();
  const onExit = () => ended.abort();
  world.once('exit', onExit);
  const [told] = (await once(world, 'message', { signal: ended.signal })) as [News];
  world.off('exit', onExit);
  if (told.is !== kind) throw new Error(told.is === 'failed' ? told.reason : `unexpected news: ${told.is}`);
  return told as Extract<News, { is: K }>;
}

function swept(): number {
  global.gc?.();
  return process.memoryUsage().heapUsed;
}
