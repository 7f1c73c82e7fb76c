import { createHmac } from 'node:crypto';
import { cpus } from 'node:os';
import { Redis } from 'ioredis';
import { startSandbox } from '../sandbox';
import { StoreServer, storeServerPath } from '../test/support/store';
import { judge, pairs, quantile, show, spread, table } from './measure';
import { type Red, startRed } from './red';
import { BareBullmq, bullmqChild, isBullmqChild } from './scale-bullmq';
import { measureSharing } from './scale-share';

/**
 * What delivery that lasts and a shared store cost, in one Node-RED: sends with the outbox in memory, on disk and in the
 * store; the same sends by a bare BullMQ producer and its workers; webhooks with and without a claim in the store. Then
 * what two instances that share the events bring. Rounds alternate, and so do blocks of webhooks; ratios are per round,
 * differences per block. `--share` measures the sharing alone, `--webhooks` the webhooks.
 */

const secret = 'whsec_bench';
const rounds = 7;
const sends = 600;
const conversations = 50;
const webhooks = 400;
/** webhooks of one account before the next has its turn: what disturbs the machine disturbs all */
const block = 50;
const MIN_DURABLE_SHARE = 0.6;
const MAX_CLAIM_MS = 0.2;

const accounts = {
  memory: {},
  disk: { outbox: 'durable' },
  store: { outbox: 'durable', instances: 'several' },
} as const;
type Subject = keyof typeof accounts;
const subjects = Object.keys(accounts) as Subject[];

/** Emits messages into a send node and waits until as many have come out. */
const source = `module.exports = (RED) => {
  const waiting = new Map();
  RED.nodes.registerType('bench-source', function (config) {
    RED.nodes.createNode(this, config);
    RED.httpNode.post('/bench/' + config.subject, async (request, response) => {
      const { count, conversations } = JSON.parse(request.headers['x-bench']);
      const began = performance.now();
      const done = new Promise((resolve) => waiting.set(config.subject, { left: count, resolve }));
      for (let index = 0; index < count; index++)
        this.send({ conversationId: conversations[index % conversations.length], payload: String(index) });
      await done;
      response.json({ rate: (count * 1000) / (performance.now() - began) });
    });
  });
  RED.nodes.registerType('bench-sink', function (config) {
    RED.nodes.createNode(this, config);
    this.on('input', () => {
      const one = waiting.get(config.subject);
      if (one && --one.left === 0) one.resolve();
    });
  });
};`;

const place = { z: 'tab', x: 100, y: 100 };

function flowFor(baseUrl: string, redisUrl: string): object[] {
  const tab = { id: 'tab', type: 'tab', label: 'bench' };
  return [
    tab,
    ...subjects.flatMap((subject) => [
      {
        ...{ id: `account-${subject}`, type: 'linktor-config', baseUrl, redisUrl, ...accounts[subject] },
        credentials: { apiKey: 'sandbox-key', webhookSecret: secret },
      },
      { id: `source-${subject}`, type: 'bench-source', ...place, subject, wires: [[`send-${subject}`]] },
      {
        id: `send-${subject}`,
        type: 'linktor-send',
        ...place,
        config: `account-${subject}`,
        wires: [[`sink-${subject}`]],
      },
      { id: `sink-${subject}`, type: 'bench-sink', ...place, subject, wires: [] },
      {
        ...{ id: `hook-${subject}`, type: 'linktor-webhook-in', ...place, config: `account-${subject}` },
        ...{ path: `/hook-${subject}`, feedBus: false, wires: [[]] },
      },
    ]),
  ];
}

async function sendRate(url: string, subject: Subject, places: readonly string[], count: number): Promise<number> {
  if (count === 0) return Number.NaN;
  const headers = { 'x-bench': JSON.stringify({ count, conversations: places }) };
  const response = await fetch(`${url}/bench/${subject}`, { method: 'POST', headers });
  return ((await response.json()) as { rate: number }).rate;
}

/** @returns the median of milliseconds, one request after the other */
async function webhookTime(url: string, subject: Subject, round: string): Promise<number> {
  const times: number[] = [];
  for (let index = 0; index < block; index++) {
    const timestamp = new Date().toISOString();
    const body = JSON.stringify({ id: `${subject}-${round}-${index}`, type: 'message.received', timestamp, data: {} });
    const signature = createHmac('sha256', secret).update(body).digest('hex');
    const headers = { 'Content-Type': 'application/json', 'X-Linktor-Signature': signature };
    const began = performance.now();
    const response = await fetch(`${url}/hook-${subject}`, { method: 'POST', headers, body });
    await response.arrayBuffer();
    times.push(performance.now() - began);
    if (response.status !== 200) throw new Error(`${subject}: a webhook was answered ${response.status}`);
  }
  return quantile(times, 0.5);
}

/** @returns the processor time that the store has used, in microseconds */
async function storeTime(redis: Redis): Promise<number> {
  const info = await redis.info('cpu');
  const [user = 0, system = 0] = ['user', 'sys'].map((kind) =>
    Number(new RegExp(`used_cpu_${kind}:(\\S+)`).exec(info)?.[1]),
  );
  return (user + system) * 1e6;
}

