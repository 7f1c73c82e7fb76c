import { quantile } from './measure';
import { make, type Send, type Subject } from './subjects';

/** The parameters of one round: concurrent senders, and its length in milliseconds or sends. */
export interface Round {
  concurrency: number;
  milliseconds?: number;
  sends?: number;
}

export interface Outcome {
  /** sends per second */
  rate: number;
  /** microseconds of processor time per send, all threads */
  cpu: number;
  /** milliseconds */
  p50: number;
  p99: number;
  /** bytes in use after the round and a garbage collection */
  heap: number;
}

const filler = 'The parcel is on its way and will be with you tomorrow between nine and twelve. '.repeat(4);
let sent = 0;

/** Run the rounds that the driver requests, in a separate process. */
export function work(subject: Subject, base: string): void {
  const send = make[subject](base);
  process.on('message', (round: Round) => {
    play(send, round).then(
      (outcome) => process.send?.(outcome),
      (error: unknown) => {
        console.error(subject, error);
        process.exit(1);
      },
    );
  });
}

async function play(send: Send, { concurrency, milliseconds, sends }: Round): Promise<Outcome> {
  const times: number[] = [];
  const before = process.cpuUsage();
  const start = performance.now();
  const end = start + (milliseconds ?? Number.POSITIVE_INFINITY);
  let left = sends ?? Number.POSITIVE_INFINITY;
  async function sender(): Promise<void> {
    for (let at = performance.now(); at < end && left > 0; ) {
      left--;
      sent++;
      await send(`conv_${sent % 10_000}`, `${sent} ${filler}`.slice(0, 265));
      const now = performance.now();
      if (milliseconds !== undefined) times.push(now - at);
      at = now;
    }
  }
  const first = sent;
  await Promise.all(Array.from({ length: concurrency }, sender));
  const seconds = (performance.now() - start) / 1000;
  const { user, system } = process.cpuUsage(before);
  const done = sent - first;
  const figures = { rate: done / seconds, cpu: (user + system) / done };
  return { ...figures, p50: quantile(times, 0.5), p99: quantile(times, 0.99), heap: await swept() };
}

/** Collect garbage three times: finalizers and closed sockets release memory late. @returns bytes in use */
async function swept(): Promise<number> {
  for (let look = 0; look < 3; look++) {
    global.gc?.();
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
  return process.memoryUsage().heapUsed;
}
