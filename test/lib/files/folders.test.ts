import { strict as assert } from 'node:assert';
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, realpathSync, rmSync, symlinkSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { pathToFileURL } from 'node:url';
import { allowedFolders, leftOutFolders, readFileIn } from '../../../lib/files/folders';
import { failing } from '../support';

describe('files: from a folder', () => {
  let root: string;
  let open: string;
  const of = (name: string) => path.join(root, name);

  before(() => {
    root = realpathSync(mkdtempSync(path.join(tmpdir(), 'linktor-files-')));
    open = of('open');
    for (const folder of ['open', 'open/sub', 'opening', 'secret']) mkdirSync(of(folder));
    writeFileSync(of('open/a.txt'), 'a');
    writeFileSync(of('open/sub/b.txt'), 'b');
    writeFileSync(of('opening/c.txt'), 'c');
    writeFileSync(of('secret/d.txt'), 'd');
    writeFileSync(of('open/empty.txt'), '');
    writeFileSync(of('open/large.bin'), '');
    truncateSync(of('open/large.bin'), 26 * 1024 * 1024);
    symlinkSync(of('secret/d.txt'), of('open/link.txt'));
    symlinkSync(of('secret'), of('open/way'));
    symlinkSync(of('open/a.txt'), of('open/inside.txt'));
    symlinkSync(of('open'), of('alias'));
    if (process.platform !== 'win32') execFileSync('mkfifo', [of('open/pipe')]);
  });
  after(() => rmSync(root, { recursive: true }));

  const text = async (given: string, folders = [open]) => String((await readFileIn(folders, given)).data);

  it('reads by an absolute path, by one within the folder, and by a file URL', async () => {
    assert.equal(await text(of('open/a.txt')), 'a');
    assert.equal(await text('sub/b.txt'), 'b');
    assert.equal(await text('sub/../a.txt'), 'a');
    assert.equal(await text(pathToFileURL(of('open/a.txt')).href), 'a');
    assert.equal(await text('b.txt', [open, of('open/sub')]), 'b');
  });

  it('follows links that stay within the folder, and a folder that is a link itself', async () => {
    assert.equal(await text('inside.txt'), 'a');
    assert.equal(await text('a.txt', [of('alias')]), 'a');
    assert.equal(await text(of('alias/a.txt'), [of('alias')]), 'a');
  });

  const outside: [string, () => string][] = [
    ['a path that leads out', () => '../secret/d.txt'],
    ['a path that leads out behind a folder', () => of('open/sub/../../secret/d.txt')],
    ['another folder', () => of('secret/d.txt')],
    ['a folder with a longer name', () => of('opening/c.txt')],
    ['a link to a file outside', () => 'link.txt'],
    ['a link to a folder outside', () => 'way/d.txt'],
    ['what is not there', () => 'nothing.txt'],
    ['what is not there outside', () => of('secret/nothing.txt')],
    ['a NUL in the name', () => 'a.txt\0.png'],
  ];
  for (const [what, given] of outside) {
    it(`refuses ${what}, always in the same words`, async () => {
      const error = await failing(readFileIn([open], given()));
      assert.match(error.message, /in none of the folders/);
    });
  }

  it('refuses everything when no folder is named', async () => {
    assert.match((await failing(readFileIn([], of('open/a.txt')))).message, /no folder is named/);
  });

  const unfit: [string, RegExp][] = [
    ['sub', /of no file/],
    ['pipe', /of no file/],
    ['empty.txt', /is empty/],
    ['large.bin', /26 MB/],
  ];
  for (const [name, expected] of unfit) {
    it(`refuses ${name} without waiting for it`, async function () {
      if (name === 'pipe' && process.platform === 'win32') this.skip();
      assert.match((await failing(readFileIn([open], name))).message, expected);
    });
  }

  it('takes the folders of the account, within those of the operator', () => {
    assert.deepEqual(allowedFolders(['/a', 'relative'], undefined), [path.resolve('/a')]);
    assert.deepEqual(allowedFolders([], ['/a', 1]), [path.resolve('/a')]);
    assert.deepEqual(allowedFolders(['/a/b', '/ab', '/c'], ['/a']), [path.resolve('/a/b')]);
    assert.deepEqual(allowedFolders(['/a/../c'], ['/a']), []);
    assert.deepEqual(allowedFolders(['/a'], []), []);
    assert.deepEqual(leftOutFolders(['/a', 'relative', '/b'], allowedFolders(['/a', 'relative', '/b'], ['/a'])), [
      'relative',
      '/b',
    ]);
    assert.deepEqual(leftOutFolders(['/a/'], allowedFolders(['/a/'], undefined)), []);
    assert.deepEqual(allowedFolders([], undefined), []);
  });
});
