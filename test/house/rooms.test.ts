import { strict as assert } from 'node:assert';
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';

const root = path.join(import.meta.dirname ?? __dirname, '..', '..');

/** Who may import whom: the first rule that fits the importer decides. Packages are named as they are. */
const rules: [importer: RegExp, allowed: RegExp[]][] = [
  [/^nodes\/index\.ts$/, [/^nodes\//]],
  [
    /^nodes\/linktor-[\w-]+\.ts$/,
    [
      /^nodes\/kit\/(define|fields|to-msg)\.ts$/,
      /^nodes\/kit\/(action|trigger)\//,
      /^lib\/(model|errors)\.ts$/,
      /^lib\/(ai|messages|people)\//,
      /^lib\/(realtime|contract|webhooks|sending|text)\/index\.ts$/,
    ],
  ],
  [/^nodes\/sidebar\//, [/^nodes\/sidebar\//, /^nodes\/kit\/admin\/types\.ts$/]],
  [
    /^nodes\/kit\/editor\//,
    [/^nodes\/kit\/editor\//, /^nodes\/kit\/(define|fields)\.ts$/, /^nodes\/kit\/admin\/types\.ts$/],
  ],
  [
    /^nodes\/kit\//,
    [
      /^node:(events|http)$/,
      /^package\.json$/,
      /^nodes\/kit\/(?!editor\/)/,
      /^nodes\/sidebar\/types\.ts$/,
      /^lib\/(model|errors)\.ts$/,
      /^lib\/messages\//,
      /^lib\/\w+\/index\.ts$/,
      /^mustache$/,
    ],
  ],
  [/^lib\/(model|errors)\.ts$/, []],
  [/^lib\/async\//, [/^lib\/errors\.ts$/]],
  [/^lib\/text\//, [/^lib\/text\//, /^node:vm$/, /^lib\/errors\.ts$/, /^re2js$/]],
  [/^lib\/ledger\//, [/^lib\/ledger\//, /^node:(fs|path)$/, /^lib\/errors\.ts$/]],
  [/^lib\/messages\//, [/^lib\/messages\//, /^lib\/(model|errors|people\/phone|text\/index)\.ts$/]],
  [/^lib\/contract\//, [/^lib\/contract\//, /^lib\/(model|errors)\.ts$/]],
  [/^lib\/ai\//, [/^lib\/(ai|messages|contract|text)\//, /^lib\/(model|errors)\.ts$/, /^ajv/]],
  [/^lib\/client\/transport\.ts$/, [/^axios$/, /^node:/, /^lib\/(client\/agents|contract\/|errors)/]],
  [/^lib\/client\/agents\.ts$/, [/^node:/, /^proxy-from-env$/, /^(socks|https?)-proxy-agent$/]],
  [/^lib\/client\//, [/^lib\/(client|async|contract)\//, /^node:/, /^lib\/(model|errors)\.ts$/]],
  [/^lib\/realtime\/socket\/transport\.ts$/, [/^ws$/, /^lib\/(realtime|contract)\//, /^lib\/(model|errors)\.ts$/]],
  [/^lib\/realtime\//, [/^lib\/(realtime|async|contract)\//, /^lib\/(model|errors)\.ts$/]],
  [/^lib\/webhooks\//, [/^lib\/(webhooks|contract)\//, /^node:/, /^lib\/(model|errors)\.ts$/]],
  [
    /^lib\/people\//,
    [
      /^lib\/(people|async|messages|text)\//,
      /^lib\/client\/index\.ts$/,
      /^node:/,
      /^lib\/(model|errors)\.ts$/,
      /^libphonenumber-js/,
    ],
  ],
  [
    /^lib\/sending\//,
    [
      /^lib\/(sending|async|messages|people|text)\//,
      /^lib\/(client|realtime)\/index\.ts$/,
      /^node:/,
      /^lib\/(model|errors)\.ts$/,
    ],
  ],
  [/^sandbox\//, [/^sandbox\//, /^node:/, /^(ws|minisearch|busboy)$/]],
];

/** Every import of our own sources, type imports included: an arrow on paper is an arrow. */
function arrows(room: string): [importer: string, imported: string][] {
  const files = (readdirSync(path.join(root, room), { recursive: true }) as string[]).filter((file) =>
    file.endsWith('.ts'),
  );
  return files.flatMap((file) => {
    const importer = path.posix.join(room, file.split(path.sep).join('/'));
    const source = readFileSync(path.join(root, importer), 'utf8');
    const found = [
      ...source.matchAll(/^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport\('([^']+)'\)/gm),
    ];
    return found.map((match): [string, string] => {
      const name = match[1] ?? match[2] ?? match[3] ?? '';
      if (!name.startsWith('.')) return [importer, name];
      const target = path.posix.join(path.posix.dirname(importer), name);
      const asFile = files.includes(path.posix.relative(room, `${target}.ts`)) || !isFolder(target);
      return [importer, /\.(html|json)$/.test(target) ? target : asFile ? `${target}.ts` : `${target}/index.ts`];
    });
  });
}

function isFolder(place: string): boolean {
  try {
    readdirSync(path.join(root, place));
    return true;
  } catch {
    return false;
  }
}

describe('the rooms keep their doors', () => {
  const all = ['nodes', 'lib', 'sandbox'].flatMap(arrows);

  it('sees every arrow that the bundler sees', async () => {
    const entryPoints = ['nodes/index.ts', 'sandbox/cli.ts'];
    const { metafile } = await build({
      absWorkingDir: root,
      entryPoints,
      bundle: true,
      write: false,
      metafile: true,
      outdir: 'nowhere',
      platform: 'node',
      packages: 'external',
      loader: { '.html': 'text' },
    });
    const known = new Set(all.map((arrow) => arrow.join(' > ')));
    const unseen = Object.entries(metafile.inputs)
      .flatMap(([importer, { imports }]) => imports.map((one) => `${importer} > ${one.path}`))
      .filter((arrow) => !known.has(arrow));
    assert.deepEqual(unseen, []);
  });

  for (const [importer, imported] of all) {
    it(`${importer} may import ${imported}`, () => {
      const rule = rules.find(([who]) => who.test(importer));
      assert.ok(rule, 'no rule for this room');
      const isType = imported === 'node-red' && importer === 'nodes/kit/red.ts';
      assert.ok(isType || rule[1].some((allowed) => allowed.test(imported)), 'this arrow is not in the plan');
    });
  }

  it('knows axios in one place, ws in one of lib, and on(input) once', () => {
    const importers = (name: string) => all.filter(([who, what]) => what === name && !who.startsWith('sandbox/'));
    assert.deepEqual(
      importers('axios').map(([who]) => who),
      ['lib/client/transport.ts'],
    );
    assert.deepEqual(
      importers('ws').map(([who]) => who),
      ['lib/realtime/socket/transport.ts'],
    );
    const files = (readdirSync(path.join(root, 'nodes'), { recursive: true }) as string[]).filter(
      (one) => one.endsWith('.ts') && !one.includes('editor'),
    );
    const places = files.flatMap(
      (one) => readFileSync(path.join(root, 'nodes', one), 'utf8').match(/\.on\('input'/g) ?? [],
    );
    assert.equal(places.length, 1);
  });

  it('holds no state in modules', () => {
    const files = ['nodes', 'lib'].flatMap((room) =>
      (readdirSync(path.join(root, room), { recursive: true }) as string[]).map((file) => path.join(root, room, file)),
    );
    for (const file of files.filter((one) => one.endsWith('.ts') && !one.endsWith('browser.ts'))) {
      const source = readFileSync(file, 'utf8');
      assert.equal(/^(let|var) /m.test(source), false, file);
    }
  });
});
