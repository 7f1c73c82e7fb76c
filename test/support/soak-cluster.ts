// npm run soak:cluster [--short] [parts]: what becomes of events and sends while instances, store and network fail.
import { createHmac } from 'node:crypto';
import { dice } from './chaos-world';
import { Cluster, noting, webhookSecret } from './cluster';
import { CustomerWriter } from './customer-writer';
import { killedSends, sendingNodes } from './killed-sends';
import { until } from './red';
import { storeServerPath } from './store';

interface Outcome {
  part: string;
  /** measured values, as shown */
  figures: Record<string, string | number>;
  faults: string[];
}

const long = {
  webhooks: 10_000,
  messages: 10_000,
  perSecond: 100,
  sends: 1000,
  kills: 50,
  stopMs: 20_000,
  downMs: 60_000,
};
const short = { webhooks: 1000, messages: 1000, perSecond: 40, sends: 150, kills: 6, stopMs: 20_000, downMs: 10_000 };
type Size = typeof long;

const SEED = 7;
const TAKEOVER_LIMIT_MS = 20_000;
const BACK_LIMIT_MS = 5000;
const TWO_SOCKETS_LIMIT_MS = 1000;
const MAX_DETAILS = 20;
const REPEATED = 0.3;
const FAULTY = 0.2;
/** conversations of the sends */
const SEND_PLACES = 50;
/** ten calls a second */
const SERVER_LIMIT = { perMinute: 600, windowMs: 60_000 };
const REFUSED_LIMIT = 0.01;
const names = ['A', 'B', 'C'];
const pause = (milliseconds: number) => new Promise<void>((resolve) => setTimeout(resolve, milliseconds));

const said = [
  { id: 'in', type: 'linktor-message-in', conversations: 'all', wires: [['said']] },
  noting('said', `{ what: 'said', text: msg.payload, conversationId: msg.conversationId }`),
];
const hooked = [
  { id: 'hook', type: 'linktor-webhook-in', path: '/hook', feedBus: false, wires: [['hooked']] },
  noting('hooked', `{ what: 'hooked', text: msg.event.id }`),
];
/** Each failure once, with customers who write all the time. */
async function failures(program: string, { stopMs, downMs }: Size): Promise<Outcome> {
  const cluster = await Cluster.start({ names, storeProgram: program, flow: said });
  const figures: Outcome['figures'] = {};
  const faults: string[] = [];
  const took = (what: string, milliseconds: number, limit: number) => {
    figures[what] = `${milliseconds} ms`;
    console.log(`  ${what}: ${milliseconds} ms`);
    if (milliseconds > limit) faults.push(`${what}: ${milliseconds} ms`);
  };
  try {
    const writer = new CustomerWriter(cluster);
    await writer.open(10);
    writer.start(20);
    const heardAgain = async (seconds: number) => {
      const before = cluster.notes('said').length;
      await until('messages to come', () => cluster.notes('said').length > before, seconds);
    };

    /** One failure at a time: what the last one has left is told. */
    const caughtUp = async () => {
      await until('the backlog', writer.mark(), 60);
    };

    /** What comes is written down with it. */
    const begin = (fault: string) => {
      writer.during = fault;
      console.log(`  ${new Date().toISOString().slice(11, 23)} ${fault}`);
    };

    const first = await cluster.leader();
    begin('SIGKILL of the leader');
    await cluster.kill(first);
    let began = Date.now();
    let leader = await cluster.leader([first]);
    await heardAgain(20);
    took('takeover after SIGKILL of the leader', Date.now() - began, TAKEOVER_LIMIT_MS);
    await cluster.restart(first);
    await caughtUp();

    const other = names.find((name) => name !== leader) as string;
    began = Date.now();
    begin('SIGKILL of another');
    await cluster.kill(other);
    await heardAgain(20);
    took('SIGKILL of another', Date.now() - began, BACK_LIMIT_MS);
    await cluster.restart(other);

    begin('SIGSTOP of the leader');
    cluster.stop(leader);
    began = Date.now();
    const next = await cluster.leader([leader]);
    await heardAgain(20);
    took('takeover after SIGSTOP of the leader', Date.now() - began, TAKEOVER_LIMIT_MS);
    await pause(Math.max(0, stopMs - (Date.now() - began)));
    begin('SIGCONT of the former leader');
    cluster.continue(leader);
    await heardAgain(20);
    leader = next;
    await caughtUp();

    begin('a killed store');
    await cluster.store.down();
    await pause(downMs);
    begin('the return of the store');
    await cluster.store.up();
    began = Date.now();
    await heardAgain(40);
    took(`back after the store was killed for ${downMs / 1000} s`, Date.now() - began, BACK_LIMIT_MS);

    await caughtUp();

    begin('a store that stands still');
    cluster.store.freeze();
    await pause(downMs);
    begin('a store that goes on');
    cluster.store.thaw();
    began = Date.now();
    await heardAgain(40);
    took(`back after the store stood still for ${downMs / 1000} s`, Date.now() - began, BACK_LIMIT_MS);

    await caughtUp();

    leader = await cluster.leader();
    begin('a leader cut off the store');
    cluster.wayToStore(leader).cut();
    began = Date.now();
    await cluster.leader([leader]);
    await heardAgain(20);
    took('takeover after the leader was cut off the store', Date.now() - began, TAKEOVER_LIMIT_MS);
    begin('the way of the former leader to the store mended');
    cluster.wayToStore(leader).mend();
    await pause(2000);

    await writer.end();
    const { lost, doubled, disordered, details } = await writer.judge();
    for (const one of details.slice(0, MAX_DETAILS)) console.log(`  ${one}`);
    Object.assign(figures, { messages: writer.total, lost, doubled, 'out of order': disordered });
    Object.assign(figures, { 'two sockets for': `${cluster.twoSocketsMs} ms` });
    if (lost + doubled + disordered > 0) faults.push(`${lost} lost, ${doubled} doubled, ${disordered} out of order`);
    if (cluster.twoSocketsMs > TWO_SOCKETS_LIMIT_MS) faults.push(`two sockets for ${cluster.twoSocketsMs} ms`);
  } finally {
    await cluster.end();
  }
  return { part: 'failures', figures, faults };
}

