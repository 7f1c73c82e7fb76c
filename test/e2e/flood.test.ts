import { strict as assert } from 'node:assert';
import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { FloodNews } from '../support/flood-server';
import { Red, until } from '../support/red';

/** All bounds are full after a tenth of them; the rest shows whether anything still grows. */
const FRAMES = 1_000_000;
const MAX_GROWN_MB = 100;
/**
 * The young generation of Node.js 24 grows to 100 MB with anything that is busy, that of Node.js 20 to 50 MB: the test
 * measures what we hold.
 */
const YOUNG = { NODE_OPTIONS: '--max-semi-space-size=16' };
const place = { z: 'tab', x: 1, y: 1 };

/** What a process holds, in megabytes. */
function memoryOf(pid = 0): number {
  return Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0) / 1024;
}

describe('a server that names a new conversation in every frame', function () {
  this.timeout(300_000);
  let server: ChildProcess;
  let red: Red;
  const news: FloodNews[] = [];
  const has = (what: FloodNews['is']) => news.some(({ is }) => is === what);

  before(async () => {
    server = fork(fileURLToPath(new URL('../support/flood-server.ts', import.meta.url)), {
      execArgv: ['--import', 'tsx'],
    });
    server.on('message', (one: FloodNews) => news.push(one));
    const baseUrl = await until(
      'the server',
      () => news.flatMap((one) => (one.is === 'listening' ? [one.url] : []))[0],
    );
    red = await Red.start({ env: YOUNG });
    await red.deploy([
      { id: 'tab', type: 'tab', label: 'flood' },
      {
        id: 'account',
        type: 'linktor-config',
        baseUrl,
        wsUrl: baseUrl.replace('http', 'ws'),
        credentials: { apiKey: 'k' },
      },
      { id: 'in', type: 'linktor-message-in', ...place, config: 'account', wires: [[]] },
      { id: 'press', type: 'inject', ...place, props: [{ p: 'payload' }], wires: [['send']] },
      { id: 'send', type: 'linktor-send', ...place, config: 'account', wires: [[]] },
    ]);
    await until('the connection', () => has('connected'));
  });
  after(async () => {
    await red?.stop();
    server?.kill();
  });

  it('takes less than 100 MB, and what the flow sends leaves meanwhile', async () => {
    const before = memoryOf(red.program.child.pid);
    server.send(FRAMES);
    await red.inject('press', { payload: 'Hello', conversationId: 'ours' });
    await until('what the flow sends', () => has('sent'));
    assert.equal(has('read'), false, 'it has left in the middle of the flood');
    await until('the last frame', () => has('read'), 240);
    const grown = memoryOf(red.program.child.pid) - before;
    assert.ok(grown < MAX_GROWN_MB, `${grown.toFixed(0)} MB`);
  });
});
