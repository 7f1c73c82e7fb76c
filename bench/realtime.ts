import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import WebSocket from 'ws';
import { judge, pairs, quantile, type Spread, show, spread, table } from './measure';
import { conversationCount } from './realtime-frames';
import { type Order, type Place, startLoad } from './realtime-load';
import { core, counter, crowd, idle, ours, type Question, receiver, startCounting, tab } from './realtime-red';

/**
 * Events per second and latency from the socket to the first node behind it: node bench/run.mjs realtime.
 * linktor-message-in in a real Node-RED, against a bare socket with JSON.parse and against the core nodes for the same
 * job in another Node-RED. What no trigger can go below shows in a third: a node that sends each parsed frame on as it is
 * and does none of the job. The sender and each of them have a process of their own. Rounds take turns, and only those of
 * one round are compared: the machine may have other things to do.
 */

const rounds = 7;
const subjects = ['bare', 'core', 'idle', 'ours'] as const;
type Subject = (typeof subjects)[number];
/** events of one round: about as many as take each of them a second */
const counts: Record<Subject, number> = { bare: 200_000, core: 15_000, idle: 60_000, ours: 60_000 };
const paced = { count: 2000, perSecond: 1000 };
const crowdSize = 100;
const crowdCount = 20_000;

interface Round {
  /** events per second, and microseconds of processor time for each, all threads */
  rate: number;
  cpu: number;
  p50: number;
  p99: number;
}

const names: Record<Subject, string> = {
  bare: 'bare ws, JSON.parse',
  core: 'websocket in, json, switch, function',
  idle: 'a node that sends on what it parses',
  ours: 'linktor-message-in',
};

/** @returns the next message of a process, which must not take forever */
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

/** Call this before the events are sent. @returns when all that is expected has come */
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

/** What somebody who writes it by hand would write. */
function bare(url: string): void {
  const come = receiver();
  new WebSocket(url, { perMessageDeflate: false }).on('message', (data) => {
    const frame = JSON.parse(String(data)) as { type: string };
    if (frame.type === 'message') come();
  });
}

async function compare(load: ChildProcess, where: Place, root: string): Promise<Record<Subject, Round[]>> {
  const client = fork(process.argv[1] as string, ['bare', `${where.sockets}/bare`]);
  const [ourRed, coreRed, idleRed] = [await startCounting(root), await startCounting(root), await startCounting(root)];
  const processes = { bare: client, core: coreRed.child, idle: idleRed.child, ours: ourRed.child };
  const results: Record<Subject, Round[]> = { bare: [], core: [], idle: [], ours: [] };
  try {
    await ourRed.deploy(ours(where));
    await coreRed.deploy(core(where));
    await idleRed.deploy(idle(where));
    for (const to of ['/bare', '/core', '/idle']) await asked(load, { do: 'await', to, subscriptions: 0 });
    await asked(load, { do: 'await', to: '/ours', subscriptions: conversationCount });
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
        const [target, to] = [processes[subject], `/${subject}`];
        const speed = await blast(load, target, to, counts[subject]);
        const result = { ...speed, ...(await latency(load, target, to)) };
        if (round > 0) results[subject].push(result);
      }
    }
  } finally {
    await Promise.all([ourRed.end(), coreRed.end(), idleRed.end()]);
    client.kill();
  }
  return results;
}

interface Crowd {
  /** events per second, by how the triggers filter */
  conversations: number[];
  words: number[];
  /** of one event */
  parses: number;
  /** bytes that the subscriptions and triggers take; and once their window of seen events has filled */
  heap: number;
  full: number;
}

async function crowded(load: ChildProcess, where: Place, root: string): Promise<Crowd> {
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

function report(results: Record<Subject, Round[]>, crowd: Crowd): string {
  const pick = (subject: Subject, what: keyof Round) => results[subject].map((round) => round[what]);
  const against = (subject: Subject, what: 'rate' | 'cpu' = 'rate') =>
    pairs(pick('ours', what), pick(subject, what), (a, b) => a / b);
  const added = (subject: Subject, what: 'p50' | 'p99') =>
    pairs(pick(subject, what), pick('bare', what), (a, b) => a - b);
  const middle = (subject: Subject, what: keyof Round, digits = 0) =>
    spread(pick(subject, what)).median.toFixed(digits);
  const whole = (of: Spread) => show(of, 0);
  const mega = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  const [byConversation, byWord] = [spread(crowd.conversations), spread(crowd.words)];
  const [toBare, toCore, p50, p99] = [against('bare'), against('core'), added('ours', 'p50'), added('ours', 'p99')];
  return [
    `Node.js ${process.versions.node}, ${cpus().length} cores, loopback; medians of ${rounds} rounds in turn, (min..max)`,
    table([
      ['', 'events/s', 'p50 us', 'p99 us', 'CPU us', 'ours : this, events/s', 'CPU'],
      ...subjects.map((subject) => [
        names[subject],
        middle(subject, 'rate'),
        middle(subject, 'p50'),
        middle(subject, 'p99'),
        middle(subject, 'cpu', 1),
        ...(subject === 'ours' ? ['', ''] : [show(against(subject)), show(against(subject, 'cpu'))]),
      ]),
    ]),
    `  the core nodes add p50 ${whole(added('core', 'p50'))} us, p99 ${whole(added('core', 'p99'))} us to the bare socket`,
    `\n${crowdSize} triggers, each event for one of them`,
    table([
      ['they choose by', 'events/s'],
      ['conversation', whole(byConversation)],
      ['beginning of the text', whole(byWord)],
    ]),
    `  with a full window of seen events they hold ${mega(crowd.full)} MB`,
    '\nBars',
    judge(toBare.median >= 0.35, `${show(toBare)} of the events/s of a bare socket (bar 0.35, aim 0.5)`),
    judge(toCore.median >= 8, `${show(toCore, 1)} times the core nodes (bar 8, aim 12)`),
    judge(p50.median < 50, `p50 ${whole(p50)} us added to a bare socket at ${paced.perSecond}/s (bar 50)`),
    judge(p99.median < 1000, `p99 ${whole(p99)} us added to a bare socket at ${paced.perSecond}/s (bar 1000)`),
    judge(
      Math.min(byConversation.median, byWord.median) >= 20_000,
      `${whole(byConversation)} and ${whole(byWord)} events/s to ${crowdSize} triggers (bar 20000)`,
    ),
    judge(crowd.parses === 1, `${crowd.parses} parses of a frame for ${crowdSize} triggers (bar 1)`),
    judge(
      crowd.heap < 20 * 1024 * 1024,
      `${mega(crowd.heap)} MB for ${conversationCount} subscriptions and ${crowdSize} triggers (bar 20)`,
    ),
  ].join('\n');
}

async function drive(): Promise<void> {
  const began = performance.now();
  const load = fork(process.argv[1] as string, ['load']);
  load.once('exit', (code) => process.exit(code ?? 1));
  const [where] = (await once(load, 'message')) as [Place];
  const root = process.cwd();
  const results = await compare(load, where, root);
  const crowd = await crowded(load, where, root);
  console.log(report(results, crowd));
  console.log(`\n${Math.round((performance.now() - began) / 1000)} s`);
  load.removeAllListeners('exit');
  load.disconnect();
}

async function main([role, url = '']: string[]): Promise<void> {
  // Nobody stays behind, and a profile that was asked for gets written.
  if (role !== undefined) process.once('disconnect', () => process.exit());
  if (role === 'load') await startLoad();
  else if (role === 'bare') bare(url);
  else await drive();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
