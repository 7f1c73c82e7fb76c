import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { type LimitOutcome, startLimited, underLimit } from './limit';
import { type Results, report } from './report';
import { startServer } from './server';
import { type Subject, subjects } from './subjects';
import { type Outcome, type Round, work } from './worker';

/**
 * Compares sends through LinktorClient with bare HTTP clients: node bench/run.mjs client.
 * The server and every subject run in separate processes. Rounds alternate, and only results of the same round are
 * compared, because the load of the machine varies.
 */

export const rounds = 7;
export const concurrencies = [1, 10, 50] as const;
const roundMs = 700;

function start(...args: string[]): ChildProcess {
  // The proxy settings of the environment must not affect the benchmark.
  const { HTTP_PROXY: _a, http_proxy: _b, ALL_PROXY: _c, all_proxy: _d, ...env } = process.env;
  const child = fork(__filename, args, { env });
  child.once('exit', (code) => {
    if (code) process.exit(code);
  });
  return child;
}

async function told<T>(child: ChildProcess): Promise<T> {
  const [message] = (await once(child, 'message')) as [T];
  return message;
}

async function play(child: ChildProcess, round: Round): Promise<Outcome> {
  child.send(round);
  return told<Outcome>(child);
}

async function compare(base: string): Promise<Results> {
  const workers = subjects.map((subject) => [subject, start('work', subject, base)] as const);
  for (const [, worker] of workers) await play(worker, { concurrency: 10, milliseconds: 2000 });
  const results: Results = new Map();
  for (const concurrency of concurrencies) {
    const outcomes: Record<Subject, Outcome[]> = { ours: [], axios: [], undici: [], http: [] };
    results.set(concurrency, outcomes);
    for (let round = 0; round <= rounds; round++) {
      // Alternate the order, so that no subject always follows the same one.
      for (const [subject, worker] of round % 2 === 0 ? workers : workers.toReversed()) {
        const outcome = await play(worker, { concurrency, milliseconds: roundMs });
        if (round > 0) outcomes[subject].push(outcome);
      }
    }
  }
  for (const [, worker] of workers) worker.disconnect();
  return results;
}

/** @returns bytes in use after 100,000 sends beyond those after 1,000 */
async function growth(base: string): Promise<number> {
  const worker = start('work', 'ours', base);
  const { heap: early } = await play(worker, { concurrency: 10, sends: 1000 });
  const { heap: late } = await play(worker, { concurrency: 10, sends: 99_000 });
  worker.disconnect();
  return late - early;
}

async function limited(): Promise<LimitOutcome> {
  const sandbox = start('sandbox');
  const client = start('limit', await told<string>(sandbox));
  const outcome = await told<LimitOutcome>(client);
  for (const child of [sandbox, client]) child.disconnect();
  return outcome;
}

async function drive(): Promise<void> {
  const began = performance.now();
  const server = start('server');
  const base = await told<string>(server);
  const results = await compare(base);
  // A client under the limit mostly waits, so the memory is measured at the same time.
  const [grown, limit] = await Promise.all([growth(base), limited()]);
  console.log(report(results, grown, limit));
  console.log(`\n${Math.round((performance.now() - began) / 1000)} s`);
  server.disconnect();
}

async function main([role, ...args]: string[]): Promise<void> {
  // Exit with the driver, in a way that still writes a requested profile.
  if (role !== undefined) process.once('disconnect', () => process.exit());
  const [first = '', second = ''] = args;
  if (role === 'server') process.send?.(await startServer());
  else if (role === 'sandbox') process.send?.(await startLimited());
  else if (role === 'limit') process.send?.(await underLimit(first));
  else if (role === 'work') work(first as Subject, second);
  else await drive();
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
