import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { Agent } from 'node:http';
import { createRequire } from 'node:module';
import path from 'node:path';
import axios from 'axios';

/**
 * The same sends by a bare BullMQ producer and its workers, in a process of their own as Node-RED is: a queue for each of
 * eight lanes and one job at a time in it, which is how a conversation keeps its order there.
 */

const FLAG = '--bullmq-child';
const LANES = 8;
const NEVER = 1_000_000;

interface Job {
  conversation: string;
  text: string;
}
interface Round {
  conversations: string[];
  count: number;
}

/** This process is the child that {@link BareBullmq} has started. */
export const isBullmqChild = process.argv.includes(FLAG);

export class BareBullmq {
  readonly #child: ChildProcess;

  private constructor(child: ChildProcess) {
    this.#child = child;
  }

  static async start(baseUrl: string, redisUrl: string): Promise<BareBullmq> {
    const child = fork(process.argv[1] ?? '', [FLAG, baseUrl, redisUrl]);
    await once(child, 'message');
    return new BareBullmq(child);
  }

  /** @returns sends a second, from the first job to the last answer */
  async rate(conversations: string[], count: number): Promise<number> {
    this.#child.send({ conversations, count } satisfies Round);
    const [rate] = await once(this.#child, 'message');
    return rate as number;
  }

  end(): void {
    this.#child.kill();
  }
}

/** Work as the child: one round for each message of the parent. */
export async function bullmqChild(): Promise<void> {
  const [baseUrl = '', redisUrl = ''] = process.argv.slice(process.argv.indexOf(FLAG) + 1);
  const require = createRequire(path.join(process.cwd(), '.cache', 'bench', 'package.json'));
  const { Queue, Worker } = require('bullmq');
  const { hostname, port } = new URL(redisUrl);
  const connection = { host: hostname, port: Number(port), maxRetriesPerRequest: null };
  const client = axios.create({ baseURL: baseUrl, httpAgent: new Agent({ keepAlive: true }) });
  let left = 0;
  let finish = () => {};
  const work = async ({ data }: { data: Job }) => {
    const headers = { 'X-API-Key': 'sandbox-key' };
    await client.post(`/conversations/${data.conversation}/messages`, { text: data.text }, { headers });
    if (--left === 0) finish();
  };
  const lanes = Array.from({ length: LANES }, (_, lane) => new Queue(`lane-${lane}`, { connection }));
  const workers = lanes.map(
    ({ name }) => new Worker(name, work, { connection, concurrency: 1, lockDuration: 6000, maxStalledCount: NEVER }),
  );
  await Promise.all([...lanes, ...workers].map((one) => one.waitUntilReady()));
  process.on('message', async ({ conversations, count }: Round) => {
    left = count;
    const done = new Promise<void>((resolve) => {
      finish = resolve;
    });
    const began = performance.now();
    for (let index = 0; index < count; index++) {
      const job: Job = { conversation: conversations[index % conversations.length] ?? '', text: String(index) };
      const lane = lanes[(index % conversations.length) % LANES];
      void lane?.add('send', job, { removeOnComplete: true, attempts: 1 });
    }
    await done;
    process.send?.((count * 1000) / (performance.now() - began));
  });
  process.send?.('ready');
}
