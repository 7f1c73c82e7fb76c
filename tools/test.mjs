// npm test: installs missing dependencies, builds, and runs the whole suite. Arguments go to mocha:
// `npm test -- test/lib/**/*.test.ts` runs a part of it.
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { chromium } from './chromium.mjs';
import { install } from './install.mjs';
import { natsServer } from './nats.mjs';
import { nodeRed5 } from './node-red-5.mjs';
import { mocha, node } from './run.mjs';
import { storeServer } from './store.mjs';

await install();
const browser = await chromium();
const nats = await natsServer();
const store = await storeServer();
const five = await nodeRed5();
const missing = [];
if (!browser) missing.push('browser tests are skipped: no Chromium was found, and none could be brought');
if (!nats) missing.push('the tests with NATS are skipped: no nats-server was found, and none could be brought');
if (!store)
  missing.push('the tests with a shared store are skipped: no Valkey or Redis was found, and none could be brought');
if (!five) missing.push('the tests with Node-RED 5 are skipped: it could not be brought');

if ((await node(['build.mjs'])) !== 0) process.exit(1);

const temporary = mkdtempSync(path.join(tmpdir(), 'linktor-test-'));
const failures = path.join(temporary, 'failures.txt');
writeFileSync(failures, '');
const env = {
  LINKTOR_TEST_FAILURES: failures,
  CHROMIUM_PATH: browser ?? '',
  NATS_SERVER_PATH: nats ?? '',
  STORE_SERVER_PATH: store ?? '',
  NODE_RED_5: five ? JSON.stringify(five) : '',
};
const args = process.argv.slice(2);
/** @type {string[]} */
const ended = [];
const code = args.some((arg) => !arg.startsWith('-')) ? await part('these tests', args) : await whole(args);
const failed = readFileSync(failures, 'utf8');
rmSync(temporary, { recursive: true });
if (failed) console.log(`\nEvery test that failed, of all parts:\n\n${failed}`);
if (code !== 0) console.log(ended.join('\n'));
for (const line of missing) console.log(line);
if (missing.length > 0 && process.env.CI) console.log('CI must run everything: failed.');
process.exitCode = code !== 0 || (missing.length > 0 && process.env.CI) ? 1 : 0;

/**
 * @param {string} name of this part, for the summary of a run that failed
 * @param {string[]} files and options for mocha
 * @param {NodeJS.ProcessEnv} [more] environment of this part
 * @param {{ isQuiet?: boolean }} [settings] of mocha in run.mjs
 * @returns {Promise<number>} its exit code
 */
async function part(name, files, more = {}, settings = {}) {
  const exitCode = await mocha(files, { ...env, ...more }, settings);
  ended.push(`${name}: ${exitCode === 0 ? 'passed' : `failed with exit code ${exitCode}`}`);
  return exitCode;
}

/**
 * Whole suite. What measures time or memory comes first and alone. Afterwards two rows of tests run side by side, one a
 * core: the editor, which mostly waits for its browser, and the rooms with what starts a Node-RED of its own.
 * @param {string[]} options for mocha
 * @returns {Promise<number>} 0 when everything passed
 */
async function whole(options) {
  const measured = ['load', 'flood', 'webhook-bounds'].map((name) => `test/e2e/${name}.test.ts`);
  const alone = await part('measured alone', [...measured, ...options]);
  const editor = async () => {
    const first = await part('editor', ['test/editor/**/*.test.ts', ...options]);
    // Run the flows again, against the self-hosted server.
    const flows = ['test/nodes/linktor-*.test.ts', ...options];
    const again = await part('nodes against the self-hosted server', flows, { LINKTOR_CONTRACT: 'server' });
    return first || again;
  };
  const rooms = async () => {
    const patterns = ['house', 'lib', 'nodes', 'sandbox'].map((room) => `test/${room}/**/*.test.ts`);
    const first = await part('rooms', [...patterns, ...options], {}, { isQuiet: true });
    const ignored = measured.flatMap((file) => ['--ignore', file]);
    const e2e = ['test/e2e/**/*.test.ts', ...ignored, ...options];
    const then = await part('end to end', e2e, {}, { isQuiet: true });
    return first || then;
  };
  const [beside, rest] = await Promise.all([editor(), rooms()]);
  return alone || beside || rest;
}
