// A Valkey or Redis server for one test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The path of a valkey-server or redis-server, or undefined when none is available. */
export async function storeServerPath(): Promise<string | undefined> {
  // npm test has already searched for one, and has reported a missing one.
  if (process.env.STORE_SERVER_PATH !== undefined) return process.env.STORE_SERVER_PATH || undefined;
  const tool = new URL('../../tools/store.mjs', import.meta.url).href;
  const { storeServer } = (await import(tool)) as { storeServer: (options: object) => Promise<string | undefined> };
  return storeServer({ bring: false });
}

export class StoreServer {
  readonly #file: string;
  readonly #folder = mkdtempSync(path.join(tmpdir(), 'linktor-store-'));
  readonly #args: string[];
  #child: ChildProcess | undefined;
  readonly port: number;

  private constructor(file: string, port: number, args: string[]) {
    this.#file = file;
    this.port = port;
    this.#args = args;
  }

  /**
   * Start a server on a free port, with a separate folder; it persists every write and evicts nothing.
   *
   * @param file path of valkey-server or redis-server
   * @param args further options, for example `--requirepass`, `secret`
   */
  static async start(file: string, args: string[] = []): Promise<StoreServer> {
    const server = new StoreServer(file, await freePort(), args);
    await server.up();
    return server;
  }

  get url(): string {
    return `redis://127.0.0.1:${this.port}`;
  }

  /**
   * Start it, again with the same port and data: all confirmed writes, since it persists before it answers.
   * With `everysec` a killed store may lose a second or two.
   */
  async up(): Promise<void> {
    const args = [
      ...['--port', String(this.port), '--bind', '127.0.0.1', '--dir', this.#folder, '--save', ''],
      ...['--appendonly', 'yes', '--appendfsync', 'always', '--maxmemory-policy', 'noeviction', ...this.#args],
    ];
    const child = spawn(this.#file, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    this.#child = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`the store ended:\n${log}`)));
      child.stdout?.on('data', (part: Buffer) => {
        log += part;
        if (/Ready to accept connections/.test(log)) resolve();
      });
    });
  }

  /** End the process; its data stays. */
  async down(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** Suspend the process, with its connections open. */
  freeze(): void {
    this.#child?.kill('SIGSTOP');
  }

  thaw(): void {
    this.#child?.kill('SIGCONT');
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.#folder, { recursive: true, force: true });
  }
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as { port: number };
  server.close();
  await once(server, 'close');
  return port;
}
