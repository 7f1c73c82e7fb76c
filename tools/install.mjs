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
 * Install the project's dependencies with `npm ci`, unless they are up to date. On failure, log one line of advice
 * and exit with code 1.
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

  // No stamp, or a later `npm install`: the installed packages may still match. (After a change of platform or
  // Node.js version they are always reinstalled: compiled packages may not fit.)
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
 * Run npm. Its stdout goes to stderr, so that a tool's own output stays clean.
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
    // Fallback without npm's script: the command. Windows runs npm.cmd only in a shell, which needs the quotes.
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
      // node_modules/.bin of a project may contain an npm that is only a dependency of another package.
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
 * Do the installed packages equal those of the lock file for this platform, in the same versions?
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
    // npm omits optional packages of other platforms, and their dependencies, which name no platform.
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
  // Detecting the C library is slow and only matters on Linux, so packages for a specific one are not required.
  return allows(entry.os, process.platform) && allows(entry.cpu, process.arch) && !entry.libc;
}

/**
 * @param {string} lock
 * @param {string | undefined} installed
 * @param {string} machine
 */
function stamp(lock, installed, machine) {
  // The stamp includes npm's record of installed packages: `npm prune` changes it and not the lock file.
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
