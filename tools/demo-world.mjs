// The processes of a demo: a sandbox, Node-REDs with this package, and whatever else it needs.
import { spawn } from 'node:child_process';
import { createCipheriv, createHash, randomBytes } from 'node:crypto';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { freePort, node, root } from './run.mjs';

const example = path.join(root, 'examples', '1 - First steps', '3 - Knowledge answer.json');
/** Encrypts the API key of the sandbox, which is public. */
const secret = 'demo';
const STARTUP_TIMEOUT_MS = 60_000;
/** Longest time between the ends of a process and of this one by the same signal. */
const SIGNAL_MS = 500;

/** @typedef {import('node:child_process').ChildProcess} ChildProcess */

/**
 * @typedef {object} WorldOptions
 * @property {(line: string) => void} [log]
 * @property {(name: string, how: number | string) => void} [onLoss] a process has ended by itself, with this exit code or signal
 */

export class DemoWorld {
  /** @type {ChildProcess[]} */
  #children = [];
  /** @type {Set<string>} */
  #folders = new Set();
  #isEnding = false;
  #log;
  #onLoss;

  /** @param {WorldOptions} [options] */
  constructor({ log = console.log, onLoss = (name, how) => console.error(`${name} ended by itself (${how}).`) } = {}) {
    this.#log = log;
    this.#onLoss = onLoss;
  }

  async build() {
    this.#log('Building ...');
    if ((await node(['build.mjs', '--quick'])) !== 0) throw new Error('The build failed.');
  }

  /** @param {number} wanted the next free port is used when it is taken @returns {Promise<string>} its address */
  async startSandbox(wanted) {
    const port = await freePort(wanted);
    this.#log(`Starting the sandbox on port ${port} ...`);
    const args = [path.join(root, 'dist', 'sandbox', 'cli.js'), '--port', String(port)];
    this.spawn('The sandbox', process.execPath, args, { stdout: 'ignore' });
    const url = `http://127.0.0.1:${port}`;
    await this.until('the sandbox', async () => (await fetch(`${url}/health`)).ok);
    return url;
  }

  /**
   * Start a Node-RED with the first example, in an empty folder of its own.
   *
   * @param {object} options
   * @param {string} [options.name] shown in messages
   * @param {number} options.port
   * @param {string} options.chat address of the sandbox
   * @param {Record<string, unknown>} [options.account] further properties of the account
   * @param {NodeJS.ProcessEnv} [options.env]
   * @returns {Promise<{ url: string, child: ChildProcess }>}
   */
  async startNodeRed({ name = 'Node-RED', port, chat, account = {}, env = {} }) {
    this.#log(`Starting ${name} on port ${port} ...`);
    // One folder per port, so that two demos do not delete each other's files.
    const userDir = this.folder(`demo-${port}`);
    writeUserDir(userDir, port, chat, account);
    const red = path.join(root, 'node_modules', 'node-red', 'red.js');
    const args = [red, '--userDir', userDir, '--settings', path.join(userDir, 'settings.js')];
    const child = this.spawn(name, process.execPath, args, { stdout: 'inherit', env });
    const url = `http://127.0.0.1:${port}`;
    await this.until(name, async () => (await fetch(`${url}/settings`)).ok);
    return { url, child };
  }

  /**
   * @param {string} name
   * @param {string} command
   * @param {string[]} args
   * @param {{ stdout: 'ignore' | 'inherit', env?: NodeJS.ProcessEnv }} options
   * @returns {ChildProcess}
   */
  spawn(name, command, args, { stdout, env = {} }) {
    if (this.#isEnding) throw new Error('ended');
    const child = spawn(command, args, {
      cwd: root,
      stdio: ['ignore', stdout, 'inherit'],
      env: { ...process.env, ...env },
    });
    this.#children.push(child);
    child.once('exit', (code, signal) => {
      // Ctrl-C reaches every process of the terminal, and this one perhaps last.
      setTimeout(() => {
        if (!this.#isEnding) this.#onLoss(name, code ?? signal ?? '?');
      }, SIGNAL_MS);
    });
    return child;
  }

  /** @param {string} name @returns {string} an empty folder, deleted at the end */
  folder(name) {
    const folder = path.join(root, '.cache', name);
    rmSync(folder, { recursive: true, force: true });
    mkdirSync(folder, { recursive: true });
    this.#folders.add(folder);
    return folder;
  }

  /**
   * @param {string} what
   * @param {() => Promise<boolean>} isReady
   */
  async until(what, isReady) {
    const last = Date.now() + STARTUP_TIMEOUT_MS;
    while (!this.#isEnding) {
      if (await isReady().catch(() => false)) return;
      if (Date.now() > last) throw new Error(`${what} did not start within a minute.`);
      await new Promise((resolve) => setTimeout(resolve, 100));
    }
    throw new Error('ended');
  }

  get isEnding() {
    return this.#isEnding;
  }

  /** End all processes and leave nothing behind. */
  async end() {
    this.#isEnding = true;
    // The last one first, so that none logs the loss of another.
    for (const child of this.#children.toReversed()) {
      if (child.exitCode !== null || child.signalCode !== null) continue;
      const gone = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGINT');
      await gone;
    }
    for (const folder of this.#folders) rmSync(folder, { recursive: true, force: true });
  }
}

/**
 * Run a demo until a signal ends it.
 *
 * @template {DemoWorld} World
 * @param {(end: (code: number) => void) => World} make gets the function that ends the demo with this exit code
 * @param {(world: World) => Promise<void>} show starts everything and says where
 */
export async function untilSignal(make, show) {
  /** @type {Promise<void> | undefined} */
  let ending;
  const end = (/** @type {number} */ code) => {
    ending ??= world.end().then(() => process.exit(code));
  };
  const world = make(end);
  for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
    process.on(signal, () => {
      if (!ending) console.log('\nEnding ...');
      end(0);
    });
  }
  try {
    await show(world);
  } catch (error) {
    if (!ending) console.error(error instanceof Error ? error.message : error);
    end(1);
    await ending;
  }
}

/**
 * @param {string} userDir
 * @param {number} port
 * @param {string} chat the sandbox's address
 * @param {Record<string, unknown>} account
 */
function writeUserDir(userDir, port, chat, account) {
  const scope = path.join(userDir, 'node_modules', '@linktor');
  mkdirSync(scope, { recursive: true });
  symlinkSync(root, path.join(scope, 'node-red-linktor'), 'junction');
  writeFlow(userDir, chat, account);
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
 * @param {Record<string, unknown>} account
 */
function writeFlow(userDir, chat, account) {
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
    Object.assign(one, { baseUrl: chat, ...account });
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
