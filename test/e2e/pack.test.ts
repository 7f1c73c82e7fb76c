import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { palette } from '../../nodes';
import { type Sandbox, startSandbox } from '../../sandbox';
import { examples } from '../support/examples';
import {
  exampleFlow,
  moduleName,
  Program,
  Red,
  removeFolder,
  root,
  Shop,
  temporaryFolder,
  versions,
} from '../support/red';

describe('the package as npm installs it', () => {
  let folder: string;
  let userDir: string;
  let tarball: string;
  let sandbox: Sandbox;

  before(async function () {
    this.timeout(120_000);
    folder = temporaryFolder();
    userDir = path.join(folder, 'user');
    // What is built is packed as it is: building anew would pull dist/ away under tests that run meanwhile.
    await npm(['pack', '--ignore-scripts', '--pack-destination', folder], root);
    const [file = ''] = readdirSync(folder).filter((name) => name.endsWith('.tgz'));
    tarball = path.join(folder, file);
    await npm(['install', '--prefix', userDir, '--no-audit', '--no-fund', '--prefer-offline', tarball], folder);
    sandbox = await startSandbox();
  });

  after(async () => {
    await sandbox?.close();
    if (folder) removeFolder(folder);
  });

  it('holds what is needed and nothing else', () => {
    const place = path.join(userDir, 'node_modules', ...moduleName.split('/'));
    const files = readdirSync(place, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .map((entry) => path.relative(place, path.join(entry.parentPath, entry.name)).split(path.sep).join('/'))
      .sort();
    const needed = [
      'package.json',
      'dist/nodes/linktor.js',
      'dist/nodes/linktor.html',
      'dist/nodes/locales/en-US/linktor.json',
      'dist/sandbox/cli.js',
      ...palette.map(({ type }) => `dist/nodes/icons/${type}.svg`),
      ...examples.map(({ file }) => `examples/${file}`),
      ...['LICENSE', 'README.md', 'CHANGELOG.md', 'THIRD-PARTY-NOTICES'],
    ];
    for (const file of needed) assert.ok(files.includes(file), `${file} is missing`);
    const allowed = /^(dist|docs|examples)\/|^(package\.json|README\.md|CHANGELOG\.md|LICENSE|THIRD-PARTY-NOTICES)$/;
    const useless = files.filter(
      (file) => !allowed.test(file) || /(^|\/)(test|node_modules)\/|^docs\/contract\.md$|\.tsx?$|\.map$/.test(file),
    );
    assert.deepEqual(useless, []);
  });

  it('brings the licence of every package whose code is in it', () => {
    const place = path.join(userDir, 'node_modules', ...moduleName.split('/'));
    const text = readFileSync(path.join(place, 'THIRD-PARTY-NOTICES'), 'utf8');
    const [, ...notices] = text.split(/^-{80}\n/m);
    const licensed = notices.map((notice) => /^(\S+) \d+\.\d+\.\d+\S* \(.+\)\n/.exec(notice)?.[1] ?? notice);
    // The bundler writes above each module where it comes from.
    const onDemand = readdirSync(path.join(place, 'dist/nodes/on-demand')).map(
      (file) => `dist/nodes/on-demand/${file}`,
    );
    const bundles = ['dist/nodes/linktor.js', 'dist/sandbox/cli.js', ...onDemand].map((file) =>
      readFileSync(path.join(place, file), 'utf8'),
    );
    const bundled = bundles.flatMap((code) => [
      ...code.matchAll(/^\s*\/\/ node_modules\/(?:.*\/node_modules\/)?((?:@[^/\n]+\/)?[^/\n]+)\//gm),
    ]);
    const names = [...new Set(bundled.map(([, name]) => name))].sort();
    assert.ok(names.includes('libphonenumber-js') && names.includes('busboy'), names.join());
    assert.deepEqual(
      names.filter((name) => !licensed.includes(String(name))),
      [],
    );
    for (const notice of notices) assert.match(notice, /copyright/i);
  });

  it('names files that are there', () => {
    const place = path.join(userDir, 'node_modules', ...moduleName.split('/'));
    const manifest = JSON.parse(readFileSync(path.join(place, 'package.json'), 'utf8'));
    for (const file of [...Object.values(manifest['node-red'].nodes), ...Object.values(manifest.bin)]) {
      assert.ok(existsSync(path.join(place, String(file))), `${file} is named in package.json and is not there`);
    }
  });

  it('brings a sandbox that starts', async function () {
    this.timeout(20_000);
    const cli = path.join(userDir, 'node_modules', ...moduleName.split('/'), 'dist', 'sandbox', 'cli.js');
    const program = new Program(process.execPath, [cli, '--port', '0'], { cwd: userDir });
    try {
      const [, url = ''] = await program.printed(/Chat page\s+(http\S+?)\/\s/);
      const page = await (await fetch(url)).text();
      assert.match(page, /<title>Linktor sandbox<\/title>/);
    } finally {
      assert.equal(await program.end(), 0);
    }
  });

  for (const version of versions) {
    describe(`in ${version.name}`, () => {
      let red: Red;
      before(async function () {
        this.timeout(60_000);
        if (!version.red) return this.skip();
        red = await Red.start({ version, userDir });
      });
      after(async () => {
        if (red?.running) await red.program.end('SIGKILL');
      });

      it('loads every node type without an error', async () => {
        const { json } = await red.ask('GET', '/nodes');
        const sets = (json as { module: string; types: string[]; enabled: boolean; err?: string }[]).filter(
          ({ module }) => module === moduleName,
        );
        assert.deepEqual(sets.flatMap(({ types }) => types).sort(), palette.map(({ type }) => type).sort());
        for (const { enabled, err } of sets) assert.deepEqual([enabled, err], [true, undefined]);
      });

      it('answers a customer nobody knows yet, and the answer is read', async function () {
        this.timeout(30_000);
        const shop = new Shop(sandbox.url);
        await red.deploy(exampleFlow(sandbox.url));
        await shop.heard();
        const contact = { name: `Somebody in ${version.name}` };
        const conversation = await shop.customerWrites(contact, 'When do you open on Saturday?');
        const { text } = await shop.answered(conversation, 'read');
        assert.match(text, /9:00 to 17:00/);
      });

      it('ends cleanly', async function () {
        this.timeout(30_000);
        assert.equal(await red.stop(), 0);
        assert.doesNotMatch(red.output, /\[error\]|Uncaught|Unhandled/i);
      });
    });
  }
});

async function npm(args: string[], cwd: string): Promise<void> {
  const windows = process.platform === 'win32';
  const [command, ...first] = windows ? ['cmd', '/d', '/s', '/c', 'npm'] : ['npm'];
  const program = new Program(command as string, [...first, ...args], { cwd });
  assert.equal(await program.ended, 0, program.output);
}
