import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { judge, pairs, show, spread, table } from './measure';
import { type Outcome, type Question, type Subject, startSenders, subjects } from './nodes-red';
import { startServer } from './server';

/**
 * Messages per second from inject through linktor-send to complete: node bench/run.mjs nodes. Compared with the http
 * request node and a function node that builds the same request, with and without keep-alive, in one real Node-RED. The
 * server runs in its own process. Rounds alternate, and only results of the same round are compared, because the load
 * of the machine varies.
 */

const rounds = 7;
const roundMs = 700;
const concurrencies = [1, 10, 50] as const;
const pile = 10_000;

const names: Record<Subject, string> = {
  ours: 'linktor-send',
  kept: 'function, http request, keep-alive',
  closing: 'function, http request',
};

/** concurrency, then subject, then round */
type Results = Map<number, Record<Subject, Outcome[]>>;

async function asked<T>(red: ChildProcess, question: Question): Promise<T> {
  red.send(question);
  const [answer] = (await once(red, 'message')) as [T];
  return answer;
}

async function compare(red: ChildProcess): Promise<Results> {
  const play = (subject: Subject, atOnce: number, milliseconds = roundMs) =>
    asked<Outcome>(red, { subject, atOnce, milliseconds });
  for (const subject of subjects) await play(subject, 10, 2000);
  const results: Results = new Map();
  for (const concurrency of concurrencies) {
    const outcomes: Record<Subject, Outcome[]> = { ours: [], kept: [], closing: [] };
    results.set(concurrency, outcomes);
    for (let round = 0; round <= rounds; round++) {
      // Alternate the order, so that no subject always follows the same one.
      for (const subject of round % 2 === 0 ? subjects : subjects.toReversed()) {
        const outcome = await play(subject, concurrency);
        if (round > 0) outcomes[subject].push(outcome);
      }
    }
  }
  return results;
}

/** @returns the bytes held by messages that wait for a server that does not answer yet */
async function queued(red: ChildProcess, base: string): Promise<number> {
  await asked(red, { subject: 'ours', atOnce: 50, milliseconds: 2000 });
  await fetch(`${base}/hold`, { method: 'POST' });
  const { added } = await asked<{ added: number }>(red, { subject: 'ours', pile });
  const through = once(red, 'message');
  await fetch(`${base}/release`, { method: 'POST' });
  await through;
  return added;
}

function report(results: Results, added: number): string {
  const lines: string[][] = [];
  const bars: string[] = [];
  for (const [concurrency, of] of results) {
    const pick = (subject: Subject, what: keyof Outcome) => of[subject].map((one) => one[what]);
    const against = (subject: Subject, what: keyof Outcome) =>
      pairs(pick('ours', what), pick(subject, what), (a, b) => a / b);
    for (const subject of subjects.toReversed()) {
      lines.push([
        names[subject],
        String(concurrency),
        spread(pick(subject, 'rate')).median.toFixed(0),
        spread(pick(subject, 'cpu')).median.toFixed(0),
        ...(subject === 'ours' ? ['', ''] : [show(against(subject, 'rate')), show(against(subject, 'cpu'))]),
      ]);
    }
    const better = spread(pick('kept', 'rate')).median > spread(pick('closing', 'rate')).median ? 'kept' : 'closing';
    const ratio = against(better, 'rate');
    if (concurrency !== 10) continue;
    bars.push(judge(ratio.median >= 1.3, `${show(ratio)} times the better core flow at 10 at once (bar 1.3, aim 1.6)`));
  }
  const megabytes = added / 1024 / 1024;
  bars.push(judge(megabytes < 30, `${megabytes.toFixed(1)} MB for ${pile} queued messages (bar 30)`));
  return [
    `Node.js ${process.versions.node}, ${cpus().length} cores, loopback; medians of ${rounds} rounds in turn, (min..max)`,
    table([['', 'at once', 'messages/s', 'CPU us', 'ours : this, messages/s', 'CPU'], ...lines]),
    '\nBars',
    ...bars,
  ].join('\n');
}

async function drive(): Promise<void> {
  const began = performance.now();
  const server = fork(process.argv[1] as string, ['server']);
  server.once('exit', (code) => process.exit(code ?? 1));
  const [base] = (await once(server, 'message')) as [string];
  const red = await startSenders(process.cwd(), base);
  try {
    const results = await compare(red.child);
    const added = await queued(red.child, base);
    console.log(report(results, added));
  } finally {
    await red.end();
  }
  console.log(`\n${Math.round((performance.now() - began) / 1000)} s`);
  server.removeAllListeners('exit');
  server.disconnect();
}

async function main([role]: string[]): Promise<void> {
  if (role === undefined) return drive();
  // Exit with the driver, in a way that still writes a requested profile.
  process.once('disconnect', () => process.exit());
  process.send?.(await startServer());
}

main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
