import { cpus } from 'node:os';
import { type LimitOutcome, limit } from './limit';
import { judge, pairs, show, spread, table } from './measure';
import { type Subject, subjects, undiciOrFetch } from './subjects';
import type { Outcome } from './worker';

type Outcomes = Record<Subject, Outcome[]>;
/** concurrency, then subject, then round */
export type Results = Map<number, Outcomes>;

const ratio = (a: number, b: number) => a / b;
const difference = (a: number, b: number) => a - b;
const pick = (of: Outcome[], what: keyof Outcome) => of.map((one) => one[what]);
const compared = (of: Outcomes, subject: Subject, what: keyof Outcome, how = ratio) =>
  pairs(pick(of.ours, what), pick(of[subject], what), how);

/** @returns the report: all measurements and their criteria */
export function report(results: Results, grown: number, limited: LimitOutcome): string {
  const alone = results.get(1) as Outcomes;
  const others = subjects.filter((subject) => subject !== 'ours');
  const p50 = compared(alone, 'axios', 'p50', difference);
  const p99 = compared(alone, 'axios', 'p99', difference);
  const megabytes = grown / 1024 / 1024;
  const percent = (share: number) => `${(share * 100).toFixed(1)} %`;
  const versus = [...results].map(([concurrency, of]) => ({ concurrency, rate: compared(of, 'axios', 'rate') }));
  return [
    `Node.js ${process.versions.node}, ${cpus().length} cores, loopback; medians of 7 rounds in turn, (min..max)`,
    `undici is ${undiciOrFetch().what}`,
    '\nWhat each does',
    table([['at once', 'subject', 'sends/s', 'CPU us/send', 'p50 ms', 'p99 ms'], ...figures(results)]),
    '\nOurs against the others (sends/s: more is better; CPU per send: less is better)',
    table([
      ['at once', ...others.flatMap((subject) => [`sends/s : ${subject}`, `CPU : ${subject}`])],
      ...[...results].map(([concurrency, of]) => [
        String(concurrency),
        ...others.flatMap((subject) => [show(compared(of, subject, 'rate')), show(compared(of, subject, 'cpu'))]),
      ]),
    ]),
    '\nBars',
    ...versus.map(({ concurrency, rate }) =>
      judge(
        rate.median >= 0.85,
        `${show(rate)} of the sends/s of axios at ${concurrency} at once (bar 0.85, aim 0.95)`,
      ),
    ),
    judge(p99.median < 1, `latency added to axios: p50 ${show(p50, 3)} ms, p99 ${show(p99, 3)} ms (bar: p99 < 1 ms)`),
    judge(megabytes <= 5, `heap after 100,000 sends: ${megabytes.toFixed(2)} MB more than after 1,000 (bar 5 MB)`),
    judge(
      limited.used >= 0.85,
      `${percent(limited.used)} used of ${limit.perWindow} per ${limit.milliseconds} ms, ${limit.windows} windows (bar 85 %; ` +
        'the header in whole seconds costs up to 9.1 %)',
    ),
    judge(limited.refused < 0.01, `${percent(limited.refused)} of the requests answered 429 (bar 1 %)`),
    judge(limited.givenUp === 0, `${limited.givenUp} calls given up (bar 0)`),
  ].join('\n');
}

function figures(results: Results): string[][] {
  return [...results].flatMap(([concurrency, of]) =>
    subjects.map((subject) => {
      const middle = (what: keyof Outcome, digits: number) => spread(pick(of[subject], what)).median.toFixed(digits);
      return [String(concurrency), subject, middle('rate', 0), middle('cpu', 0), middle('p50', 3), middle('p99', 3)];
    }),
  );
}
