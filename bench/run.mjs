// node bench/run.mjs <name> [options]: builds the package, bundles bench/<name>.ts as build.mjs would, and runs it with
// plain Node.js, so that no loader is measured along. --rounds=N and --against=DIR are the benchmark's own options, all
// others are those of Node.js (--cpu-prof). Everything it needs beside the project is in .cache/bench.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const cache = join(root, '.cache', 'bench');

/** undici is measured against, never used by the project: it is kept out of its dependencies. Node 20 needs 7. */
async function bringUndici() {
  if (existsSync(join(cache, 'node_modules', 'undici'))) return;
  await writeFile(join(cache, 'package.json'), '{ "private": true }\n');
  const args = ['install', '--no-audit', '--no-fund', '--no-package-lock', 'undici@7'];
  const { status } = spawnSync('npm', args, { cwd: cache, stdio: ['ignore', 'ignore', 'inherit'] });
  if (status !== 0) console.log('undici could not be brought: the fetch of Node.js takes its place');
}

const [name = 'client', ...options] = process.argv.slice(2);
await mkdir(cache, { recursive: true });
if (name === 'client') await bringUndici();
// All others measure what is built.
else if (spawnSync(process.execPath, ['build.mjs', '--quick'], { cwd: root, stdio: 'inherit' }).status) process.exit(1);
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
});
const isOwn = (/** @type {string} */ option) => /^--(against|rounds)=/.test(option);
const args = ['--expose-gc', ...options.filter((one) => !isOwn(one)), outfile, ...options.filter(isOwn)];
const { status } = spawnSync(process.execPath, args, { cwd: root, stdio: 'inherit' });
process.exitCode = status ?? 1;
