// node bench/run.mjs <name> [options]: builds the package, bundles bench/<name>.ts as build.mjs would, and runs it with
// plain Node.js, so that no loader is measured. --rounds=N, --against=DIR, --share and --webhooks are options of the benchmark, all others
// are options of Node.js (--cpu-prof). Additional packages are installed in .cache/bench.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { storeServer } from '../tools/store.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache', 'bench');

/** Packages used only for comparison are no dependencies of the project. Node.js 20 needs undici 7. */
const rivals = { client: ['undici@7'], dialogue: ['grammy@1', '@grammyjs/conversations@2'], scale: ['bullmq@6'] };

/** @param {readonly string[]} packages with their versions */
async function bring(packages) {
  const missing = packages.filter((one) => !existsSync(join(cache, 'node_modules', one.replace(/@\d+$/, ''))));
  if (missing.length === 0) return;
  await writeFile(join(cache, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', ...packages];
  const { status } = spawnSync('npm', args, { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.log(`${missing.join(', ')} could not be brought`);
}

/** The ledger file needs a Node.js with SQLite; the Node.js downloaded by the test suite has it. */
function withSqlite() {
  const [major = 0, minor = 0] = process.versions.node.split('.').map(Number);
  if (major > 22 || (major === 22 && minor >= 13)) return process.execPath;
  const platform = `${process.platform}-${process.arch}`;
  const brought = join(
    root,
    '.cache',
    'node-red-5',
    `node-24-${platform}`,
    'node_modules',
    `node-${platform}`,
    'bin',
    'node',
  );
  if (existsSync(brought)) return brought;
  throw new Error(
    'There is no Node.js with SQLite: run "npm test" once, which brings one, or use Node.js 22.13 or newer.',
  );
}

const [name = 'client', ...options] = process.argv.slice(2);
await mkdir(cache, { recursive: true });
if (name === 'scale') process.env.STORE_SERVER_PATH = (await storeServer()) ?? '';
if (name in rivals) await bring(rivals[/** @type {keyof rivals} */ (name)]);
// All other benchmarks measure the built package.
if (
  !['client', 'strangers'].includes(name) &&
  spawnSync(process.execPath, ['build.mjs', '--quick'], { cwd: root, stdio: 'inherit' }).status
)
  process.exit(1);
const outfile = join(cache, `${name}.cjs`);
await esbuild.build({
  absWorkingDir: root,
  entryPoints: [`bench/${name}.ts`],
  outfile,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'cjs',
  external: ['axios', 'ws', 'undici'],
  loader: { '.html': 'text' },
  logLevel: 'warning',
  // Helpers of the tests find their tools by it, which run.mjs has done for them.
  logOverride: { 'empty-import-meta': 'silent' },
});
const isOwn = (/** @type {string} */ option) => /^--((against|rounds)=|(share|webhooks)$)/.test(option);
const args = ['--expose-gc', ...options.filter((one) => !isOwn(one)), outfile, ...options.filter(isOwn)];
const execPath = name === 'dialogue' || name === 'scale' ? withSqlite() : process.execPath;
const { status } = spawnSync(execPath, args, { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
