import { strict as assert } from 'node:assert';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { build } from 'esbuild';
import { arrowsOf, root, sourcesOf } from '../support/imports';
import { doors, fits, rooms, tables } from './plan';

describe('the rooms keep their doors', () => {
  const all = ['nodes', 'lib', 'sandbox'].flatMap(arrowsOf);

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
      const room = rooms.find(({ files }) => fits(files, importer));
      assert.ok(room, 'no room of test/house/plan.ts has this file');
      const door = packageOf(imported);
      const allowed = door === undefined ? [room.files, ...room.may] : [];
      assert.ok(
        allowed.some((pattern) => fits(pattern, imported)) ||
          doors[door ?? '']?.some((pattern) => fits(pattern, importer)),
        'this arrow is not in the plan of test/house/plan.ts',
      );
    });
  }

  it('prints the plan in CONTRIBUTING', () => {
    const text = readFileSync(path.join(root, 'CONTRIBUTING.md'), 'utf8');
    assert.ok(text.includes(tables()), `CONTRIBUTING.md must hold these tables:\n\n${tables()}\n`);
  });

  it('listens to input once', () => {
    const files = sourcesOf('nodes').filter((file) => !file.startsWith('nodes/kit/editor/'));
    const sources = files.map((file) => readFileSync(path.join(root, file), 'utf8'));
    assert.equal(sources.flatMap((source) => source.match(/\.on\('input'/g) ?? []).length, 1);
  });

  it('holds no state in modules', () => {
    for (const file of ['nodes', 'lib'].flatMap(sourcesOf).filter((one) => !one.endsWith('browser.ts'))) {
      assert.equal(
        /^(let|var) /m.test(readFileSync(path.join(root, file), 'utf8')),
        false,
        `${file}: state belongs to an object that is made and ends`,
      );
    }
  });
});

/** @returns the package of an import; undefined for our own files and what Node.js brings */
function packageOf(imported: string): string | undefined {
  if (/^(nodes|lib|sandbox)\/|^node:|^package\.json$/.test(imported)) return undefined;
  return imported.startsWith('@') ? imported.split('/').slice(0, 2).join('/') : imported.split('/')[0];
}
