// Real Node-RED processes, and helpers for their tests.
import { type ChildProcess, spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders, type RequestListener } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('../..', import.meta.url));
export const moduleName = '@linktor/node-red-linktor';

export interface Version {
  name: string;
  /** path of the Node.js that runs it */
  node: string;
  /** path of its red.js, or undefined when it is not available */
  red: string | undefined;
}

const brought = process.env.NODE_RED_5 ? (JSON.parse(process.env.NODE_RED_5) as { node: string; red: string }) : null;

export const red4: Version = {
  name: 'Node-RED 4.1',
  node: process.execPath,
  red: path.join(root, 'node_modules', 'node-red', 'red.js'),
};
export const red5: Version = { name: 'Node-RED 5', node: brought?.node ?? '', red: brought?.red };
export const versions = [red4, red5];

/** The headers that Node-RED's editor sends with every request. */
export const asEditor = { 'X-Requested-With': 'XMLHttpRequest' };

export type FlowNode = Record<string, unknown> & { id: string; type: string };

/** @returns the demo's example, configured for this server */
export function exampleFlow(baseUrl: string): FlowNode[] {
  const file = path.join(root, 'examples', '1 - First steps', '3 - Knowledge answer.json');
  const flow = JSON.parse(readFileSync(file, 'utf8')) as FlowNode[];
  return flow.map((node) => (node.type === 'linktor-config' ? { ...node, baseUrl } : node));
}

