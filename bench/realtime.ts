import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';
import WebSocket from 'ws';
import { quantile } from './measure';
import { conversationCount } from './realtime-frames';
import { type Order, type Place, startLoad } from './realtime-load';
import { core, counter, crowd, idle, ours, type Question, receiver, simple, startCounting, tab } from './realtime-red';
import { type Crowd, crowdSize, type Results, type Round, report, type Subject } from './realtime-report';
import type { Red } from './red';

/**
 * Events per second and latency from the socket to the first node behind it: npm run bench:realtime.
 * linktor-message-in in a real Node-RED is compared with the cheapest possible trigger: a node that sends each parsed
 * frame unchanged. The core nodes for the same job, the core nodes with the simplest function, and a bare socket with
 * JSON.parse are listed for reference. The sender and each receiver run in separate processes. Rounds alternate, and
 * only results of the same round are compared, because the load of the machine varies.
 *
 * --rounds=N       instead of 7
 * --against=DIR    also measures the package built in another checkout, such as that of the parent commit
 */

/** events per round: about one second of work for each subject */
const counts: Record<Subject, number> = {
  bare: 200_000,
  simple: 30_000,
  core: 15_000,
  idle: 60_000,
  before: 60_000,
  ours: 60_000,
};
const paced = { count: 2000, perSecond: 1000 };
const crowdCount = 20_000;

/** @returns the next message of a process, at most 60 seconds later */
async function answer<T>(child: ChildProcess, what: string): Promise<T> {
  const signal = AbortSignal.timeout(60_000);
  const [given] = (await once(child, 'message', { signal }).catch(() => {
    throw new Error(`waited a minute for ${what}`);
  })) as [T];
  return given;
}

async function asked<T>(child: ChildProcess, question: Order | Question): Promise<T> {
  child.send(question);
  return answer<T>(child, `an answer to ${JSON.stringify(question)}`);
}

type Arrival = { ended: number; cpu: number; times?: number[] };

/** Call this before the events are sent. @returns the arrival report, once all expected events have arrived */
const arrival = (target: ChildProcess, to: string) => answer<Arrival>(target, `all events to come to ${to}`);

async function blast(
  load: ChildProcess,
  target: ChildProcess,
  to: string,
  count: number,
): Promise<Pick<Round, 'rate' | 'cpu'>> {
  await asked(target, { expect: count, times: false });
  const arrived = arrival(target, to);
  const { began } = await asked<{ began: number }>(load, { do: 'blast', to, count });
  const { ended, cpu } = await arrived;
  return { rate: (count * 1e6) / (ended - began), cpu: cpu / count };
}

/** @returns p50 and p99 in microseconds */
async function latency(load: ChildProcess, target: ChildProcess, to: string): Promise<Pick<Round, 'p50' | 'p99'>> {
  await asked(target, { expect: paced.count, times: true });
  const arrived = arrival(target, to);
  const { sent } = await asked<{ sent: number[] }>(load, { do: 'pace', to, ...paced });
  const { times = [] } = await arrived;
  const took = times.map((time, index) => time - (sent[index] ?? Number.NaN));
  return { p50: quantile(took, 0.5), p99: quantile(took, 0.99) };
}

/** Measure a bare socket: the minimum cost in any Node.js program. */
function bare(url: string): void {
  const come = receiver();
  new WebSocket(url, { perMessageDeflate: false }).on('message', (data) => {
    const frame = JSON.parse(String(data)) as { type: string };
    if (frame.type === 'message') come();
  });
}

