import { strict as assert } from 'node:assert';
import { type ChildProcessByStdio, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm } from 'node:fs/promises';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';
import { build } from 'esbuild';

type Child = ChildProcessByStdio<null, Readable, Readable>;

describe('sandbox: the command', () => {
  let folder: string;
  let file: string;
  before(async () => {
    folder = await mkdtemp(join(tmpdir(), 'sandbox-'));
    file = join(folder, 'cli.cjs');
    await build({
      entryPoints: ['sandbox/cli.ts'],
      outfile: file,
      bundle: true,
      platform: 'node',
      format: 'cjs',
      loader: { '.html': 'text' },
      logLevel: 'error',
    });
  });
  after(() => rm(folder, { recursive: true }));

  const start = (...args: string[]): Child =>
    spawn(process.execPath, [file, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });

  async function end(child: Child): Promise<{ code: number | null; out: string; err: string }> {
    let out = '';
    let err = '';
    child.stdout.on('data', (part) => {
      out += part;
    });
    child.stderr.on('data', (part) => {
      err += part;
    });
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, out, err };
  }

  /** The text printed up to the line about the user, which is the last one. */
  async function greeting(child: Child): Promise<string> {
    let text = '';
    for await (const part of child.stdout.iterator({ destroyOnReturn: false })) {
      text += part;
      if (/User .*\n/.test(text)) return text;
    }
    throw new Error(`ended early: ${text}`);
  }

  it('says where it is and how to sign in, serves the page and ends on Ctrl-C', async () => {
    const child = start('--port', '0', '--receipts', 'manual');
    const text = await greeting(child);
    const url = /API URL\s+(\S+)/.exec(text)?.[1] ?? '';
    assert.match(text, /sandbox-key/);
    assert.match(text, /demo@linktor\.local \/ sandbox/);
    const page = await fetch(url);
    assert.match(await page.text(), /<html/i);
    const ended = once(child, 'close');
    child.kill('SIGINT');
    assert.deepEqual(await ended, [0, null]);
  });

  it('plays the server, which has no API key', async () => {
    const child = start('--port', '0', '--contract', 'server', '--announces');
    const text = await greeting(child);
    const url = /API URL\s+(\S+)/.exec(text)?.[1] ?? '';
    assert.match(url, /\/api\/v1$/);
    assert.doesNotMatch(text, /sandbox-key/);
    const body = JSON.stringify({ email: 'demo@linktor.local', password: 'sandbox' });
    const signedIn = await fetch(`${url}/auth/login`, { method: 'POST', body });
    assert.equal(signedIn.status, 200);
    child.kill('SIGTERM');
    await once(child, 'close');
  });

  it('takes the next free port and says so', async () => {
    const taken = createServer().listen(0, '127.0.0.1');
    await once(taken, 'listening');
    const { port } = taken.address() as { port: number };
    const child = start('--port', String(port));
    const text = await greeting(child);
    child.kill('SIGTERM');
    await once(child, 'close');
    taken.close();
    assert.match(text, new RegExp(`Port ${port} is taken`));
    assert.doesNotMatch(text, new RegExp(`API URL\\s+\\S+:${port}\\s`));
  });

  const refused: [args: string[], message: RegExp][] = [
    [['--port', 'x'], /--port x/],
    [['--port', '70000'], /70000/],
    [['--contract', 'other'], /other/],
    [['--announces'], /--announces/],
    [['--contract', 'server', '--broadcast'], /--broadcast/],
    [['--contract', 'server', '--idempotency'], /--idempotency/],
    [['--receipts', 'never'], /never/],
    [['--habits', 'all'], /--habits/],
    [['--contract', 'server', '--habits', 'media,odd'], /odd/],
    [['--nats', 'nats://127.0.0.1:4222'], /--nats/],
    [['--family', 'cobol'], /cobol/],
    [['--contract', 'server', '--family', 'rust'], /--family/],
    [['--loud'], /--loud/],
    [['extra'], /extra/],
  ];
  for (const [args, message] of refused) {
    it(`refuses ${args.join(' ')} with exit code 2`, async () => {
      const { code, out, err } = await end(start(...args));
      assert.deepEqual([code, out], [2, '']);
      assert.match(err, message);
    });
  }

  it('takes habits and a family', async () => {
    for (const args of [
      ['--contract', 'server', '--habits', 'media, phones'],
      ['--family', 'java'],
    ]) {
      const child = start('--port', '0', ...args);
      assert.match(await greeting(child), /API URL/);
      child.kill('SIGTERM');
      await once(child, 'close');
    }
  });

  it('ends with a word about a NATS server that cannot be reached', async () => {
    const { code, err } = await end(start('--port', '0', '--contract', 'server', '--nats', 'nats://127.0.0.1:1'));
    assert.equal(code, 1);
    assert.match(err, /^linktor-sandbox: .*connection refused/im);
  });

  it('explains itself', async () => {
    const { code, out } = await end(start('--help'));
    assert.equal(code, 0);
    const flags = '--port --contract --announces --broadcast --receipts --idempotency --habits --nats --family'.split(
      ' ',
    );
    for (const flag of flags) assert.ok(out.includes(flag), flag);
  });
});
