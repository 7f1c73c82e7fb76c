import { strict as assert } from 'node:assert';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { KeptFiles } from '../../../lib/files';
import { until } from '../../support/flows';
import { removeFolder, temporaryFolder } from '../../support/red';
import { failing } from '../support';

describe('files: of messages that wait', () => {
  let root: string;
  let folder: string;
  beforeEach(() => {
    root = temporaryFolder();
    folder = path.join(root, 'account.files');
  });
  afterEach(() => removeFolder(root));

  const names = () => readdirSync(folder);
  const isEmpty = () =>
    until(
      async () => names().length,
      (count) => count === 0,
    );

  it('are there for the next process, for their owner alone, until the last holder releases them', async () => {
    const files = new KeptFiles(folder);
    const id = await files.keep(Buffer.from('a'));
    files.hold(id);
    if (process.platform !== 'win32') {
      assert.equal(statSync(folder).mode & 0o777, 0o700);
      assert.equal(statSync(path.join(folder, id)).mode & 0o777, 0o600);
    }
    assert.equal(String(await new KeptFiles(folder).read(id)), 'a');
    files.release(id);
    assert.equal(String(await files.read(id)), 'a');
    files.release(id);
    await isEmpty();
    assert.equal((await failing(files.read(id))).code, 'validation');
  });

  it('are on the disk once, however many messages have them', async () => {
    const files = new KeptFiles(folder);
    const ids = [await files.keep(Buffer.from('a')), await files.keep(Buffer.from('a'))];
    assert.equal(ids[0], ids[1]);
    assert.notEqual(await files.keep(Buffer.from('b')), ids[0]);
    assert.equal(names().length, 2);
    files.release(String(ids[0]));
    assert.equal(String(await files.read(String(ids[0]))), 'a');
  });

  it('that nobody holds are swept, and nothing else', async () => {
    const before = new KeptFiles(folder);
    const [waits, left] = [await before.keep(Buffer.from('a')), await before.keep(Buffer.from('b'))];
    writeFileSync(path.join(folder, 'note.txt'), 'mine');
    const files = new KeptFiles(folder);
    files.hold(waits);
    const fresh = await files.keep(Buffer.from('c'));
    await files.sweep();
    assert.deepEqual(names().sort(), [waits, fresh, 'note.txt'].sort());
    assert.equal((await failing(files.read(left))).code, 'validation');
  });

  it('are bounded together, those of an earlier process included', async () => {
    const earlier = await new KeptFiles(folder).keep(Buffer.alloc(60));
    const files = new KeptFiles(folder, 100);
    const { code, cause } = await failing(files.keep(Buffer.alloc(60, 1)));
    assert.deepEqual([code, cause.retryable], ['rate_limit', true]);
    files.hold(earlier);
    files.release(earlier);
    await isEmpty();
    await files.keep(Buffer.alloc(60, 1));
  });

  it('have no name that leads elsewhere', async () => {
    mkdirSync(folder);
    writeFileSync(path.join(root, 'secret'), 'x');
    assert.equal((await failing(new KeptFiles(folder).read('../secret'))).code, 'validation');
  });

  it('say so where the disk takes nothing', async () => {
    writeFileSync(folder, 'no folder');
    const { code, message } = await failing(new KeptFiles(folder).keep(Buffer.from('a')));
    assert.equal(code, 'storage');
    assert.doesNotMatch(message, new RegExp(path.basename(root)));
  });
});
