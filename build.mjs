// Builds dist/: what Node-RED loads, what the editor loads, and the sandbox; and THIRD-PARTY-NOTICES of what is in it.
// tsc judges, esbuild bundles; either failing fails the build.
import { spawnSync } from 'node:child_process';
import { chmod, cp, mkdir, readdir, readFile, rm, writeFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import { basename, dirname, extname, join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import * as esbuild from 'esbuild';
import { notices } from './tools/notices.mjs';

const root = dirname(fileURLToPath(import.meta.url));
const require = createRequire(import.meta.url);
const dist = join(root, 'dist');

/** @param {string} project */
function judge(project) {
  const tsc = join(dirname(require.resolve('typescript/package.json')), 'bin', 'tsc');
  const { status } = spawnSync(process.execPath, [tsc, '-p', join(root, project)], { stdio: 'inherit' });
  if (status !== 0) throw new Error(`${project} has type errors`);
}

/** @satisfies {esbuild.BuildOptions} */
const common = { absWorkingDir: root, bundle: true, logLevel: 'warning' };
/** @satisfies {esbuild.BuildOptions} */
const server = { ...common, platform: 'node', target: 'node20', format: 'cjs', external: ['axios', 'ws'] };

/** @param {esbuild.BuildOptions} options @returns {Promise<{ text: string, metafile: esbuild.Metafile }>} */
async function bundle(options) {
  const { outputFiles, metafile } = await esbuild.build({ ...options, metafile: true, write: false });
  return { text: outputFiles[0]?.text ?? '', metafile };
}

/**
 * What only some users need stays out of the file that Node-RED loads: a package that is imported when it is used gets
 * a file of its own, which costs nothing before. So do several packages that need one another: a module of ours that
 * only exports them.
 *
 * @param {Map<string, string>} found gets the packages and modules, each with the name of its file
 * @returns {esbuild.Plugin}
 */
function onDemand(found) {
  return {
    name: 'on demand',
    setup({ onResolve }) {
      onResolve({ filter: /./ }, ({ path, kind, resolveDir }) => {
        if (kind !== 'dynamic-import' || path.startsWith('node:')) return undefined;
        const entry = path.startsWith('.') ? join(resolveDir, path) : path;
        const file = fileOf(path.startsWith('.') ? relative(root, entry) : path);
        found.set(entry, file);
        return { path: `./${ON_DEMAND}/${file}`, external: true };
      });
    },
  };
}

const ON_DEMAND = 'on-demand';

/** @param {string} name of a package with what is imported of it, or the path of a module */
function fileOf(name) {
  return `${name.replace(/\.js$/, '').replace(/[^\w-]+/g, '-')}.js`;
}

/** @param {string} out @param {Map<string, string>} packages @returns {Promise<esbuild.Metafile[]>} */
async function packageFiles(out, packages) {
  await mkdir(join(out, ON_DEMAND), { recursive: true });
  return Promise.all(
    [...packages].map(async ([name, file]) => {
      const { text, metafile } = await bundle({
        ...server,
        stdin: { contents: `export * from ${JSON.stringify(name)};`, resolveDir: root },
      });
      await writeFile(join(out, ON_DEMAND, file), text);
      return metafile;
    }),
  );
}

/** Runs a TypeScript module of ours at build time. @param {string} entry @returns {Promise<any>} what it exports */
async function load(entry) {
  const { text } = await bundle({ ...server, entryPoints: [entry] });
  const module = { exports: {} };
  new Function('module', 'exports', 'require', text)(module, module.exports, require);
  return module.exports;
}

/** @returns {Promise<esbuild.Metafile[]>} */
async function nodes() {
  const out = join(dist, 'nodes');
  const packages = new Map();
  const plugins = [onDemand(packages)];
  const { text, metafile } = await bundle({ ...server, entryPoints: ['nodes/index.ts'], plugins });
  const browser = await bundle({
    ...common,
    entryPoints: ['nodes/kit/editor/browser.ts'],
    format: 'iife',
    minify: true,
  });
  const { palette } = await load('nodes/index.ts');
  const { render } = await load('nodes/kit/editor/render.ts');
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'linktor.js'), text);
  await writeFile(join(out, 'linktor.html'), render(palette, browser.text));
  await cp(join(root, 'icons'), join(out, 'icons'), { recursive: true });
  await words(out, (name) => name === 'linktor.json');
  await help(out);
  return [metafile, browser.metafile, ...(await packageFiles(out, packages))];
}

/**
 * The sidebar: what the editor loads is all there is of it, for its routes are part of the nodes.
 * @returns {Promise<esbuild.Metafile[]>}
 */
async function plugins() {
  const out = join(dist, 'plugins');
  const { text, metafile } = await bundle({
    ...common,
    entryPoints: ['nodes/sidebar/index.ts'],
    format: 'iife',
    minify: true,
  });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'linktor-sidebar.html'), `<script type="text/javascript">\n${text.trim()}\n</script>\n`);
  await words(out, (name) => name.startsWith('linktor-sidebar.'));
  return [metafile];
}

/** Node-RED looks for words beside what they are for. @param {string} out @param {(name: string) => boolean} wanted */
async function words(out, wanted) {
  const filter = (/** @type {string} */ source) => extname(source) === '' || wanted(basename(source));
  await cp(join(root, 'locales'), join(out, 'locales'), { recursive: true, filter });
}

/** The editor takes one file a language: the parts that the help is made of stay here. @param {string} out */
async function help(out) {
  const { builtHelp } = await load('tools/help.ts');
  for (const language of await readdir(join(root, 'locales'))) {
    await writeFile(join(out, 'locales', language, 'linktor.html'), builtHelp(root, language));
  }
}

/** @returns {Promise<esbuild.Metafile[]>} */
async function sandbox() {
  const out = join(dist, 'sandbox');
  const { text, metafile } = await bundle({
    ...server,
    entryPoints: ['sandbox/cli.ts'],
    loader: { '.html': 'text' },
    banner: { js: '#!/usr/bin/env node' },
  });
  await mkdir(out, { recursive: true });
  await writeFile(join(out, 'cli.js'), text);
  await chmod(join(out, 'cli.js'), 0o755);
  return [metafile];
}

try {
  const began = performance.now();
  if (!process.argv.includes('--quick')) ['tsconfig.json', 'tsconfig.browser.json'].forEach(judge);
  await rm(dist, { recursive: true, force: true });
  const metafiles = (await Promise.all([nodes(), plugins(), sandbox()])).flat();
  await writeFile(join(root, 'THIRD-PARTY-NOTICES'), notices(root, metafiles));
  const { version } = JSON.parse(await readFile(join(root, 'package.json'), 'utf8'));
  const kilobytes = Math.round(
    metafiles.flatMap((one) => Object.values(one.outputs)).reduce((sum, { bytes }) => sum + bytes, 0) / 1024,
  );
  console.log(`built ${version}: ${kilobytes} KB in ${Math.round(performance.now() - began)} ms`);
} catch (error) {
  console.error(`Build failed: ${error instanceof Error ? error.message : error}`);
  process.exitCode = 1;
}
