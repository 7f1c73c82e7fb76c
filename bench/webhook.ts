import { fork, spawn } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { judge, pairs, quantile, show, spread, table } from './measure';

/**
 * Verified webhooks per second: our node compared with a bare node:http handler, with the core flow for the same job,
 * and with an empty route in the same Node-RED, which is the upper bound. Rounds alternate; ratios are per round.
 */

const secret = 'whsec_bench';
const rounds = 7;
const atOnce = 20;
const sizes = { '1 KB': { bytes: 1024, count: 3000 }, '64 KB': { bytes: 65_536, count: 600 } };
const subjects = ['bare', 'empty', 'core', 'ours'] as const;
type Subject = (typeof subjects)[number];

interface Round {
  rate: number;
  p99: number;
}

/** A hand-written server that verifies signatures. */
function bare(): void {
  const server = http.createServer((request, response) => {
    const pieces: Buffer[] = [];
    request.on('data', (piece: Buffer) => pieces.push(piece));
    request.on('end', () => {
      const body = Buffer.concat(pieces);
      const given = Buffer.from(String(request.headers['x-linktor-signature']), 'hex');
      const expected = createHmac('sha256', secret).update(body).digest();
      const valid = given.length === expected.length && timingSafeEqual(given, expected);
      const event = valid ? JSON.parse(body.toString()) : undefined;
      response.writeHead(event ? 200 : 401, { 'Content-Type': 'application/json' });
      response.end('{"received":true}');
    });
  });
  server.listen(0, '127.0.0.1', () => process.send?.((server.address() as AddressInfo).port));
}

const handwritten = `
const crypto = global.get('crypto');
const given = Buffer.from(msg.req.headers['x-linktor-signature'] || '', 'hex');
const expected = crypto.createHmac('sha256', '${secret}').update(msg.payload).digest();
if (given.length !== expected.length || !crypto.timingSafeEqual(given, expected)) { msg.statusCode = 401; msg.payload = {}; return msg; }
msg.event = JSON.parse(msg.payload.toString());
msg.payload = { received: true };
return msg;`;

const place = { z: 'tab', x: 100, y: 100 };
const flow = [
  { id: 'tab', type: 'tab', label: 'bench' },
  {
    id: 'in',
    type: 'http in',
    ...place,
    url: '/core',
    method: 'post',
    upload: false,
    skipBodyParsing: true,
    wires: [['work']],
  },
  {
    id: 'work',
    type: 'function',
    ...place,
    func: handwritten,
    outputs: 1,
    timeout: 0,
    noerr: 0,
    initialize: '',
    finalize: '',
    libs: [],
    wires: [['out']],
  },
  { id: 'out', type: 'http response', ...place, statusCode: '', headers: {}, wires: [] },
  { id: 'account', type: 'linktor-config', baseUrl: 'http://127.0.0.1:9', signIn: 'apiKey' },
  { id: 'hook', type: 'linktor-webhook-in', ...place, config: 'account', path: '/ours', wires: [['next']] },
  { id: 'next', type: 'link out', ...place, mode: 'link', links: [], wires: [] },
];

/** Start a Node-RED with default settings and all three routes. */
async function nodeRed(root: string): Promise<{ port: number; end(): void }> {
  const userDir = mkdtempSync(path.join(tmpdir(), 'linktor-bench-'));
  const scope = path.join(userDir, 'node_modules', '@linktor');
  mkdirSync(scope, { recursive: true });
  symlinkSync(root, path.join(scope, 'node-red-linktor'), 'junction');
  mkdirSync(path.join(userDir, 'nodes'));
  writeFileSync(
    path.join(userDir, 'nodes', 'empty.js'),
    `module.exports = (RED) => RED.httpNode.post('/empty', (request, response) => response.json({ received: true }));`,
  );
  writeFileSync(path.join(userDir, 'nodes', 'empty.html'), '');
  writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(flow));
  writeFileSync(
    path.join(userDir, 'flows_cred.json'),
    JSON.stringify({ account: { apiKey: 'k', webhookSecret: secret } }),
  );
  const settings = `{ uiPort: 0, uiHost: '127.0.0.1', flowFile: 'flows.json', credentialSecret: false, telemetry: { enabled: false },
    nodesDir: ${JSON.stringify(path.join(userDir, 'nodes'))}, functionGlobalContext: { crypto: require('crypto') } }`;
  const file = path.join(userDir, 'settings.cjs');
  writeFileSync(file, `module.exports = ${settings};`);
  const red = path.join(root, 'node_modules', 'node-red', 'red.js');
  const child = spawn(process.execPath, [red, '--userDir', userDir, '--settings', file]);
  const port = await new Promise<number>((resolve, reject) => {
    let text = '';
    child.stdout.on('data', (data: Buffer) => {
      text += data.toString();
      const found = /now running at http:\/\/[\d.]+:(\d+)/.exec(text);
      if (found && text.includes('Started flows')) resolve(Number(found[1]));
    });
    child.once('exit', () => reject(new Error(text)));
  });
  return {
    port,
    end() {
      child.removeAllListeners('exit');
      child.kill('SIGKILL');
      rmSync(userDir, { recursive: true, force: true });
    },
  };
}

