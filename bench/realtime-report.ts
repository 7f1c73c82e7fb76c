import { cpus } from 'node:os';
import { judge, pairs, type Spread, show, spread, table } from './measure';
import { conversationCount } from './realtime-frames';

export type Subject = 'bare' | 'simple' | 'core' | 'idle' | 'before' | 'ours';
export const crowdSize = 100;

export interface Round {
  /** events per second, and microseconds of processor time for each, all threads */
  rate: number;
  cpu: number;
  /** microseconds */
  p50: number;
  p99: number;
}

export type Results = Map<Subject, Round[]>;

export interface Crowd {
  /** events per second, by how the triggers filter */
  conversations: number[];
  words: number[];
  /** number of times that one event is parsed */
  parses: number;
  /** bytes held by the subscriptions and triggers; `full`: once the window of seen events has filled */
  heap: number;
  full: number;
}

const names: Record<Subject, string> = {
  bare: 'bare ws, JSON.parse',
  simple: 'websocket in, json, switch, simplest function',
  core: 'websocket in, json, switch, function for the same job',
  idle: 'a node that sends on what it parses',
  before: 'linktor-message-in of the other checkout',
  ours: 'linktor-message-in',
};

/** shares of the events per second of the cheapest node */
const FLOOR = 0.7;
const AIM = 0.85;
/** difference measured between two builds of the same source */
const NOISE = 0.03;

/** @returns the report: all measurements and their criteria */
export function report(results: Results, crowd: Crowd, rounds: number, perSecond: number): string {
  const pick = (subject: Subject, what: keyof Round) => (results.get(subject) ?? []).map((round) => round[what]);
  const against = (subject: Subject, what: 'rate' | 'cpu' = 'rate') =>
    pairs(pick('ours', what), pick(subject, what), (a, b) => a / b);
  const added = (what: 'p50' | 'p99') => pairs(pick('ours', what), pick('bare', what), (a, b) => a - b);
  const middle = (subject: Subject, what: keyof Round, digits = 0) =>
    spread(pick(subject, what)).median.toFixed(digits);
  const whole = (of: Spread) => show(of, 0);
  const mega = (bytes: number) => (bytes / 1024 / 1024).toFixed(1);
  const [byConversation, byWord] = [spread(crowd.conversations), spread(crowd.words)];
  const [toIdle, p50, p99] = [against('idle'), added('p50'), added('p99')];
  return [
    `Node.js ${process.versions.node}, ${cpus().length} cores, loopback; medians of ${rounds} rounds in turn, (min..max)`,
    table([
      ['', 'events/s', 'p50 us', 'p99 us', 'CPU us', 'ours : this, events/s', 'CPU'],
      ...(Object.keys(names) as Subject[]).flatMap((subject) =>
        results.has(subject)
          ? [
              [
                names[subject],
                middle(subject, 'rate'),
                middle(subject, 'p50'),
                middle(subject, 'p99'),
                middle(subject, 'cpu', 1),
                ...(subject === 'ours' ? ['', ''] : [show(against(subject)), show(against(subject, 'cpu'))]),
              ],
            ]
          : [],
      ),
    ]),
    `\n${crowdSize} triggers, each event for one of them`,
    table([
      ['they choose by', 'events/s'],
      ['conversation', whole(byConversation)],
      ['beginning of the text', whole(byWord)],
    ]),
    `  with a full window of seen events they hold ${mega(crowd.full)} MB`,
    '\nFacts',
    `  ${show(against('core'), 1)} times the core nodes for the same job`,
    `  ${show(against('simple'), 1)} times the core nodes with the simplest function`,
    `  ${show(against('bare'))} of a bare socket outside of Node-RED`,
    '\nBars',
    judge(
      toIdle.median >= FLOOR,
      `${show(toIdle)} of the least that Node-RED lets a trigger cost (floor ${FLOOR}, aim ${AIM})`,
    ),
    ...parity(results, against('before')),
    judge(p50.median < 50, `p50 ${whole(p50)} us added to a bare socket at ${perSecond}/s (bar 50)`),
    judge(p99.median < 1000, `p99 ${whole(p99)} us added to a bare socket at ${perSecond}/s (bar 1000)`),
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

/** Check that this build is not slower than the other checkout, if there is one. */
function parity(results: Results, ratio: Spread): string[] {
  const [ours, before] = (['ours', 'before'] as const).map((subject) => results.get(subject)?.map(({ rate }) => rate));
  if (!ours || !before) return [];
  const said = `${show(spread(ours), 0)} events/s against ${show(spread(before), 0)} before, ${show(ratio)} in one round`;
  return [judge(ratio.median >= 1 - NOISE, `${said} (bar 1, less ${NOISE} for noise)`)];
}