/** Webhooks at random instances, a part of them repeated; each is to come out once. */
async function webhooks(program: string, { webhooks: count }: Size): Promise<Outcome> {
  const cluster = await Cluster.start({ names, storeProgram: program, flow: [...said, ...hooked] });
  const luck = dice(SEED);
  try {
    const ids = Array.from({ length: count }, (_, index) => `evt-${index}`);
    const deliveries = ids.flatMap((id) => (luck() < REPEATED ? [id, id] : [id]));
    const began = Date.now();
    let next = 0;
    let refused = 0;
    const deliver = async () => {
      for (let id = deliveries[next++]; id !== undefined; id = deliveries[next++]) {
        for (;;) {
          const name = names[Math.floor(luck() * names.length)] as string;
          const status = await post(`${cluster.red(name).url}/hook`, id);
          if (status === 200) break;
          refused++;
        }
      }
    };
    await Promise.all(Array.from({ length: 24 }, deliver));
    const seconds = (Date.now() - began) / 1000;
    await until('all of them', () => cluster.notes('hooked').length >= count, 30).catch(() => undefined);
    const come = cluster.notes('hooked').map(({ text }) => text);
    const [lost, doubled] = [count - new Set(come).size, come.length - new Set(come).size];
    const figures = { deliveries: deliveries.length, 'a second': Math.round(deliveries.length / seconds) };
    return {
      part: 'webhooks',
      figures: { ...figures, '503 while another is at work': refused, lost, doubled },
      faults: lost + doubled > 0 ? [`${lost} lost, ${doubled} doubled`] : [],
    };
  } finally {
    await cluster.end();
  }
}

async function post(url: string, id: string): Promise<number> {
  const body = JSON.stringify({ id, type: 'message.received', timestamp: new Date().toISOString(), data: {} });
  const signature = createHmac('sha256', webhookSecret).update(body).digest('hex');
  const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
  const response = await fetch(url, { method: 'POST', headers, body });
  await response.arrayBuffer();
  return response.status;
}