let serial = 0;

/** Deliveries as Linktor sends them, each a separate event, signed before the clock starts. */
function deliveries(count: number, bytes: number): { body: Buffer; signature: string }[] {
  return Array.from({ length: count }, () => {
    const event = {
      id: `evt_${serial++}`,
      type: 'message.sent',
      timestamp: '2026-01-01T00:00:00Z',
      data: { text: '' },
    };
    event.data.text = 'x'.repeat(Math.max(0, bytes - JSON.stringify(event).length));
    const body = Buffer.from(JSON.stringify(event));
    return { body, signature: createHmac('sha256', secret).update(body).digest('hex') };
  });
}

async function measure(port: number, target: string, count: number, bytes: number): Promise<Round> {
  const waiting = deliveries(count, bytes);
  const agent = new http.Agent({ keepAlive: true, maxSockets: atOnce });
  const took: number[] = [];
  const sendOne = ({ body, signature }: { body: Buffer; signature: string }) =>
    new Promise<void>((resolve, reject) => {
      const began = performance.now();
      const headers = {
        'Content-Type': 'application/json',
        'Content-Length': body.length,
        'X-Linktor-Signature': signature,
      };
      const request = http.request(
        { port, host: '127.0.0.1', path: target, method: 'POST', agent, headers },
        (response) => {
          if (response.statusCode !== 200) reject(new Error(`${target} answered ${response.statusCode}`));
          response.resume();
          response.on('end', () => {
            took.push(performance.now() - began);
            resolve();
          });
        },
      );
      request.on('error', reject);
      request.end(body);
    });
  const began = performance.now();
  await Promise.all(
    Array.from({ length: atOnce }, async () => {
      for (let next = waiting.pop(); next; next = waiting.pop()) await sendOne(next);
    }),
  );
  const rate = (count * 1000) / (performance.now() - began);
  agent.destroy();
  return { rate, p99: quantile(took, 0.99) };
}

async function main(): Promise<void> {
  const root = process.cwd();
  const child = fork(process.argv[1] as string, ['bare']);
  const barePort = await new Promise<number>((resolve) => child.once('message', (port) => resolve(Number(port))));
  const red = await nodeRed(root);
  const portOf = (subject: Subject) => (subject === 'bare' ? barePort : red.port);
  const lines = [
    `Node.js ${process.versions.node}, loopback, ${atOnce} at once; medians of ${rounds} rounds in turn, (min..max)`,
  ];
  const bars: string[] = [];
  try {
    for (const [size, { bytes, count }] of Object.entries(sizes)) {
      const results: Record<Subject, Round[]> = { bare: [], empty: [], core: [], ours: [] };
      // The first round warms up.
      for (let round = 0; round <= rounds; round++) {
        for (const subject of subjects) {
          const result = await measure(portOf(subject), `/${subject}`, count, bytes);
          if (round > 0) results[subject].push(result);
        }
      }
      const rates = (subject: Subject) => results[subject].map(({ rate }) => rate);
      const against = (subject: Subject) => pairs(rates('ours'), rates(subject), (a, b) => a / b);
      lines.push(
        `\n${size}`,
        table([
          ['', 'verified/s', 'p99 ms', 'ours : this'],
          ...subjects.map((subject) => [
            { bare: 'bare node:http', empty: 'empty route', core: 'http in, function', ours: 'linktor-webhook-in' }[
              subject
            ],
            spread(rates(subject)).median.toFixed(0),
            spread(results[subject].map(({ p99 }) => p99)).median.toFixed(2),
            subject === 'ours' ? '' : show(against(subject)),
          ]),
        ]),
      );
      if (size === '1 KB') {
        bars.push(
          judge(
            against('empty').median >= 0.7,
            `1 KB: ${show(against('empty'))} of the empty route (bar 0.7, aim 0.8)`,
          ),
        );
        bars.push(
          judge(against('core').median >= 1.5, `1 KB: ${show(against('core'))} times the core flow (bar 1.5, aim 1.8)`),
        );
      } else
        bars.push(
          judge(
            against('core').median >= 0.9,
            `64 KB: ${show(against('core'))} times the core flow (bar 0.9, aim 1.1)`,
          ),
        );
    }
  } finally {
    red.end();
    child.kill();
  }
  console.log([...lines, '\nBars', ...bars].join('\n'));
}

if (process.argv[2] === 'bare') bare();
else
  main().catch((error: unknown) => {
    console.error(error);
    process.exitCode = 1;
  });