async function main(): Promise<void> {
  const program = await storeServerPath();
  if (!program) throw new Error('There is no store server: see tools/store.mjs.');
  const store = await StoreServer.start(program, ['--appendfsync', 'everysec']);
  try {
    const isWanted = (what: string) => process.argv.includes(`--${what}`);
    if (!isWanted('share')) await measureDelivery(store, isWanted('webhooks') ? 0 : sends);
    if (!isWanted('webhooks')) console.log(`\n${await measureSharing(store.url)}`);
  } finally {
    await store.close();
  }
}

/** @param sends of a round; 0 measures webhooks alone */
async function measureDelivery(store: StoreServer, sends: number): Promise<void> {
  const sandbox = await startSandbox({ receipts: 'manual' });
  const redis = new Redis(store.url);
  const used = { send: [] as number[], webhook: [] as number[] };
  let red: Red | undefined;
  let bullmq: BareBullmq | undefined;
  const bare: number[] = [];
  try {
    const places: string[] = [];
    for (let index = 0; index < conversations; index++) places.push(await newConversation(sandbox.url, index));
    red = await startRed(process.cwd(), source);
    await red.deploy(flowFor(sandbox.url, store.url));
    if (sends > 0) bullmq = await BareBullmq.start(sandbox.url, store.url);
    const rates = new Map(subjects.map((subject) => [subject, [] as number[]]));
    const times = new Map(subjects.map((subject) => [subject, [] as number[]]));
    // The first round warms up.
    for (let round = 0; round <= rounds; round++) {
      for (const subject of subjects) {
        const began = await storeTime(redis);
        const rate = await sendRate(red.url, subject, places, sends);
        if (round === 0) continue;
        if (subject === 'store') used.send.push(((await storeTime(redis)) - began) / sends);
        rates.get(subject)?.push(rate);
      }
      const rate = await bullmq?.rate(places, sends);
      if (rate !== undefined && round > 0) bare.push(rate);
      const began = await storeTime(redis);
      for (let done = 0; done < webhooks; done += block) {
        for (const subject of subjects) {
          const time = await webhookTime(red.url, subject, `${round}-${done}`);
          if (round > 0) times.get(subject)?.push(time);
        }
      }
      if (round > 0) used.webhook.push(((await storeTime(redis)) - began) / webhooks);
    }
    console.log(
      report(
        (subject) => rates.get(subject) ?? [],
        (subject) => times.get(subject) ?? [],
        bare,
      ),
    );
    const ofSends = sends > 0 ? `${show(spread(used.send), 0)} us a send, ` : '';
    console.log(`\nProcessor time of the store: ${ofSends}${show(spread(used.webhook), 0)} us a webhook`);
  } finally {
    redis.disconnect();
    bullmq?.end();
    await red?.end();
    await sandbox.close();
  }
}

function report(
  rates: (subject: Subject) => number[],
  times: (subject: Subject) => number[],
  bare: readonly number[],
): string {
  const ratio = (a: number, b: number) => a / b;
  const disk = pairs(rates('disk'), rates('memory'), ratio);
  const shared = pairs(rates('store'), rates('memory'), ratio);
  const claim = pairs(times('store'), times('memory'), (a, b) => a - b);
  return [
    `Node.js ${process.versions.node}, ${cpus().length} cores, loopback; medians of ${rounds} rounds in turn (webhooks: of ${(rounds * webhooks) / block} blocks), (min..max)`,
    '',
    table([
      ['outbox', 'sends/s', 'webhook, ms'],
      ...subjects.map((subject) => [subject, show(spread(rates(subject)), 0), show(spread(times(subject)), 3)]),
      ...(bare.length > 0 ? [['bare BullMQ', show(spread(bare), 0), '']] : []),
    ]),
    ...(bare.length > 0
      ? [`\nFact: ${show(pairs(rates('store'), bare, ratio))} of the sends/s of a bare BullMQ, in the store`]
      : []),
    '\nBars',
    ...(Number.isNaN(disk.median)
      ? []
      : [
          judge(
            disk.median >= MIN_DURABLE_SHARE,
            `${show(disk)} of the sends/s of the memory queue, on disk (bar ${MIN_DURABLE_SHARE})`,
          ),
          judge(shared.median >= MIN_DURABLE_SHARE, `${show(shared)} of them, in the store (bar ${MIN_DURABLE_SHARE})`),
        ]),
    judge(
      claim.median <= MAX_CLAIM_MS,
      `a claim in the store costs a webhook ${show(claim, 3)} ms (bar ${MAX_CLAIM_MS})`,
    ),
  ].join('\n');
}

async function newConversation(url: string, index: number): Promise<string> {
  const contact = { name: `Customer ${index}`, phone: `+55119${String(index).padStart(8, '0')}` };
  const body = JSON.stringify({ contact, text: 'hello' });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(`${url}/_sandbox/messages`, { method: 'POST', headers, body });
  return ((await response.json()) as { conversationId: string }).conversationId;
}

(isBullmqChild ? bullmqChild() : main()).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
