import { strict as assert } from 'node:assert';
import { existsSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import { contractUnderTest, setUpFlows, until } from '../support/flows';
import { removeFolder, temporaryFolder } from '../support/red';
import { hasSqlite, runMochaWith, sqliteNode } from '../support/sqlite-node';
import { StoreServer, storeServerPath } from '../support/store';
import { asking, type Loose, png, publicPages, sendNode } from './sending';

const to = { conversationId: 'conv_ana' };
const takesUploads = contractUnderTest === 'api';
const sending = {
  method: 'POST',
  path: takesUploads ? '/conversations/conv_ana/messages' : '/api/v1/conversations/conv_ana/messages',
};
const media = { kind: 'media', media: 'file', mediaType: 'msg' };

if (hasSqlite) {
  describe('linktor-send: files in a durable outbox', () => {
    const setup = setUpFlows();
    const { play, state, control } = setup;
    const ask = asking(setup);
    const pages = publicPages();
    let userDir: string;

    beforeEach(() => {
      userDir = temporaryFolder();
      helper.settings({ userDir });
    });
    afterEach(() => {
      removeFolder(userDir);
    });
    after(() => {
      helper.settings({});
    });

    /** The flow with a send node; where the server takes no files, this Node-RED serves them. */
    const open = async (fields: object = {}, account: object = {}) => {
      await helper.unload();
      const shared = takesUploads ? {} : { shareFiles: pages.url };
      return play(sendNode({ ...media, ...fields }), {
        load: pages.load,
        account: { outbox: 'durable', keepIn: 'file', fileFolders: userDir, ...shared, ...account },
      });
    };
    const kept = () => {
      const folder = path.join(userDir, 'linktor', 'account.files');
      return existsSync(folder) ? readdirSync(folder) : [];
    };
    const isEmpty = () =>
      until(
        async () => kept().length,
        (count) => count === 0,
      );
    /** The bytes of all files in the conversation, in the order of their messages. */
    async function received(): Promise<{ bytes: Buffer; filename: string; type: string }[]> {
      const { sends } = await state();
      const { data } = await ask('GET', '/conversations/conv_ana/messages');
      return Promise.all(
        sends.map(async ({ messageId }) => {
          const { media: held, metadata } = data.find(({ id }: Loose) => id === messageId);
          const one = { ...metadata, ...held };
          const response = await fetch(one.url);
          return { bytes: Buffer.from(await response.arrayBuffer()), filename: one.filename, type: one.mimeType };
        }),
      );
    }
    const busy = (count = 1) => control('fail', { ...sending, count, status: 429, headers: { 'Retry-After': '1' } });

    for (const [what, file] of [
      ['a Buffer', () => png],
      ['a data URL', () => `data:image/png;base64,${png.toString('base64')}`],
      ['a list of files', () => [{ data: png, filename: 'a.png' }, { base64: png.toString('base64') }]],
    ] as const) {
      it(`sends ${what} after a deploy, once, and leaves nothing on the disk`, async () => {
        await busy();
        const { node, probe, completed, deploy, flow } = await open();
        node('node').receive({ ...to, file: file() });
        await completed.first();
        assert.equal(kept().length, 1);
        await deploy(
          flow.map((one) => (one.id === 'account' ? { ...one, timeout: 20 } : one)),
          'full',
        );
        await probe('out').first();
        const files = await received();
        assert.equal(files.length, what === 'a list of files' ? 2 : 1);
        for (const { bytes, type } of files) assert.deepEqual([bytes, type], [png, 'image/png']);
        await isEmpty();
      });
    }

    it('sends a file from the disk as it was, though it is gone by then', async () => {
      const file = path.join(userDir, 'Preise für März.png');
      writeFileSync(file, png);
      await busy();
      const { node, probe, completed } = await open();
      node('node').receive({ ...to, file });
      await completed.first();
      rmSync(file);
      await probe('out').first();
      const [one] = await received();
      assert.deepEqual([one?.bytes, one?.filename], [png, 'Preise für März.png']);
    });

    it('keeps a file for many once, until the last of them has it', async () => {
      await busy();
      const { node, probe, completed } = await open({ to: 'list', recipientsOutput: 'each' });
      node('node').receive({ file: png, recipients: [to, { conversationId: 'conv_bruno' }] });
      await completed.first();
      assert.equal(kept().length, 1);
      await probe('out').take(2);
      await isEmpty();
    });

    it('says at once what is no file, or of another kind, and stores nothing', async () => {
      const { node, caught, completed } = await open({ mediaForm: 'voice' });
      const given = [png, '/etc/hosts', Buffer.alloc(26 * 1024 * 1024), 'nothing'];
      for (const file of given) node('node').receive({ ...to, file });
      const errors = (await caught.take(given.length)).map(({ error }) => error);
      assert.deepEqual(
        errors.map((error) => error?.code),
        given.map(() => 'validation'),
      );
      assert.equal(completed.all.length, 0);
      await isEmpty();
    });

    it('removes the file of a message that is refused for good, and tells it with the message', async () => {
      await control('fail', { ...sending, count: 1, status: 400, body: '{"error":"no"}' });
      const { node, caught } = await open();
      node('node').receive({ ...to, file: png, topic: 't' });
      const { error, topic, linktor: facts } = await caught.first();
      assert.deepEqual([error?.code, topic, (facts as Loose).dropped], ['validation', 't', ['file']]);
      await isEmpty();
    });

    it('tells that a file has been taken off the disk', async () => {
      await busy();
      const { node, caught, completed } = await open();
      node('node').receive({ ...to, file: png });
      await completed.first();
      rmSync(path.join(userDir, 'linktor', 'account.files'), { recursive: true });
      const { error } = await caught.first();
      assert.match(error?.message ?? '', /not on this disk/);
      assert.equal((await state()).sends.length, 0);
    });

    describe('with several instances', () => {
      let store: StoreServer;
      let keys = 0;

      before(async function () {
        const file = await storeServerPath();
        if (!file) return this.skip();
        store = await StoreServer.start(file);
      });
      after(() => store?.close());

      const several = () => ({ instances: 'several', redisUrl: store.url, keyPrefix: `files${++keys}` });

      it('uploads the file before the message is stored, or says what else can be done', async () => {
        const { node, probe, caught } = await open({}, several());
        node('node').receive({ ...to, file: png });
        const out = await Promise.race([probe('out').first(), caught.first()]);
        assert.deepEqual(kept(), []);
        if (takesUploads) {
          assert.equal(out.error, undefined, out.error?.message);
          assert.deepEqual((await received())[0]?.bytes, png);
          return;
        }
        assert.equal(out.error?.code, 'validation');
        assert.match(String(out.error?.cause.hint), /URL of the file.*memory/);
        assert.equal((await state()).sends.length, 0);
      });

      it('sends what waited while there was one, from its disk, and removes it', async () => {
        await busy();
        const { node, probe, completed, deploy, flow } = await open();
        node('node').receive({ ...to, file: png });
        await completed.first();
        assert.equal(kept().length, 1);
        const shared = several();
        await deploy(
          flow.map((one) => (one.id === 'account' ? { ...one, ...shared } : one)),
          'full',
        );
        await probe('out').first();
        const files = await received();
        assert.deepEqual(
          files.map(({ bytes }) => bytes),
          [png],
        );
        await isEmpty();
      });

      it('tells at once that the upload has failed', async () => {
        if (!takesUploads) return;
        await control('fail', { method: 'POST', path: '/media/upload', status: 413, count: 1 });
        const { node, caught } = await open({}, several());
        node('node').receive({ ...to, file: png });
        assert.ok((await caught.first()).error);
        assert.equal((await state()).sends.length, 0);
      });
    });
  });
} else {
  const node = sqliteNode();
  if (node) {
    describe('linktor-send: files in a durable outbox', () => {
      it('passes on a Node.js that has SQLite', async function () {
        this.timeout(180_000);
        const { code, passed, report } = await runMochaWith(node, 'test/nodes/linktor-send-outbox-files.test.ts');
        assert.equal(code, 0, report);
        assert.ok(passed >= 10, report);
      });
    });
  }
}
