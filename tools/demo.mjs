// npm run demo: a Linktor on this machine, a Node-RED with this package, and a flow that answers.
import { spawn } from 'node:child_process';
import { mkdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { install } from './install.mjs';
import { freePort, node, root } from './run.mjs';

const userDir = path.join(root, '.cache', 'demo');
const example = path.join(root, 'examples', '01 - Knowledge answer.json');

/** @type {import('node:child_process').ChildProcess[]} */
const children = [];
let ending = false;

await install();
console.log('Building ...');
if ((await node(['build.mjs', '--quick'])) !== 0) process.exit(1);

try {
  const chat = await startSandbox();
  const editor = await startNodeRed(chat);
  await connected(chat);
  console.log(`
The demo is ready. It starts fresh each time.

  Chat page, where you are the customer:  ${chat}
  Node-RED, where the flow answers:       ${editor}

Open both, write something like "When do you open on Saturday?" and watch. Ctrl-C ends everything.
`);
} catch (error) {
  if (!ending) console.error(error instanceof Error ? error.message : error);
  await end(ending ? 0 : 1);
}

/** @returns {Promise<string>} its address */
async function startSandbox() {
  const port = await freePort(Number(process.env.SANDBOX_PORT ?? 4010));
  console.log(`Starting the sandbox on port ${port} ...`);
  start('sandbox', [path.join(root, 'dist', 'sandbox', 'cli.js'), '--port', String(port)], {});
  const url = `http://127.0.0.1:${port}`;
  await until('the sandbox', async () => (await fetch(`${url}/health`)).ok);
  return url;
}

/**
 * @param {string} chat the sandbox's address
 * @returns {Promise<string>} the editor's address
 */
async function startNodeRed(chat) {
  const port = await freePort(Number(process.env.PORT ?? 1880));
  console.log(`Starting Node-RED on port ${port} ...`);
  rmSync(userDir, { recursive: true, force: true });
  const scope = path.join(userDir, 'node_modules', '@linktor');
  mkdirSync(scope, { recursive: true });
  symlinkSync(root, path.join(scope, 'node-red-linktor'), 'junction');
  writeFlow(chat);
  writeFileSync(
    path.join(userDir, 'settings.js'),
    `module.exports = ${JSON.stringify({
      uiHost: '127.0.0.1',
      uiPort: port,
      flowFile: 'flows.json',
      credentialSecret: false,
      telemetry: { enabled: false },
      editorTheme: { tours: false },
      logging: { console: { level: 'warn' } },
    })};\n`,
  );
  const red = path.join(root, 'node_modules', 'node-red', 'red.js');
  start('Node-RED', [red, '--userDir', userDir, '--settings', path.join(userDir, 'settings.js')], {});
  const url = `http://127.0.0.1:${port}`;
  await until('Node-RED', async () => (await fetch(`${url}/settings`)).ok);
  return url;
}

/**
 * The first example as it is, but for the sandbox's address and the key, which Node-RED keeps in a file of its own.
 * @param {string} chat
 */
function writeFlow(chat) {
  /** @type {Record<string, unknown>[]} */
  const nodes = JSON.parse(readFileSync(example, 'utf8'));
  /** @type {Record<string, unknown>} */
  const credentials = {};
  for (const one of nodes) {
    if (one.type !== 'linktor-config') continue;
    one.baseUrl = chat;
    credentials[String(one.id)] = one.credentials;
    delete one.credentials;
  }
  writeFileSync(path.join(userDir, 'flows.json'), JSON.stringify(nodes, null, 2));
  writeFileSync(path.join(userDir, 'flows_cred.json'), JSON.stringify(credentials));
}

/** The flow listens: only then is the demo ready. @param {string} chat */
function connected(chat) {
  return until('the flow', async () => {
    const state = await (await fetch(`${chat}/_sandbox/state`)).json();
    return state.sockets.subscriptions > 0;
  });
}

/**
 * @param {string} name
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} env
 */
function start(name, args, env) {
  const child = spawn(process.execPath, args, {
    cwd: root,
    env: { ...process.env, ...env },
    stdio: ['ignore', name === 'sandbox' ? 'ignore' : 'inherit', 'inherit'],
  });
  children.push(child);
  child.once('exit', (code) => {
    if (ending) return;
    console.error(`${name} ended by itself (${code}).`);
    void end(1);
  });
}

/**
 * @param {string} what
 * @param {() => Promise<boolean>} isReady
 */
async function until(what, isReady) {
  const last = Date.now() + 60_000;
  while (!ending) {
    if (await isReady().catch(() => false)) return;
    if (Date.now() > last) throw new Error(`${what} did not start within a minute.`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
  throw new Error('ended');
}

/** @param {number} code */
async function end(code) {
  if (ending) return;
  ending = true;
  const gone = children.map((child) =>
    child.exitCode !== null || child.signalCode !== null
      ? undefined
      : new Promise((resolve) => {
          child.once('exit', resolve);
          child.kill('SIGINT');
        }),
  );
  await Promise.all(gone);
  process.exit(code);
}

for (const signal of /** @type {const} */ (['SIGINT', 'SIGTERM'])) {
  process.on(signal, () => {
    console.log('\nEnding ...');
    void end(0);
  });
}
