import { strict as assert } from 'node:assert';
import { mkdirSync, symlinkSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import { contractUnderTest, setUpFlows, shownBy, until } from '../support/flows';
import { removeFolder, temporaryFolder } from '../support/red';

const base = 'kb_shop';
const failing = { method: 'POST', path: '/knowledge-bases/' };

interface Summary {
  total: number;
  added: number;
  replaced: number;
  skipped: { file: string; reason: string }[];
  failed: { file: string; error: { code: string; message: string } }[];
}

describe('linktor-knowledge: documents from a folder', () => {
  const set = setUpFlows();
  let root: string;
  let folder: string;

  beforeEach(() => {
    root = temporaryFolder();
    folder = path.join(root, 'manuals');
    for (const one of ['', 'tea', 'tea/deep', '.git']) mkdirSync(path.join(folder, one));
    write('cakes.md', '# Cakes\n\nMoon cake: 9 reais.');
    write('tea/mate.txt', 'Mate is served at noon.');
    write('tea/deep/chai.html', '<p>Chai has cinnamon.</p>');
    write('photo.png', 'PNG');
    write('.hidden.md', 'Nobody sees me.');
    write('.git/config.txt', 'Nobody sees me either.');
    write('../secret.md', 'The secret recipe.');
  });
  afterEach(() => removeFolder(root));

  function write(name: string, text: string | Buffer): void {
    writeFileSync(path.join(folder, name), text);
  }

  async function open(fields: Record<string, unknown> = {}, account: Record<string, unknown> = {}) {
    const node = { id: 'node', type: 'linktor-knowledge', config: 'account', operation: 'addFolder', wires: [['out']] };
    const flow = [
      { ...node, ...fields },
      { id: 'list', type: 'linktor-knowledge', config: 'account', operation: 'documents', wires: [['listed']] },
      { id: 'out', type: 'probe' },
      { id: 'listed', type: 'probe' },
    ];
    const played = await set.play(flow, { account: { fileFolders: root, ...account } });
    let asked = 0;
    const documents = async () => {
      played.node('list').receive({ base });
      const all = await played.probe('listed').take(++asked);
      return all.at(-1)?.payload as { name: string; content: string; metadata?: Record<string, unknown> }[];
    };
    return {
      ...played,
      /** @returns the texts of the documents with this name */
      async texts(name: string): Promise<string[]> {
        return (await documents()).filter((one) => one.name === name).map(({ content }) => content);
      },
      /** @returns the names of the documents in the base, by the metadata that only files of a folder have */
      async inBase(): Promise<Record<string, Record<string, unknown>>> {
        const own = (await documents()).filter(({ metadata }) => metadata?.sha256 !== undefined);
        return Object.fromEntries(own.map(({ name, metadata }) => [name, metadata ?? {}]));
      },
      async run(msg: Record<string, unknown> = {}, nth = 1) {
        played.node('node').receive({ base, folder, ...msg });
        const all = await Promise.race([played.probe('out').take(nth), played.caught.take(1)]);
        const out = all.at(-1);
        return { ...out, summary: (out?.error?.cause.details ?? out?.summary) as Summary };
      },
    };
  }

  it('adds each file under its name, and tells what it has left out', async () => {
    const { run, inBase } = await open();
    const { payload, summary, error } = await run();
    assert.equal(error, undefined);
    assert.deepEqual(summary, {
      total: 1,
      added: 1,
      replaced: 0,
      skipped: [{ file: 'photo.png', reason: 'type' }],
      failed: [],
    });
    const [place] = payload as { file: string; id: string }[];
    assert.equal(place?.file, 'cakes.md');
    assert.deepEqual(Object.keys(await inBase()), ['cakes.md']);
  });

  it('shows how far it is', async () => {
    for (let index = 1; index < 6; index++) write(`tea/${index}.txt`, `Tea ${index}`);
    const { run, node } = await open({ subfolders: true });
    // The status changes four times a second at most.
    await set.control('latency', { ms: 100 });
    await run();
    assert.match(shownBy(node('node')).join(' '), /linktor\.status\.progress\?done=[1-7]&total=8/);
  });

  it('goes into sub-folders where it is told to, and evaluates the metadata for each file', async () => {
    const fields = { subfolders: true, metadata: '{"topic": filename}', metadataType: 'jsonata' };
    const { run, inBase } = await open(fields);
    const { summary } = await run({ folder: 'manuals' });
    assert.deepEqual([summary.total, summary.added], [3, 3]);
    const found = await inBase();
    assert.deepEqual(Object.keys(found).sort(), ['cakes.md', 'tea/deep/chai.html', 'tea/mate.txt']);
    assert.equal(found['tea/mate.txt']?.topic, 'tea/mate.txt');
  });

  it('leaves alone what is there already, and says what has changed since', async () => {
    const { run, inBase } = await open({ subfolders: true });
    await run();
    write('cakes.md', '# Cakes\n\nMoon cake: 10 reais.');
    write('tea/new.txt', 'Rooibos.');
    const { payload, summary } = await run({}, 2);
    assert.deepEqual([summary.total, summary.added, summary.failed], [4, 1, []]);
    assert.deepEqual(Object.fromEntries(summary.skipped.map(({ file, reason }) => [file, reason])), {
      'photo.png': 'type',
      'cakes.md': 'changed',
      'tea/mate.txt': 'present',
      'tea/deep/chai.html': 'present',
    });
    assert.equal((payload as unknown[]).length, 4);
    assert.equal(Object.keys(await inBase()).length, 4);
  });

  it('replaces what has changed where it is told to, also after a run that ended in between', async () => {
    const { run, texts } = await open({ replaceChanged: true }, { maxRetries: 0 });
    await run();
    write('cakes.md', '# Cakes\n\nMoon cake: 10 reais.');
    await set.control('fail', { count: 1, status: 503, method: 'DELETE', path: '/knowledge-bases/' });
    const { error } = await run({}, 2);
    assert.equal(error?.code, 'server');
    assert.equal((await texts('cakes.md')).length, 2);
    await helper.unload();
    const again = await open({ replaceChanged: true });
    const { summary } = await again.run();
    assert.deepEqual([summary.added, summary.replaced, summary.failed], [0, 0, []]);
    assert.match(String(await again.texts('cakes.md')), /^# Cakes\n\nMoon cake: 10 reais\.$/);
    write('cakes.md', '# Cakes\n\nMoon cake: 11 reais.');
    const { summary: last } = await again.run({}, 2);
    assert.deepEqual([last.added, last.replaced], [0, 1]);
    assert.match(String(await again.texts('cakes.md')), /11 reais/);
  });

  it('goes on after a file that fails, names it, and adds it the next time', async () => {
    write('tea/empty.txt', '');
    const { run, inBase, node } = await open({ subfolders: true }, { maxRetries: 0 });
    await set.control('fail', { count: 1, status: 503, ...failing });
    const { payload, summary } = await run();
    assert.deepEqual(
      summary.failed.map(({ file, error }) => [file, error.code]),
      [
        ['cakes.md', 'server'],
        ['tea/empty.txt', 'validation'],
      ],
    );
    assert.equal((payload as unknown[]).length, 2);
    const isShown = (texts: unknown[]) => texts.includes('linktor.status.partly_done?done=2&failed=2');
    await until(async () => shownBy(node('node')), isShown);
    write('tea/empty.txt', 'It is full now.');
    const { summary: again } = await run({}, 2);
    assert.deepEqual([again.added, again.failed], [2, []]);
    assert.equal(Object.keys(await inBase()).length, 4);
  });

  it('ends when the server takes nothing any more, says how far it has come, and then adds the rest', async () => {
    for (let index = 10; index < 20; index++) write(`tea/${index}.txt`, `Tea ${index}`);
    const { run, node, caught, probe, inBase } = await open({ subfolders: true }, { maxRetries: 0 });
    await set.control('fail', { count: 100, status: 503, ...failing });
    const { error, summary } = await run();
    assert.equal(error?.code, 'server');
    assert.match(error?.message ?? '', /0 of 13 documents are in the base/);
    assert.match(String(error?.cause.hint), /only what is missing is added/);
    assert.equal(summary.failed.length, 5);
    await set.control('fail', { count: 0 });
    node('node').receive({ base, folder });
    await probe('out').first();
    assert.equal(caught.all.length, 1);
    assert.equal(Object.keys(await inBase()).length, 13);
  });

  it('follows links within the allowed folders once, and no link that leads out of them', async function () {
    if (process.platform === 'win32') this.skip();
    mkdirSync(path.join(root, 'other'));
    writeFileSync(path.join(root, 'other', 'a.txt'), 'Another folder.');
    symlinkSync(path.join(root, 'other'), path.join(folder, 'linked'));
    symlinkSync(folder, path.join(folder, 'tea', 'round'));
    symlinkSync(path.join(root, 'other', 'a.txt'), path.join(folder, 'b.txt'));
    const outside = temporaryFolder();
    writeFileSync(path.join(outside, 'key.txt'), 'secret');
    symlinkSync(outside, path.join(folder, 'out'));
    symlinkSync(path.join(outside, 'key.txt'), path.join(folder, 'key.txt'));
    symlinkSync(path.join(outside, 'nothing'), path.join(folder, 'broken.txt'));
    const { run, inBase } = await open({ subfolders: true });
    const { summary } = await run();
    assert.deepEqual(Object.keys(await inBase()).sort(), [
      'b.txt',
      'cakes.md',
      'linked/a.txt',
      'tea/deep/chai.html',
      'tea/mate.txt',
    ]);
    const left = Object.fromEntries(summary.skipped.map(({ file, reason }) => [file, reason]));
    assert.deepEqual(left, { 'photo.png': 'type', out: 'outside', 'key.txt': 'outside', 'broken.txt': 'outside' });
    removeFolder(outside);
  });

  for (const [name, given, account, expected] of [
    ['outside the allowed ones', '..', {}, /in none of the folders/],
    ['when none is allowed', 'manuals', { fileFolders: '' }, /no folder is named/],
    ['that is not there', 'nowhere', {}, /in none of the folders/],
    ['that is a file', 'secret.md', {}, /cannot be read/],
  ] as const) {
    it(`refuses a folder ${name}`, async () => {
      const { run } = await open({}, account);
      const { error } = await run({ folder: given });
      assert.equal(error?.code, 'validation');
      assert.match(error?.message ?? '', expected);
      assert.equal((await set.state()).requests.filter(({ path: to }) => to.includes('knowledge')).length, 0);
    });
  }

  it('says what the server does not take, and adds the others', async () => {
    write('scan.pdf', Buffer.from('%PDF-1.7\0'));
    const { run } = await open();
    const { summary } = await run();
    assert.equal(summary.added, 1);
    const [scan] = summary.failed;
    assert.equal(scan?.file, 'scan.pdf');
    assert.equal(scan?.error.code, contractUnderTest === 'api' ? 'validation' : 'not_supported');
  });

  it('adds nothing, and is no failure, where nothing is', async () => {
    mkdirSync(path.join(root, 'empty'));
    const { run } = await open();
    const { payload, summary } = await run({ folder: 'empty' });
    assert.deepEqual([payload, summary], [[], { total: 0, added: 0, replaced: 0, skipped: [], failed: [] }]);
  });
});