/** Messages by the socket, while whichever instance leads is killed after five seconds. */
async function messages(program: string, { messages: count, perSecond }: Size): Promise<Outcome> {
  const cluster = await Cluster.start({ names, storeProgram: program, flow: said });
  const takeovers: number[] = [];
  let isWriting = true;
  try {
    const writer = new CustomerWriter(cluster);
    await writer.open(50);
    writer.start(perSecond, count);
    const killing = (async () => {
      while (isWriting) {
        const leader = await cluster.leader();
        await pause(5000);
        if (!isWriting) return;
        await cluster.kill(leader);
        const began = Date.now();
        await cluster.leader([leader]);
        takeovers.push(Date.now() - began);
        console.log(`  kill ${takeovers.length}: ${takeovers.at(-1)} ms, ${writer.total} written`);
        await cluster.restart(leader);
      }
    })();
    await writer.finish();
    isWriting = false;
    await killing;
    const { lost, doubled, disordered, details } = await writer.judge(90);
    for (const one of details.slice(0, MAX_DETAILS)) console.log(`  ${one}`);
    const worst = Math.max(0, ...takeovers);
    return {
      part: 'messages',
      figures: {
        ...{ messages: count, kills: takeovers.length, 'longest takeover': `${worst} ms`, lost, doubled },
        ...{ 'out of order': disordered, 'two sockets for': `${cluster.twoSocketsMs} ms` },
      },
      faults: [
        ...(lost + disordered > 0 ? [`${lost} lost, ${disordered} out of order`] : []),
        // An event whose flow had begun at the very moment of the kill may begin once more.
        ...(doubled > takeovers.length ? [`${doubled} doubled in ${takeovers.length} kills`] : []),
        ...(worst > TAKEOVER_LIMIT_MS ? [`takeover ${worst} ms`] : []),
        ...(cluster.twoSocketsMs > TWO_SOCKETS_LIMIT_MS ? [`two sockets for ${cluster.twoSocketsMs} ms`] : []),
      ],
    };
  } finally {
    isWriting = false;
    await cluster.end();
  }
}

/** Durable sends into 50 conversations, while the server fails and limits, and instances are killed. */
async function sends(program: string, { sends: count, kills }: Size): Promise<Outcome> {
  // The list of conversations needs its calls, too.
  const account = { outbox: 'durable', discoverInterval: 10 };
  const cluster = await Cluster.start({ names, storeProgram: program, flow: [...said, ...sendingNodes], account });
  const began = Date.now();
  try {
    const told = (name: string, sent: number) => console.log(`  ${name} is killed, ${sent} have arrived`);
    const { failed, calls, limited, ...figures } = await killedSends(
      cluster,
      {
        sends: count,
        conversations: SEND_PLACES,
        kills,
        between: Math.floor((count - SEND_PLACES) / kills),
        limit: SERVER_LIMIT,
        faulty: FAULTY,
        seconds: 120,
      },
      told,
    );
    const { lost, doubled, disordered } = figures;
    const refused = limited / calls;
    return {
      part: 'sends',
      figures: {
        ...figures,
        'told as failed': failed.length === 0 ? 0 : `${failed.length} (${[...new Set(failed)].join(', ')})`,
        'calls, and refused as too many': `${calls}, ${limited} (${(refused * 100).toFixed(2)} %)`,
        seconds: Math.round((Date.now() - began) / 1000),
      },
      faults: [
        ...(lost + doubled + disordered > 0 ? [`${lost} lost, ${doubled} doubled, ${disordered} out of order`] : []),
        ...(refused >= REFUSED_LIMIT ? [`${(refused * 100).toFixed(2)} % refused as too many`] : []),
      ],
    };
  } finally {
    await cluster.end();
  }
}

const parts = { failures, webhooks, messages, sends };

async function main(args: string[]): Promise<void> {
  const program = await storeServerPath();
  if (!program) throw new Error('There is no store server: see tools/store.mjs');
  const size = args.includes('--short') ? short : long;
  const wanted = Object.keys(parts).filter((name) => args.includes(name)) as (keyof typeof parts)[];
  const outcomes: Outcome[] = [];
  for (const name of wanted.length > 0 ? wanted : (Object.keys(parts) as (keyof typeof parts)[])) {
    console.log(`${name} ...`);
    outcomes.push(await parts[name](program, size));
  }
  for (const { part, figures, faults } of outcomes) {
    console.log(`\n${part}`);
    for (const [what, value] of Object.entries(figures)) console.log(`  ${what}: ${value}`);
    for (const one of faults) console.log(`  FAIL: ${one}`);
  }
  const isGood = outcomes.every(({ faults }) => faults.length === 0);
  console.log(isGood ? '\npass' : '\nfailed');
  process.exitCode = isGood ? 0 : 1;
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
