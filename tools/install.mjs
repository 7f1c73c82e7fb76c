// Makes node_modules match package-lock.json. Node built-ins only: this runs before anything is installed.
import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, lstatSync, readFileSync, realpathSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';

/** @typedef {(line: string) => void} Log */
/**
 * @typedef {object} LockEntry
 * @property {string} [version]
 * @property {boolean} [optional]
 * @property {boolean} [link]
 * @property {string[]} [os]
 * @property {string[]} [cpu]
 * @property {string[]} [libc]
 */

const STAMP = '.linktor-installed';
const PROJECT = fileURLToPath(new URL('..', import.meta.url));

/**
 * Installs the project's dependencies with `npm ci`, unless they are there already. Ends the process with code 1,
 * after one line that says what to do, when that fails.
 *
 * @param {{ root?: string, log?: Log }} [options]
 * @returns {Promise<void>}
 */
export async function install({ root = PROJECT, log = console.log } = {}) {
  const modules = path.join(root, 'node_modules');
  const stampFile = path.join(modules, STAMP);
  if (isLink(modules))
    return fail(log, `${modules} is a link: npm ci would empty the folder behind it. Remove the link.`);
  const lock = readText(path.join(root, 'package-lock.json'));
  if (lock === undefined) return fail(log, `There is no package-lock.json in ${root}: check the repository out again.`);

  const machine = `${process.platform}-${process.arch} node ${process.versions.node.split('.')[0]}`;
  const written = readText(stampFile)?.trim();
  const now = () => stamp(lock, readText(path.join(modules, '.package-lock.json')), machine);
  if (written !== undefined && written === now()) return;

  // No stamp, or an `npm install` since: what is installed may well be right. (A stamp of another platform or Node
  // version is not looked into: compiled packages may be wrong.)
  const sameMachine = written === undefined || written.endsWith(` ${machine}`);
  if (!sameMachine || !matches(root, lock)) {
    log('Installing dependencies ...');
    const started = Date.now();
    const code = await npm(['ci', '--no-audit', '--no-fund', '--include=dev', '--include=optional'], { cwd: root });
    if (code !== 0) {
      return fail(
        log,
        `npm ci failed (${code}): see its message above; check the network, and run "npm install" if package.json was changed.`,
      );
    }
    log(`Installing dependencies took ${((Date.now() - started) / 1000).toFixed(1)} s`);
  }
  writeFileSync(stampFile, `${now()}\n`);
}

/** @param {string} file */
function isLink(file) {
  return lstatSync(file, { throwIfNoEntry: false })?.isSymbolicLink() === true;
}

/**
 * Runs npm and resolves to its exit code. stdout is sent to stderr, so that a tool's own output stays clean.
 *
 * @param {string[]} args
 * @param {{ cwd?: string, node?: string, quiet?: boolean }} [options] node: the Node.js to run npm with;
 *   quiet: show npm's errors only
 * @returns {Promise<number | string>} the exit code, or the reason why npm could not be run
 */
export function npm(args, { cwd, node = process.execPath, quiet = false } = {}) {
  const cli = npmCli();
  const flags = quiet ? [...args, '--loglevel=error'] : args;
  /** @type {import('node:child_process').StdioOptions} */
  const stdio = ['ignore', quiet ? 'ignore' : 2, 2];
  return new Promise((resolve) => {
    // Without npm's script (unusual), the command; Windows runs npm.cmd by a shell only, which needs the quotes.
    const child = cli
      ? spawn(node, [cli, ...flags], { cwd, stdio })
      : process.platform === 'win32'
        ? spawn(['npm.cmd', ...flags.map((arg) => `"${arg}"`)].join(' '), {
            cwd,
            stdio,
            shell: true,
          })
        : spawn('npm', flags, { cwd, stdio });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (code, signal) => resolve(code ?? `signal ${signal}`));
  });
}

/**
 * The path of npm-cli.js: of the npm that runs this script, else of the one on the PATH, else of the one that came
 * with Node.js.
 *
 * @returns {string | undefined}
 */
function npmCli() {
  const candidates = [process.env.npm_execpath];
  if (process.platform !== 'win32') {
    for (const folder of (process.env.PATH ?? '').split(path.delimiter)) {
      // A project's own node_modules/.bin may hold an npm that is only somebody's dependency.
      if (folder && !folder.includes('node_modules')) candidates.push(path.join(folder, 'npm'));
    }
  }
  const bin = path.dirname(process.execPath);
  candidates.push(path.join(bin, 'node_modules', 'npm', 'bin', 'npm-cli.js'));
  candidates.push(path.join(bin, '..', 'lib', 'node_modules', 'npm', 'bin', 'npm-cli.js'));
  for (const candidate of candidates) {
    if (!candidate || !existsSync(candidate)) continue;
    const real = realpathSync(candidate);
    if (path.basename(real) === 'npm-cli.js') return real;
  }
  return undefined;
}

/**
 * Is everything in the lock file that belongs on this machine installed, in the same version, and nothing else?
 *
 * @param {string} root
 * @param {string} lockText
 */
function matches(root, lockText) {
  const installedText = readText(path.join(root, 'node_modules', '.package-lock.json'));
  if (installedText === undefined) return false;
  /** @type {Record<string, LockEntry>} */
  const wanted = JSON.parse(lockText).packages ?? {};
  /** @type {Record<string, LockEntry>} */
  let installed;
  try {
    installed = JSON.parse(installedText).packages ?? {};
  } catch {
    return false;
  }
  for (const [place, entry] of Object.entries(wanted)) {
    if (place === '' || entry.link) continue;
    const found = installed[place];
    // Optional packages of other platforms (and what only they need, which names no platform) are left out by npm.
    if (!found && entry.optional && !(entry.os || entry.cpu ? fits(entry) : false)) continue;
    if (!found || found.version !== entry.version || !existsSync(path.join(root, place, 'package.json'))) return false;
  }
  return Object.keys(installed).every((place) => place in wanted);
}

/** @param {LockEntry} entry */
function fits(entry) {
  /** @type {(list: string[] | undefined, value: string) => boolean} */
  const allows = (list, value) =>
    !list || (!list.includes(`!${value}`) && (list.some((item) => item.startsWith('!')) || list.includes(value)));
  // Which C library this is takes long to find out, and only ever matters on Linux: a package for one is not asked for.
  return allows(entry.os, process.platform) && allows(entry.cpu, process.arch) && !entry.libc;
}

/**
 * @param {string} lock
 * @param {string | undefined} installed
 * @param {string} machine
 */
function stamp(lock, installed, machine) {
  // npm's own record of what is installed is part of it: `npm prune` changes that and not the lock file.
  const hash = createHash('sha256')
    .update(lock)
    .update('\0')
    .update(installed ?? '');
  return `${hash.digest('hex')} ${machine}`;
}

/** @param {string} file */
function readText(file) {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/**
 * @param {Log} log
 * @param {string} line
 * @returns {never}
 */
function fail(log, line) {
  log(line);
  process.exit(1);
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) await install();
