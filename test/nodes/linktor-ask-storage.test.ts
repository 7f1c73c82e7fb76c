import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import helper from 'node-red-node-test-helper';
import { askNode, Chat } from '../support/chat';
import { listening, setUpFlows, shownBy, until } from '../support/flows';
import { removeFolder, temporaryFolder } from '../support/red';
import { hasSqlite, runMochaWith, sqliteNode } from '../support/sqlite-node';

if (hasSqlite) {
  describe('linktor-ask, when its memory cannot be had', () => {
    const setup = setUpFlows();
    let userDir: string;
    let folder: string;
    let child: ChildProcess | undefined;

    beforeEach(() => {
      userDir = temporaryFolder();
      folder = path.join(userDir, 'linktor');
      helper.settings({ userDir });
    });
    afterEach(async () => {
      await helper.unload();
      helper.settings({});
      if (child?.exitCode === null && child.signalCode === null) {
        child.kill('SIGKILL');
        await once(child, 'exit');
      }
      child = undefined;
      removeFolder(userDir);
    });

    async function play() {
      const others = { id: 'in', type: 'linktor-message-in', config: 'account', wires: [['others']] };
      const gaps = { id: 'gaps', type: 'linktor-event-in', config: 'account', events: ['sync.gap'], wires: [['gap']] };
      const probes = ['others', 'gap'].map((id) => ({ id, type: 'probe' }));
      const account = { keepIn: 'file' };
      const played = await setup.play([...askNode({ kind: 'number' }), others, gaps, ...probes], { account });
      return { ...played, chat: new Chat(setup, played) };
    }
    type Playing = Awaited<ReturnType<typeof play>>;

    /** Red status, an error for Catch, nobody asked; the triggers go on. */
    async function isRefused({ chat, caught, node, probe }: Playing, word: string): Promise<void> {
      await until(
        async () => shownBy(node('ask')).at(-1),
        (text) => text === `linktor.status.${word}`,
      );
      const [first] = await caught.take(1);
      assert.equal(first?.error?.code, 'storage');
      chat.begin({ topic: 'mine' });
      await until(
        async () => caught.all.find(({ topic }) => topic === 'mine'),
        (found) => found?.error?.code === 'storage',
      );
      assert.deepEqual((await setup.state()).sends, []);
      await listening(setup);
      await chat.customerSays('Hello');
      assert.equal((await probe('others').first()).payload, 'Hello');
      assert.equal(JSON.stringify(caught.all).includes(userDir), false, 'no path of the machine');
    }

    it('because its folder cannot be written', async () => {
      writeFileSync(folder, 'a file stands where the folder should be');
      await isRefused(await play(), 'ledger_unwritable');
    });

    it('because another process has it; and asks as soon as it is free', async function () {
      this.timeout(60_000);
      const script = path.join('test', 'lib', 'ledger', 'child.ts');
      mkdirSync(folder);
      const holder = spawn(process.execPath, [
        '--no-warnings',
        '--import',
        'tsx',
        script,
        path.join(folder, 'account.db'),
        'hold',
      ]);
      child = holder;
      await once(holder.stdout, 'data');
      const played = await play();
      await isRefused(played, 'ledger_in_use');
      holder.kill('SIGKILL');
      await until(
        async () => shownBy(played.node('ask')).at(-1),
        (text) => text === undefined,
        30_000,
      );
      played.chat.begin();
      assert.equal(await played.chat.botSays(), 'How many?');
      await played.chat.customerSays('4');
      assert.equal((await played.chat.answer()).payload, 4);
    });

    it('because it was damaged: it is set aside, a gap is told, and it goes on with a new one', async () => {
      mkdirSync(folder);
      writeFileSync(path.join(folder, 'account.db'), 'this is no database, whatever it is called '.repeat(200));
      const { chat, probe, caught } = await play();
      const gap = await probe('gap').first();
      assert.equal((gap.payload as { reason?: string }).reason, 'ledger');
      chat.begin();
      assert.equal(await chat.botSays(), 'How many?');
      await chat.customerSays('4');
      assert.equal((await chat.answer()).payload, 4);
      const { error } = await caught.first();
      assert.equal(error?.code, 'storage');
      assert.match(String(error?.message), /was damaged and has been set aside/);
      const [kept = ''] = readdirSync(folder).filter((name) => name.includes('.damaged-'));
      assert.ok(readFileSync(path.join(folder, kept), 'utf8').startsWith('this is no database'));
    });

    it('because it is taken away while questions wait: none is lost from memory, and nothing ends', async () => {
      const { chat } = await play();
      chat.begin();
      await chat.botSays();
      for (const name of readdirSync(folder)) rmSync(path.join(folder, name));
      await chat.customerSays('4');
      assert.equal((await chat.answer()).payload, 4);
      assert.ok(existsSync(folder));
    });
  });
} else {
  const node = sqliteNode();
  if (node) {
    describe('linktor-ask with a ledger file', () => {
      it('passes on a Node.js that has SQLite', async function () {
        this.timeout(180_000);
        const { code, passed, report } = await runMochaWith(node, 'test/nodes/linktor-ask-storage.test.ts');
        assert.equal(code, 0, report);
        assert.ok(passed >= 4, report);
      });
    });
  }
}
