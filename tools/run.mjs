// Helpers shared by the commands of this project. Node built-ins only.
import { spawn } from 'node:child_process';
import net from 'node:net';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

export const root = fileURLToPath(new URL('..', import.meta.url));

/**
 * Run a Node.js script of the project and show its output.
 * @param {string[]} args
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ isQuiet?: boolean }} [options] isQuiet: its output is shown when it has ended, in one piece
 * @returns {Promise<number>} its exit code
 */
export function node(args, env = {}, { isQuiet = false } = {}) {
  return new Promise((resolve, reject) => {
    const stdio = isQuiet ? 'pipe' : 'inherit';
    const child = spawn(process.execPath, args, { cwd: root, stdio, env: { ...process.env, ...env } });
    /** @type {Buffer[]} */
    const output = [];
    for (const stream of [child.stdout, child.stderr]) stream?.on('data', (piece) => output.push(piece));
    child.once('error', reject);
    child.once('close', (code, signal) => {
      process.stdout.write(Buffer.concat(output));
      resolve(code ?? (signal === null ? 1 : 130));
    });
  });
}

/**
 * Runs tests.
 * @param {string[]} args files, patterns and options for mocha
 * @param {NodeJS.ProcessEnv} [env]
 * @param {{ isQuiet?: boolean }} [settings] of {@link node}
 * @returns {Promise<number>} its exit code
 */
export function mocha(args, env = {}, settings = {}) {
  const script = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const options = ['--reporter', 'tools/reporter.cjs', '--timeout', '20000', '--exit=false'];
  return node(['--import', 'tsx', '--expose-gc', script, ...options, ...args], env, settings);
}

/**
 * @param {number} wanted
 * @returns {Promise<number>} the port, or the next free one
 */
export async function freePort(wanted) {
  for (let port = wanted; port < wanted + 100; port++) if (await isFree(port)) return port;
  throw new Error(`No port from ${wanted} to ${wanted + 99} is free.`);
}

/** @param {number} port */
function isFree(port) {
  return new Promise((resolve) => {
    const probe = net.createServer();
    probe.once('error', () => resolve(false));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(true)));
  });
}
