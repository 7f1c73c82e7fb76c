// npm run demo:cluster [-- --share]: three Node-REDs with the same flow, the store that they share, and a Linktor on this machine.
import { realpathSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { pathToFileURL } from 'node:url';
import { DemoWorld, untilSignal } from './demo-world.mjs';
import { install } from './install.mjs';
import { freePort } from './run.mjs';
import { storeServer } from './store.mjs';

const names = ['A', 'B', 'C'];
const LOOK_MS = 300;

/**
 * @typedef {object} Instance
 * @property {string} name
 * @property {string} url address of its editor
 * @property {number} port
 * @property {import('node:child_process').ChildProcess} child
 */

/** @typedef {import('./demo-world.mjs').WorldOptions & { onLeader?: (name: string | undefined) => void, sharesAll?: boolean }} ClusterOptions */

/** A store, a sandbox and three Node-REDs, as processes of their own. */
export class ClusterRun extends DemoWorld {
  /** @type {Map<string, Instance>} */
  #instances = new Map();
  /** @type {string | undefined} */
  #leader;
  /** @type {NodeJS.Timeout | undefined} */
  #timer;
  #chat = '';
  #store = '';
  #onLeader;
  #sharesAll;

  /**
   * @param {ClusterOptions} [options] onLeader is called when another instance leads, and with undefined when none does;
   *   sharesAll: each has a part of the events
   */
  constructor({ onLeader = () => {}, sharesAll = false, ...options } = {}) {
    super(options);
    this.#sharesAll = sharesAll;
    this.#onLeader = onLeader;
  }

  /**
   * Build the package and start everything. When a port is taken, the next free one is used.
   *
   * @param {{ sandboxPort?: number, port?: number, storePort?: number }} [wishes] port is that of the first Node-RED
   * @returns {Promise<{ chat: string, store: string, leader: string, instances: Instance[] }>} once one leads
   */
  async start({ sandboxPort = 4010, port = 1880, storePort = 6390 } = {}) {
    const program = await storeServer();
    if (!program) throw new Error('Without a store there are no several instances.');
    await this.build();
    this.#store = await this.#startStore(program, storePort);
    this.#chat = await this.startSandbox(sandboxPort);
    let next = port;
    for (const name of names) {
      next = (await this.startInstance(name, await freePort(next))).port + 1;
      if (name === names[0]) await this.until('the first instance', async () => (await this.#leading()) === name);
    }
    this.#leader = await this.#leading();
    this.#look();
    return { chat: this.#chat, store: this.#store, leader: this.#leader ?? '', instances: this.instances };
  }

  /** Start an instance, again if it has ended. @param {string} name @param {number} port @returns {Promise<Instance>} */
  async startInstance(name, port) {
    const settings = {
      ...{ instances: 'several', redisUrl: this.#store, instanceName: `\${LINKTOR_INSTANCE}` },
      listening: this.#sharesAll ? 'all' : 'one',
    };
    const { url, child } = await this.startNodeRed({
      ...{ name: `Node-RED ${name}`, port, chat: this.#chat },
      ...{ account: settings, env: { LINKTOR_INSTANCE: name } },
    });
    const instance = { name, url, port, child };
    this.#instances.set(name, instance);
    return instance;
  }

  get instances() {
    return [...this.#instances.values()];
  }

  /** @override */
  async end() {
    clearTimeout(this.#timer);
    await super.end();
  }

  /** @param {string} program @param {number} wanted @returns {Promise<string>} its address */
  async #startStore(program, wanted) {
    const port = await freePort(wanted);
    const args = [
      ...['--port', String(port), '--bind', '127.0.0.1', '--dir', this.folder(`demo-store-${port}`), '--save', ''],
      ...['--appendonly', 'yes', '--maxmemory-policy', 'noeviction'],
    ];
    this.spawn('The store', program, args, { stdout: 'ignore' });
    return `redis://127.0.0.1:${port}`;
  }

  /** Say when another one leads, for as long as the demo runs. */
  #look() {
    this.#timer = setTimeout(async () => {
      const leader = await this.#leading();
      if (this.isEnding) return;
      if (leader !== this.#leader) this.#onLeader(leader);
      this.#leader = leader;
      this.#look();
    }, LOOK_MS);
  }

  /** Ask all instances, as their sidebars do. @returns {Promise<string | undefined>} name of the one that leads */
  async #leading() {
    const led = await Promise.all(this.instances.map(async (one) => ((await isLeading(one)) ? one.name : undefined)));
    return led.find((name) => name !== undefined);
  }
}

/** @param {Instance} instance @returns {Promise<boolean>} */
async function isLeading({ url }) {
  try {
    const headers = { 'X-Requested-With': 'XMLHttpRequest' };
    const response = await fetch(`${url}/linktor/accounts`, { headers, signal: AbortSignal.timeout(2000) });
    const { accounts } = await response.json();
    return accounts.some((/** @type {{ leads?: boolean }} */ { leads }) => leads === true);
  } catch {
    return false;
  }
}

async function main() {
  await install();
  const sharesAll = process.argv.includes('--share');
  const make = () =>
    new ClusterRun({
      sharesAll,
      onLoss(name, how) {
        console.log(`${name} ended (${how}).`);
      },
      onLeader(name) {
        console.log(name === undefined ? 'Nobody leads: what customers write now is fetched later.' : `${name} leads.`);
      },
    });
  await untilSignal(make, async (run) => {
    const { SANDBOX_PORT, PORT, STORE_PORT } = process.env;
    const { chat, store, leader, instances } = await run.start({
      sandboxPort: Number(SANDBOX_PORT ?? 4010),
      port: Number(PORT ?? 1880),
      storePort: Number(STORE_PORT ?? 6390),
    });
    const lines = instances.map(({ name, url, child }) => `  Node-RED ${name}:  ${url}  (process ${child.pid})`);
    console.log(`
The demo is ready. It starts fresh each time.

  Chat page, where you are the customer:  ${chat}
  Store:       ${store}
${lines.join('\n')}

${leader} leads.

Write in the chat page: one of the three answers. The Linktor sidebar of each says which one leads${
      sharesAll ? ', and which\nlanes of conversations each has' : ''
    }.
kill -9 the process of the one that leads, and another one leads within 20 seconds, without losing a message.
Enter starts again what was killed. Ctrl-C ends everything.
`);
    const startAgain = async () => {
      for (const { name, port, child } of run.instances) {
        if (child.exitCode === null && child.signalCode === null) continue;
        const { child: next } = await run.startInstance(name, port);
        console.log(`Node-RED ${name} runs again (process ${next.pid}).`);
      }
    };
    createInterface({ input: process.stdin }).on('line', () =>
      startAgain().catch(({ message }) => console.error(message)),
    );
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await main();
