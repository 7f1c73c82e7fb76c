// A Valkey or Redis of the test's own.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The path of a valkey-server or redis-server, or undefined when there is none here. */
export async function storeServerPath(): Promise<string | undefined> {
  // npm test has looked for one, and has said so when there is none.
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
   * Starts a server on a free port, with a folder of its own, which loses nothing and gives nothing up.
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
   * Starts it again with the same port and what it had kept: all that it had answered, since it writes before it answers.
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

  /** Ends the process; what it has kept stays. */
  async down(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null || child.signalCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  /** It stands still, with its connections open. */
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
