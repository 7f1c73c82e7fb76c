// A NATS server with JetStream for one test.
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';

/** The path of a nats-server, or undefined when none is available. */
export async function natsServerPath(): Promise<string | undefined> {
  // npm test has already searched for one, and has reported a missing one.
  if (process.env.NATS_SERVER_PATH !== undefined) return process.env.NATS_SERVER_PATH || undefined;
  const tool = new URL('../../tools/nats.mjs', import.meta.url).href;
  const { natsServer } = (await import(tool)) as { natsServer: (options: object) => Promise<string | undefined> };
  return natsServer({ bring: false });
}

export class NatsServer {
  readonly #file: string;
  readonly #args: string[];
  readonly #store = mkdtempSync(path.join(tmpdir(), 'linktor-nats-'));
  #child: ChildProcess | undefined;
  #port = -1;

  private constructor(file: string, args: string[]) {
    this.#file = file;
    this.#args = args;
  }

  /**
   * Start a server on a free port, with a separate store folder.
   *
   * @param file path of nats-server
   * @param args further options, for example `--user`, `--pass`
   */
  static async start(file: string, args: string[] = []): Promise<NatsServer> {
    const server = new NatsServer(file, args);
    await server.up();
    return server;
  }

  get url(): string {
    return `nats://127.0.0.1:${this.#port}`;
  }

  /** Starts it again with the same port and store. */
  async up(): Promise<void> {
    const args = ['-js', '-sd', this.#store, '-a', '127.0.0.1', '-p', String(this.#port), ...this.#args];
    const child = spawn(this.#file, args, { stdio: ['ignore', 'ignore', 'pipe'] });
    this.#child = child;
    let log = '';
    await new Promise<void>((resolve, reject) => {
      child.once('error', reject);
      child.once('exit', () => reject(new Error(`nats-server ended:\n${log}`)));
      child.stderr?.on('data', (part: Buffer) => {
        log += part;
        const port = /client connections on 127\.0\.0\.1:(\d+)/.exec(log)?.[1];
        if (port) this.#port = Number(port);
        if (port && log.includes('Server is ready')) resolve();
      });
    });
  }

  /** Ends the process; the store stays. */
  async down(): Promise<void> {
    const child = this.#child;
    if (!child || child.exitCode !== null) return;
    const ended = once(child, 'exit');
    child.kill('SIGKILL');
    await ended;
  }

  async close(): Promise<void> {
    await this.down();
    rmSync(this.#store, { recursive: true, force: true });
  }
}