/** Wait until `check` returns a value. @returns that value */
export async function until<T>(what: string, check: () => T | Promise<T>, seconds = 15): Promise<NonNullable<T>> {
  const end = Date.now() + seconds * 1000;
  for (;;) {
    const found = await check();
    if (found) return found;
    if (Date.now() > end) throw new Error(`Waited ${seconds} s for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 25));
  }
}

const folders = new Set<string>();
const processes = new Set<ChildProcess>();
// Last resort: no process of ours may outlive the tests.
process.once('exit', () => {
  for (const child of processes) child.kill('SIGKILL');
  for (const folder of folders) rmSync(folder, { recursive: true, force: true });
});

export function temporaryFolder(): string {
  const folder = mkdtempSync(path.join(tmpdir(), 'linktor-test-'));
  folders.add(folder);
  return folder;
}

export function removeFolder(folder: string): void {
  rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
  folders.delete(folder);
}

/** A child process that records its output and exit. */
export class Program {
  readonly child: ChildProcess;
  /** settles when it has ended and all of its output has been read */
  readonly ended: Promise<number | string>;
  output = '';

  /** @param group start it as the leader of a process group, as a shell does */
  constructor(
    command: string,
    args: string[],
    options: { cwd?: string; env?: NodeJS.ProcessEnv; group?: boolean } = {},
  ) {
    const { cwd = root, env = {}, group = false } = options;
    this.child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
      detached: group,
    });
    processes.add(this.child);
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream?.setEncoding('utf8').on('data', (text: string) => {
        this.output += text;
      });
    }
    this.ended = new Promise((resolve) => {
      this.child.once('error', (error) => resolve(error.message));
      this.child.once('close', (code, signal) => {
        processes.delete(this.child);
        resolve(code ?? String(signal));
      });
    });
  }

  get running(): boolean {
    return this.child.exitCode === null && this.child.signalCode === null;
  }

  /** Wait until its output matches a pattern. */
  async printed(pattern: RegExp, seconds = 30): Promise<RegExpExecArray> {
    const found = await until(
      `${pattern} of ${this.child.spawnargs.slice(0, 3).join(' ')}`,
      () => pattern.exec(this.output) ?? (this.running ? undefined : true),
      seconds,
    ).catch((error: Error) => {
      throw new Error(`${error.message}. It printed:\n${this.output}`);
    });
    if (found === true) throw new Error(`It ended (${await this.ended}) before it printed ${pattern}:\n${this.output}`);
    return found;
  }

  /** Kill whatever is left of its process group. */
  killGroup(): void {
    try {
      process.kill(-Number(this.child.pid), 'SIGKILL');
    } catch {
      // nothing is left
    }
  }

  /** Wait until nothing is left of its process group: orphans are buried by the system, which takes its time. */
  async groupEnded(): Promise<void> {
    await until('its last child to end', () => {
      try {
        process.kill(-Number(this.child.pid), 0);
        return false;
      } catch (error) {
        return (error as NodeJS.ErrnoException).code === 'ESRCH';
      }
    });
  }

  /** Send a signal, then SIGKILL when the process does not end. */
  async end(signal: NodeJS.Signals = 'SIGINT', seconds = 10): Promise<number | string> {
    this.child.kill(signal);
    const timer = setTimeout(() => this.child.kill('SIGKILL'), seconds * 1000);
    const how = await this.ended;
    clearTimeout(timer);
    return how;
  }
}

export interface RedOptions {
  version?: Version;
  flow?: object[];
  /** a prepared user folder; by default a temporary one with this package linked into it */
  userDir?: string;
  settings?: Record<string, unknown>;
  /** code after the settings, for values that are no JSON */
  code?: string;
  env?: NodeJS.ProcessEnv;
}

export interface Answer {
  status: number;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON value
  json: any;
}

/** A running Node-RED. */
export class Red {
  readonly program: Program;
  readonly url: string;
  readonly userDir: string;
  readonly #ownsFolder: boolean;

  private constructor(program: Program, url: string, userDir: string, ownsFolder: boolean) {
    this.program = program;
    this.url = url;
    this.userDir = userDir;
    this.#ownsFolder = ownsFolder;
  }

  static async start({
    version = red4,
    flow = [],
    userDir,
    settings = {},
    code = '',
    env: own = {},
  }: RedOptions = {}): Promise<Red> {
    if (!version.red) throw new Error(`${version.name} is not here`);
    const folder = userDir ?? temporaryFolder();
    if (!userDir) linkPackage(folder);
    const file = path.join(folder, 'settings.cjs');
    writeFileSync(file, `module.exports = ${JSON.stringify({ ...quiet, ...settings })};\n${code}\n`);
    const env = { LANG: 'C', LC_ALL: 'C', NODE_RED_HOME: '', ...own };
    const program = new Program(version.node, [version.red, '--userDir', folder, '--settings', file], { env });
    try {
      const [, url = ''] = await program.printed(/now running at (http\S+?)\/?\s/);
      await program.printed(/Started flows/);
      const red = new Red(program, url, folder, !userDir);
      if (flow.length > 0) await red.deploy(flow);
      return red;
    } catch (error) {
      await program.end('SIGKILL');
      if (!userDir) removeFolder(folder);
      throw error;
    }
  }

  get running(): boolean {
    return this.program.running;
  }

  get output(): string {
    return this.program.output;
  }

  /** Asks Node-RED's own API. */
  async ask(method: string, target: string, body?: unknown, headers: Record<string, string> = {}): Promise<Answer> {
    const response = await fetch(this.url + target, {
      method,
      headers: {
        Accept: 'application/json',
        ...asEditor,
        ...(body === undefined ? {} : { 'Content-Type': 'application/json' }),
        ...headers,
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
    const text = await response.text();
    return { status: response.status, text, json: parsed(text) };
  }

  /** Full deployment, as the editor does it: credentials are part of their nodes. */
  async deploy(flow: object[]): Promise<void> {
    const starts = () => this.output.split('Started flows').length;
    const before = starts();
    const { status, text } = await this.ask('POST', '/flows', flow, { 'Node-RED-Deployment-Type': 'full' });
    if (status >= 300) throw new Error(`Deploying answered ${status}: ${text}`);
    await until('the flows to start', () => starts() > before);
  }

  /** Presses an inject node that sends these properties. */
  async inject(id: string, properties: Record<string, unknown>): Promise<void> {
    const props = Object.entries(properties).map(([p, value]) => ({ p, v: JSON.stringify(value), vt: 'json' }));
    const { status, text } = await this.ask('POST', `/inject/${id}`, { __user_inject_props__: props });
    if (status >= 300) throw new Error(`Injecting answered ${status}: ${text}`);
  }

  /** @returns the exit code */
  async stop(): Promise<number | string> {
    const how = await this.program.end('SIGINT', 20);
    if (this.#ownsFolder) removeFolder(this.userDir);
    return how;
  }
}

/** Settings for tests: no network requests, and any free port. */
const quiet = {
  uiHost: '127.0.0.1',
  uiPort: 0,
  flowFile: 'flows.json',
  telemetry: { enabled: false },
  editorTheme: { tours: false },
  externalModules: { autoInstall: false, palette: { allowInstall: false }, modules: { allowInstall: false } },
  lang: 'en-US',
};

/** Install the package as npm would, but with a link instead of a copy. */
export function linkPackage(userDir: string): void {
  const place = path.join(userDir, 'node_modules', ...moduleName.split('/'));
  mkdirSync(path.dirname(place), { recursive: true });
  symlinkSync(root, place, 'junction');
}

export interface Heard {
  method: string;
  path: string;
  headers: IncomingHttpHeaders;
  text: string;
  // biome-ignore lint/suspicious/noExplicitAny: any JSON value
  json: any;
}

export type Say = { status?: number; headers?: Record<string, string>; body?: string };

/** A server that records its requests, and answers as the test specifies. */
export class Listener {
  readonly heard: Heard[] = [];
  readonly url: string;
  readonly close: () => Promise<void>;

  private constructor(url: string, close: () => Promise<void>) {
    this.url = url;
    this.close = close;
  }

  /** @param answer returns the response; undefined breaks the connection */
  static async open(answer: (heard: Heard) => Say | undefined = () => ({})): Promise<Listener> {
    let listener: Listener | undefined;
    const { url, close } = await serve((request, response) => {
      const parts: Buffer[] = [];
      request.on('data', (part: Buffer) => parts.push(part));
      request.on('end', () => {
        const text = Buffer.concat(parts).toString();
        const { method = '', url: target = '', headers } = request;
        const heard = { method, path: target, headers, text, json: parsed(text) };
        const say = answer(heard);
        listener?.heard.push(heard);
        if (say) response.writeHead(say.status ?? 200, say.headers).end(say.body);
        else request.socket.destroy();
      });
    });
    listener = new Listener(url, close);
    return listener;
  }
}

async function serve(answer: RequestListener): Promise<{ url: string; close: () => Promise<void> }> {
  const server = createServer(answer);
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** A port without a listener. */
export async function closedPort(): Promise<number> {
  const { url, close } = await serve(() => undefined);
  await close();
  return Number(new URL(url).port);
}

export async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  return new Promise((resolve) => {
    server.once('error', () => resolve(false));
    server.listen(port, '127.0.0.1', () => server.close(() => resolve(true)));
  });
}

// biome-ignore lint/suspicious/noExplicitAny: any JSON value
function parsed(text: string): any {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

export interface Customer {
  name: string;
  phone?: string;
}

/** The sandbox as seen by customers: they write, and the shop answers. */
export class Shop {
  readonly url: string;

  constructor(url: string) {
    this.url = url;
  }

  async ask(method: string, target: string, body?: unknown): Promise<Answer> {
    const response = await fetch(this.url + target, {
      method,
      headers: { 'X-API-Key': 'sandbox-key', ...(body ? { 'Content-Type': 'application/json' } : {}) },
      body: body ? JSON.stringify(body) : undefined,
    });
    const text = await response.text();
    return { status: response.status, text, json: parsed(text) };
  }

  /** Wait until a flow listens. */
  async heard(): Promise<void> {
    await until('a flow that listens', async () => {
      const { json } = await this.ask('GET', '/_sandbox/state');
      return json.sockets.subscriptions > 0;
    });
  }

  /** @returns the conversation of the customer's message */
  async customerWrites(contact: Customer, text: string): Promise<string> {
    const { status, json, text: body } = await this.ask('POST', '/_sandbox/messages', { contact, text });
    if (status !== 201) throw new Error(`The sandbox answered ${status}: ${body}`);
    return json.conversationId;
  }

  /** Wait until the shop's newest message in a conversation has this status. */
  answered(conversation: string, status = 'read'): Promise<{ text: string; status: string }> {
    return until(`an answer that is ${status}`, async () => {
      const { json } = await this.ask('GET', `/conversations/${conversation}/messages?limit=50`);
      return (json.data as { direction: string; status: string; text: string }[]).find(
        (message) => message.direction === 'outbound' && message.status === status,
      );
    });
  }
}