async function compare(load: ChildProcess, where: Place, { root, against, rounds }: Settings): Promise<Results> {
  const client = fork(process.argv[1] as string, ['bare', `${where.sockets}/bare`]);
  const flows: [Subject, string, object[]][] = [
    ['simple', root, simple(where)],
    ['core', root, core(where)],
    ['idle', root, idle(where)],
    ...(against ? ([['before', against, ours(where, 'before')]] satisfies [Subject, string, object[]][]) : []),
    ['ours', root, ours(where)],
  ];
  const results: Results = new Map();
  const running: Red[] = [];
  const targets: [Subject, ChildProcess][] = [['bare', client]];
  try {
    for (const [subject, packageFolder, flow] of flows) {
      const red = await startCounting(root, packageFolder);
      running.push(red);
      targets.push([subject, red.child]);
      await red.deploy(flow);
    }
    for (const [subject] of targets) {
      const subscriptions = subject === 'ours' || subject === 'before' ? conversationCount : 0;
      await asked(load, { do: 'await', to: `/${subject}`, subscriptions });
    }
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const [subject, target] of round % 2 === 0 ? targets : targets.toReversed()) {
        const to = `/${subject}`;
        const speed = await blast(load, target, to, counts[subject]);
        const result = { ...speed, ...(await latency(load, target, to)) };
        if (round > 0) results.set(subject, [...(results.get(subject) ?? []), result]);
      }
    }
  } finally {
    await Promise.all(running.map((red) => red.end()));
    client.kill();
  }
  return results;
}

async function crowded(load: ChildProcess, where: Place, { root, rounds }: Settings): Promise<Crowd> {
  const red = await startCounting(root);
  const result: Crowd = { conversations: [], words: [], parses: 0, heap: 0, full: 0 };
  const { child } = red;
  const heap = async () => (await asked<{ heap: number }>(child, { heap: true })).heap;
  try {
    await red.deploy([tab, counter]);
    const empty = await heap();
    const few = [tab, counter, ...crowd(where, 'conversations', crowdSize)];
    await red.deploy(few);
    await asked(load, { do: 'await', to: '/conversations', subscriptions: conversationCount });
    result.heap = (await heap()) - empty;
    for (let sent = 0; sent < 100_000; sent += crowdCount) await blast(load, child, '/conversations', crowdCount);
    result.full = (await heap()) - empty;
    await red.deploy([...few, ...crowd(where, 'words', crowdSize)]);
    for (const to of ['/conversations', '/words']) {
      await asked(load, { do: 'await', to, subscriptions: conversationCount });
    }
    for (let round = 0; round <= rounds; round++) {
      for (const by of ['conversations', 'words'] as const) {
        const { rate } = await blast(load, child, `/${by}`, crowdCount);
        if (round > 0) result[by].push(rate);
      }
    }
    await asked(child, { parses: true });
    await blast(load, child, '/words', 1000);
    result.parses = (await asked<{ parses: number }>(child, { parses: true })).parses / 1000;
  } finally {
    await red.end();
  }
  return result;
}

async function drive(settings: Settings): Promise<void> {
  const began = performance.now();
  const load = fork(process.argv[1] as string, ['load']);
  load.once('exit', (code) => process.exit(code ?? 1));
  const [where] = (await once(load, 'message')) as [Place];
  const results = await compare(load, where, settings);
  const crowd = await crowded(load, where, settings);
  console.log(report(results, crowd, settings.rounds, paced.perSecond));
  console.log(`\n${Math.round((performance.now() - began) / 1000)} s`);
  load.removeAllListeners('exit');
  load.disconnect();
}

interface Settings {
  root: string;
  /** folder of another checkout, built */
  against: string | undefined;
  rounds: number;
}

function settingsOf(args: string[]): Settings {
  const { values } = parseArgs({ args, options: { against: { type: 'string' }, rounds: { type: 'string' } } });
  const against = values.against === undefined ? undefined : path.resolve(values.against);
  if (against && !existsSync(path.join(against, 'dist', 'nodes', 'linktor.js'))) {
    throw new Error(`${against} holds no build: run npm ci and npm run build there.`);
  }
  return { root: process.cwd(), against, rounds: Number(values.rounds ?? 7) };
}

async function main([role = '', url = '']: string[]): Promise<void> {
  // Exit with the driver, in a way that still writes a requested profile.
  if (role !== '' && !role.startsWith('-')) process.once('disconnect', () => process.exit());
  if (role === 'load') await startLoad();
  else if (role === 'bare') bare(url);
  else await drive(settingsOf(process.argv.slice(2)));
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
