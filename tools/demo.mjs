// npm run demo: a Linktor on this machine, a Node-RED with this package, and a flow that answers.
import { spawn } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, realpathSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { install } from './install.mjs';
import { freePort, node, root } from './run.mjs';

const example = path.join(root, 'examples', '1 - First steps', '3 - Knowledge answer.json');
/** Encrypts the API key of the sandbox, which is public. */
const secret = 'demo';

/**
 * @typedef {object} Demo
 * @property {string} chat address of the chat page, and of the sandbox's API
 * @property {string} editor address of Node-RED
 */

/** A sandbox and a Node-RED with the first example, as processes of their own. */
export class DemoRun {
  /** @type {import('node:child_process').ChildProcess[]} */
  #children = [];
  #ending = false;
  #userDir = '';
  #log;
  #onLoss;

  /**
   * @param {object} [options]
   * @param {(line: string) => void} [options.log]
   * @param {(line: string) => void} [options.onLoss] called with a line when one of the two ends by itself
   */
  constructor({ log = console.log, onLoss = console.error } = {}) {
    this.#log = log;
    this.#onLoss = onLoss;
  }

  /**
   * Build the package and start both. When a port is taken, the next free one is used.
   *
   * @param {{ sandboxPort?: number, port?: number }} [wishes]
   * @returns {Promise<Demo>} once the flow listens
   */
  async start({ sandboxPort = 4010, port = 1880 } = {}) {
    this.#log('Building ...');
    if ((await node(['build.mjs', '--quick'])) !== 0) throw new Error('The build failed.');
    const chat = await this.#startSandbox(await freePort(sandboxPort));
    const editor = await this.#startNodeRed(await freePort(port), chat);
    await this.#until('the flow', async () => {
      const state = await (await fetch(`${chat}/_sandbox/state`)).json();
      return state.sockets.subscriptions > 0;
    });
    return { chat, editor };
  }

  /** Ends both and leaves nothing behind. */
  async end() {
    this.#ending = true;
    // Node-RED first, so that it does not log the loss of the sandbox.
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await gone;
    }
    if (this.#userDir) rmSync(this.#userDir, { recursive: true, force: true });
  }

  /** @param {number} port @returns {Promise<string>} its address */
  async #startSandbox(port) {
    this.#log(`Starting the sandbox on port ${port} ...`);
    this.#spawn('The sandbox', [path.join(root, 'dist', 'sandbox', 'cli.js'), '--port', String(port)], 'ignore');
    const url = `http://127.0.0.1:${port}`;
    await this.#until('the sandbox', async () => (await fetch(`${url}/health`)).ok);
    return url;
  }

  /** @param {number} port @param {string} chat @returns {Promise<string>} its address */
  async #startNodeRed(port, chat) {
    this.#log(`Starting Node-RED on port ${port} ...`);
    // One folder per port, so that two demos do not delete each other's files.
    this.#userDir = path.join(root, '.cache', `demo-${port}`);
    writeUserDir(this.#userDir, port, chat);
    const red = path.join(root, 'node_modules', 'node-red', 'red.js');
    const settings = path.join(this.#userDir, 'settings.js');
    this.#spawn('Node-RED', [red, '--userDir', this.#userDir, '--settings', settings], 'inherit');
    const url = `http://127.0.0.1:${port}`;
    await this.#until('Node-RED', async () => (await fetch(`${url}/settings`)).ok);
    return url;
  }

  /**
   * @param {string} name
   * @param {string[]} args
   * @param {'ignore' | 'inherit'} stdout
   */
  #spawn(name, args, stdout) {
    if (this.#ending) throw new Error('ended');
    const child = spawn(process.execPath, args, { cwd: root, stdio: ['ignore', stdout, 'inherit'] });
    this.#children.push(child);
    child.once('exit', (code) => {
      if (!this.#ending) this.#onLoss(`${name} ended by itself (${code}).`);
    });
  }

  /**
   * @param {string} what
   * @param {() => Promise<boolean>} isReady
   */
  async #until(what, isReady) {
    const last = Date.now() + 60_000;
    while (!this.#ending) {
      if (await isReady().catch(() => false)) return;
      if (Date.now() > last) throw new Error(`${what} did not start within a minute.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('ended');
  }
}

/**
 * @param {string} userDir
 * @param {number} port
 * @param {string} chat the sandbox's address
 */
function writeUserDir(userDir, port, chat) {
  rmSync(userDir, { recursive: true, force: true });
  const scope = path.join(userDir, 'node_modules', '@linktor');
  mkdirSync(scope, { recursive: true });
  symlinkSync(root, path.join(scope, 'node-red-linktor'), 'junction');
  writeFlow(userDir, chat);
  writeFileSync(
    path.join(userDir, 'settings.js'),
    `module.exports = ${JSON.stringify({
      uiHost: '127.0.0.1',
      uiPort: port,
      flowFile: 'flows.json',
      credentialSecret: secret,
      telemetry: { enabled: false },
      // An empty `projects` keeps Node-RED from warning that there are none.
      editorTheme: { projects: {}, tours: false },
      logging: { console: { level: 'warn' } },
    })};\n`,
  );
}

/**
 * Write the first example with the sandbox's address, and the API key into Node-RED's credentials file.
 *
 * @param {string} userDir
 * @param {string} chat
 */
function writeFlow(userDir, chat) {
  /** @type {Record<string, unknown>[]} */
  const nodes = JSON.parse(readFileSync(example, 'utf8')).filter(
    (/** @type {{ id: string }} */ { id }) => id !== 'lk_note2',
  );
  /** @type {Record<string, unknown>} */
  const credentials = {};
  for (const one of nodes) {
    // The demo has already done all steps of this note except the last.
    if (one.id === 'lk_note') Object.assign(one, { name: `Write at ${chat}`, x: 170 });
    if (one.type !== 'linktor-config') continue;
    one.baseUrl = chat;
    credentials[String(one.id)] = one.credentials;
    delete one.credentials;
  }
  writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(nodes, null, 2));
  writeFileSync(path.join(userDir, 'flows_cred.json'), JSON.stringify({ $: encrypted(credentials) }));
}

/** Encrypt like Node-RED, which warns about plain-text credentials. @param {object} credentials */
function encrypted(credentials) {
  const start = randomBytes(16);
  const cipher = createCipheriv('aes-256-ctr', createHash('sha256').update(secret).digest(), start);
  return start.toString('hex') + cipher.update(JSON.stringify(credentials), 'utf8', 'base64') + cipher.final('base64');
}

async function main() {
  await install();
  /** @type {Promise<void> | undefined} */
  let ending;
  const end = (/** @type {number} */ code) => {
    ending ??= run.end().then(() => process.exit(code));
    return ending;
  };
  const run = new DemoRun({
    onLoss(line) {
      console.error(line);
      void end(1);
    },
  });
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => {
      if (!ending) console.log('\nEnding ...');
      void end(0);
    });
  }
  try {
    const { SANDBOX_PORT, PORT } = process.env;
    const { chat, editor } = await run.start({ sandboxPort: Number(SANDBOX_PORT ?? 4010), port: Number(PORT ?? 1880) });
    console.log(`
The demo is ready. It starts fresh each time.

  Chat page, where you are the customer:  ${chat}
  Node-RED, where the flow answers:       ${editor}

Open both, write something like "When do you open on Saturday?" and watch. Ctrl-C ends everything.
`);
  } catch (error) {
    if (!ending) console.error(error instanceof Error ? error.message : error);
    await end(1);
  }
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await main();
