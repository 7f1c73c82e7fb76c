import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { cpus } from 'node:os';
import { parseArgs } from 'node:util';
import { startSandbox } from '../sandbox';
import { judge, pairs, show, spread, table } from './measure';
import { type Red, startRed } from './red';

/**
 * The cost of redeploying 1,000 nodes of one kind on one account: npm run bench:deploy. Compared with 1,000 stubs
 * (nodes that only listen to input) and 1,000 function nodes. Each kind runs in its own Node-RED, the server in its
 * own process. Rounds alternate, and only results of the same round are compared.
 *
 * --rounds=N   instead of 7
 */

const NODE_COUNT = 1000;
/** highest accepted ratio to the stubs */
const MOST = 2;

const subjects = ['stub', 'function', 'send', 'message in'] as const;
type Subject = (typeof subjects)[number];
/** milliseconds from the close of the first node to the start of the last, elapsed and as CPU time of all threads */
interface Deploy {
  wall: number;
  cpu: number;
}

const place = { z: 'tab', x: 100, y: 100, wires: [[]] };
const kinds: Record<Subject, object> = {
  stub: { type: 'bench-stub' },
  function: { type: 'function', func: 'return msg;', outputs: 1, timeout: 0, initialize: '', finalize: '', libs: [] },
  send: { type: 'linktor-send', config: 'account' },
  'message in': { type: 'linktor-message-in', config: 'account' },
};

function flowOf(subject: Subject, baseUrl: string): object[] {
  const nodes = Array.from({ length: NODE_COUNT }, (_, at) => ({ id: `node-${at}`, ...place, ...kinds[subject] }));
  const account = { id: 'account', type: 'linktor-config', baseUrl, credentials: { apiKey: 'sandbox-key' } };
  return [{ id: 'tab', type: 'tab', label: 'bench' }, account, ...nodes];
}

/** Start a Node-RED with stubs, which reports the cost after each deploy. */
function startMeasured(root: string): Promise<Red> {
  return startRed(
    root,
    `module.exports = (RED) => {
      let began, before;
      RED.events.on('flows:stopping', () => { began = performance.now(); before = process.cpuUsage(); });
      RED.events.on('flows:started', () => {
        if (began === undefined) return;
        const { user, system } = process.cpuUsage(before);
        process.send({ wall: performance.now() - began, cpu: (user + system) / 1000 });
      });
      RED.nodes.registerType('bench-stub', function (config) {
        RED.nodes.createNode(this, config);
        this.on('input', (msg, send, done) => { send(msg); done(); });
      });
    };`,
  );
}

async function deployAgain({ child, deploy }: Red, flow: object[]): Promise<Deploy> {
  const said = once(child, 'message') as Promise<[Deploy]>;
  await deploy(flow);
  const [taken] = await said;
  return taken;
}

async function compare(baseUrl: string, rounds: number): Promise<Record<Subject, Deploy[]>> {
  const results: Record<Subject, Deploy[]> = { stub: [], function: [], send: [], 'message in': [] };
  const reds = new Map<Subject, Red>();
  try {
    for (const subject of subjects) reds.set(subject, await startMeasured(process.cwd()));
    // The first round creates the nodes, the second warms up.
    for (let round = -1; round <= rounds; round++) {
      for (const [subject, red] of round % 2 === 0 ? reds : [...reds].reverse()) {
        const taken = await deployAgain(red, flowOf(subject, baseUrl));
        if (round > 0) results[subject].push(taken);
      }
    }
  } finally {
    await Promise.all([...reds.values()].map((red) => red.end()));
  }
  return results;
}

function report(results: Record<Subject, Deploy[]>, rounds: number): string {
  const pick = (subject: Subject, what: keyof Deploy) => results[subject].map((one) => one[what]);
  const against = (subject: Subject, what: keyof Deploy) =>
    pairs(pick(subject, what), pick('stub', what), (a, b) => a / b);
  const middle = (subject: Subject, what: keyof Deploy) => spread(pick(subject, what)).median.toFixed(0);
  return [
    `Node.js ${process.versions.node}, ${cpus().length} cores; ${NODE_COUNT} nodes; medians of ${rounds} rounds in turn, (min..max)`,
    table([
      ['', 'ms', 'CPU ms', 'this : stub, ms', 'CPU'],
      ...subjects.map((subject) => [
        subject,
        middle(subject, 'wall'),
        middle(subject, 'cpu'),
        ...(subject === 'stub' ? ['', ''] : [show(against(subject, 'wall')), show(against(subject, 'cpu'))]),
      ]),
    ]),
    '\nBars',
    ...(['send', 'message in'] as const).map((subject) => {
      const ratio = against(subject, 'wall');
      return judge(ratio.median <= MOST, `${subject}: ${show(ratio)} times the stubs (bar ${MOST})`);
    }),
  ].join('\n');
}

async function drive(): Promise<void> {
  const { values } = parseArgs({ args: process.argv.slice(2), options: { rounds: { type: 'string' } } });
  const rounds = Number(values.rounds ?? 7);
  const server: ChildProcess = fork(process.argv[1] as string, ['server']);
  const [baseUrl] = (await once(server, 'message')) as [string];
  try {
    console.log(report(await compare(baseUrl, rounds), rounds));
  } finally {
    server.kill();
  }
}

async function main(): Promise<void> {
  if (process.argv[2] !== 'server') return drive();
  process.once('disconnect', () => process.exit());
  process.send?.((await startSandbox()).url);
}

main().catch((error: unknown) => {
  console.error(error);
  process.exit(1);
});
