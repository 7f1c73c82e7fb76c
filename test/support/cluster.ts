import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { type Sandbox, startSandbox } from '../../sandbox';
import { linkPackage, Red, removeFolder, Shop, temporaryFolder, until } from './red';
import { StoreServer } from './store';
import { TcpGate } from './tcp-gate';

/** What a flow has noted: the name of its instance, what happened, and the values. */
export interface Note {
  at: string;
  /** milliseconds of the machine's clock */
  when: number;
  what: string;
  text: string;
  conversationId?: string;
  code?: string;
  choice?: string;
}

interface Instance {
  name: string;
  userDir: string;
  red: Red;
  /** its ways to the store and to the sandbox */
  store: TcpGate;
  server: TcpGate;
  isStopped: boolean;
}

export interface ClusterSettings {
  names: readonly string[];
  storeProgram: string;
  /** properties of the account beside the usual ones */
  account?: object;
  /** nodes of the flow; a function node notes with `global.get('note')({ what, text, ... })` */
  flow: readonly object[];
}

export const webhookSecret = 'sandbox-secret';

/** A function node that notes something: `code` is an object of JavaScript. */
export const noting = (id: string, code: string) => ({
  ...{ id, type: 'function', wires: [[]] },
  func: `global.get('note')(${code});`,
});
const SAMPLE_MS = 20;

/**
 * Several Node-REDs with the same flow, a store and a sandbox. Flows note what happens in one file, at once, so that a
 * kill of their process loses nothing of it.
 */
export class Cluster {
  readonly store: StoreServer;
  readonly sandbox: Sandbox;
  readonly shop: Shop;
  readonly #settings: ClusterSettings;
  readonly #instances = new Map<string, Instance>();
  readonly #notes: string;
  /** longest time in milliseconds during which several running instances had a socket */
  twoSocketsMs = 0;
  #twoSince: number | undefined;
  readonly #sampling: NodeJS.Timeout;

  static async start(settings: ClusterSettings): Promise<Cluster> {
    const cluster = new Cluster(settings, await StoreServer.start(settings.storeProgram), await startSandbox());
    for (const [index, name] of settings.names.entries()) {
      await cluster.#add(name);
      if (index === 0) await cluster.leader();
    }
    return cluster;
  }

  private constructor(settings: ClusterSettings, store: StoreServer, sandbox: Sandbox) {
    this.#settings = settings;
    this.store = store;
    this.sandbox = sandbox;
    this.shop = new Shop(sandbox.url);
    this.#notes = path.join(temporaryFolder(), 'notes');
    writeFileSync(this.#notes, '');
    this.#sampling = setInterval(() => this.#sample(), SAMPLE_MS);
  }

  get names(): string[] {
    return [...this.#instances.keys()];
  }

  red(name: string): Red {
    return this.#of(name).red;
  }

  /** The way of an instance to the store. */
  wayToStore(name: string): TcpGate {
    return this.#of(name).store;
  }

  /** @returns the notes of this kind, in the order in which they were made */
  notes(what: string): Note[] {
    const lines = readFileSync(this.#notes, 'utf8').split('\n').slice(0, -1);
    return lines.map((line) => JSON.parse(line) as Note).filter((note) => note.what === what);
  }

  /** Wait until an instance leads, other than those named. @returns its name */
  leader(except: readonly string[] = [], seconds = 40): Promise<string> {
    return until(
      'an instance to lead',
      async () => {
        const running = this.names.filter((name) => !except.includes(name) && !this.#of(name).isStopped);
        const led = await Promise.all(running.map(async (name) => ((await this.#leads(name)) ? name : undefined)));
        return led.find((name) => name !== undefined);
      },
      seconds,
    );
  }

  /** Deploy the flow to an instance. @param more nodes beside those of the settings */
  async deploy(name: string, more: readonly object[] = []): Promise<void> {
    const { red, store, server } = this.#of(name);
    await red.deploy([
      { id: 'tab', type: 'tab', label: 'test' },
      {
        ...{ id: 'account', type: 'linktor-config', baseUrl: `http://127.0.0.1:${server.port}`, discoverInterval: 1 },
        ...{ instances: 'several', redisUrl: `redis://127.0.0.1:${store.port}`, keyPrefix: 'soak', instanceName: name },
        ...this.#settings.account,
        credentials: { apiKey: 'sandbox-key', webhookSecret },
      },
      ...[...this.#settings.flow, ...more].map((node) => ({ z: 'tab', x: 100, y: 100, config: 'account', ...node })),
    ]);
  }

  async kill(name: string): Promise<void> {
    await this.red(name).program.end('SIGKILL');
  }

  async restart(name: string): Promise<void> {
    const instance = this.#of(name);
    instance.red = await this.#startRed(name, instance.userDir);
  }

  stop(name: string): void {
    this.#of(name).isStopped = true;
    this.red(name).program.child.kill('SIGSTOP');
  }

  continue(name: string): void {
    this.red(name).program.child.kill('SIGCONT');
    // For as long as the process has not run, its socket is not one that it uses.
    setTimeout(() => {
      this.#of(name).isStopped = false;
    }, SAMPLE_MS);
  }

  async end(): Promise<void> {
    clearInterval(this.#sampling);
    for (const { red, userDir, store, server } of this.#instances.values()) {
      await red.program.end('SIGKILL');
      await store.close();
      await server.close();
      removeFolder(userDir);
    }
    await this.sandbox.close();
    await this.store.close();
    removeFolder(path.dirname(this.#notes));
  }

  async #add(name: string): Promise<void> {
    const userDir = temporaryFolder();
    linkPackage(userDir);
    const [store, server] = [await TcpGate.open(this.store.port), await TcpGate.open(this.sandbox.port)];
    const red = await this.#startRed(name, userDir);
    this.#instances.set(name, { name, userDir, red, store, server, isStopped: false });
    await this.deploy(name);
  }

  #startRed(name: string, userDir: string): Promise<Red> {
    const code = `
      const { appendFileSync } = require('node:fs');
      const note = (one) => appendFileSync(${JSON.stringify(this.#notes)}, JSON.stringify({ at: '${name}', when: Date.now(), ...one }) + '\\n');
      module.exports.functionGlobalContext = { note };
      module.exports.logging = { console: { level: 'info' } };`;
    return Red.start({ userDir, code });
  }

  async #leads(name: string): Promise<boolean> {
    const instance = this.#of(name);
    if (!instance.red.running) return false;
    try {
      const { json } = await instance.red.ask('GET', '/linktor/accounts');
      return json.accounts.some(({ leads }: { leads?: boolean }) => leads === true);
    } catch {
      return false;
    }
  }

  #of(name: string): Instance {
    const instance = this.#instances.get(name);
    if (!instance) throw new Error(`There is no instance ${name}`);
    return instance;
  }

  #sample(): void {
    const open = [...this.#instances.values()].filter(
      ({ server, isStopped }) => !isStopped && server.webSockets.size > 0,
    );
    if (open.length < 2) {
      this.#twoSince = undefined;
      return;
    }
    this.#twoSince ??= Date.now();
    this.twoSocketsMs = Math.max(this.twoSocketsMs, Date.now() - this.#twoSince);
  }
}
