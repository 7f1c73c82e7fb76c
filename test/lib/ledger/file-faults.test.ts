import { strict as assert } from 'node:assert';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  statSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { useFakeTimers } from 'sinon';
import { type AccountLedger, createLedger, type LedgerSettings, removeAbandoned } from '../../../lib/ledger';
import { loadSqlite } from '../../../lib/ledger/sqlite';
import { hasSqlite } from '../../support/sqlite-node';
import { failing } from '../support';

const DAY_MS = 24 * 3_600_000;

if (hasSqlite) {
  describe('a ledger file', () => {
    let folder: string;
    let file: string;
    let opened: AccountLedger[];
    let children: ChildProcess[];

    beforeEach(() => {
      folder = mkdtempSync(path.join(tmpdir(), 'linktor-ledger-'));
      file = path.join(folder, 'linktor', 'account.db');
      opened = [];
      children = [];
    });

    afterEach(async () => {
      for (const child of children) await ended(child);
      for (const ledger of opened) await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    });

    function ledgerOf(settings: Partial<LedgerSettings> = {}): AccountLedger {
      const ledger = createLedger({ keepIn: 'file', file, keepDays: 30, ...settings });
      opened.push(ledger);
      return ledger;
    }

    /** @param shell what the shell does before, such as setting a limit */
    function childFor(work: string, shell?: string): ChildProcess {
      const script = path.join(import.meta.dirname ?? __dirname, 'child.ts');
      const args = ['--no-warnings', '--import', 'tsx', script, file, work];
      const child = shell
        ? spawn('bash', ['-c', `${shell}; exec "$0" "$@"`, process.execPath, ...args])
        : spawn(process.execPath, args);
      children.push(child);
      return child;
    }

    async function ended(child: ChildProcess): Promise<void> {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill('SIGKILL');
      await once(child, 'exit');
    }

    it('can be read by nobody else, nor can its log', async () => {
      const ledger = ledgerOf();
      await ledger.put('ask', 'q', 'secret');
      const files = readdirSync(path.dirname(file));
      assert.ok(files.includes('account.db') && files.includes('account.db-wal'));
      for (const name of files) assert.equal(statSync(path.join(path.dirname(file), name)).mode & 0o777, 0o600, name);
      assert.equal(statSync(path.dirname(file)).mode & 0o777, 0o700);
    });

    it('holds nothing any more of what was deleted', async () => {
      const ledger = ledgerOf();
      await ledger.put('var', 'v', 'a-word-that-nobody-else-writes');
      await ledger.delete('var', 'v');
      await ledger.close();
      for (const name of readdirSync(path.dirname(file)))
        assert.ok(!readFileSync(path.join(path.dirname(file), name)).includes('a-word-that-nobody'), name);
    });

    for (const round of [1, 2, 3]) {
      it(`loses nothing that it has promised when the process is killed (${round})`, async () => {
        const child = childFor('write');
        const said: string[] = [];
        for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) {
          said.push(line);
          if (said.length >= 300 * round) child.kill('SIGKILL');
        }
        const put = new Set(said.filter((line) => line.startsWith('put ')).map((line) => line.slice(4)));
        const deleted = new Set(said.filter((line) => line.startsWith('deleted ')).map((line) => line.slice(8)));
        assert.ok(put.size > 100 && deleted.size > 50, said.slice(0, 5).join());
        const ledger = ledgerOf();
        const kept = new Map((await ledger.list<{ round: number }>('ask')).map(({ key, value }) => [key, value]));
        for (const key of put) {
          if (deleted.has(key)) assert.equal(kept.has(key), false, `${key} is back`);
          // One whose deletion was under way may be gone already.
          else if (Number(key.split('-')[1]) % 2 === 0) assert.ok(kept.has(key), `${key} is lost`);
        }
        for (const [key, value] of kept) assert.equal(key.split('-')[0], String(value.round));
      });
    }

    it('belongs to one process: the other one hears of it, and has it when the first has gone', async () => {
      const child = childFor('hold');
      await once(child.stdout as NodeJS.ReadableStream, 'data');
      const states: string[] = [];
      const ledger = ledgerOf({ onState: ({ name }) => states.push(name) });
      const error = await failing(ledger.put('ask', 'q', 1));
      assert.equal(error.code, 'storage');
      assert.equal((error.cause.details as { problem: string }).problem, 'in_use');
      // It is not asked again for every message.
      assert.equal((await failing(ledger.put('ask', 'q', 1))).code, 'storage');
      const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const second = ledgerOf({ onState: ({ name }) => states.push(name) });
        await failing(second.open());
        await ended(child);
        await clock.tickAsync(10_000);
        await second.put('ask', 'q', 1);
      } finally {
        clock.restore();
      }
      assert.deepEqual(states, ['opening', 'failed', 'opening', 'failed', 'opening', 'ready']);
    });

    it('is set aside when it is damaged, and a new one is begun', async () => {
      mkdirSync(path.dirname(file));
      writeFileSync(file, 'this is no database, whatever it is called '.repeat(200));
      const damaged: string[] = [];
      const ledger = ledgerOf({ onDamaged: (keptAs) => damaged.push(keptAs) });
      await ledger.put('ask', 'q', 1);
      assert.equal(damaged.length, 1);
      assert.match(path.basename(damaged[0] ?? ''), /^account\.db\.damaged-/);
      assert.ok(readFileSync(damaged[0] ?? '', 'utf8').startsWith('this is no database'));
      await ledger.close();
      assert.equal((await ledgerOf().list('ask')).length, 1);
    });

    it('is set aside when only a part of it is damaged', async () => {
      const first = ledgerOf();
      for (let index = 0; index < 50; index++) await first.put('var', `v${index}`, 'x'.repeat(5000));
      await first.close();
      const bytes = readFileSync(file);
      bytes.fill(0x5a, 8192, 8192 + 40_000);
      writeFileSync(file, bytes);
      const damaged: string[] = [];
      const ledger = ledgerOf({ onDamaged: (keptAs) => damaged.push(keptAs) });
      assert.deepEqual(await ledger.list('var'), []);
      assert.equal(damaged.length, 1);
    });

    it('is made anew from memory when it is damaged while it is used', async () => {
      const damaged: string[] = [];
      const ledger = ledgerOf({ onDamaged: (keptAs) => damaged.push(keptAs) });
      // More than SQLite keeps in its own memory.
      for (let index = 0; index < 300; index++) await ledger.put('var', `v${index}`, 'x'.repeat(30_000));
      await ledger.close();
      const again = ledgerOf({ onDamaged: (keptAs) => damaged.push(keptAs) });
      await again.open();
      const bytes = readFileSync(file);
      bytes.fill(0x5a, 4096);
      writeFileSync(file, bytes);
      for (let index = 0; index < 300; index += 10) await again.put('var', `v${index}`, 'changed');
      await again.close();
      assert.equal(damaged.length, 1);
      const last = ledgerOf();
      assert.equal((await last.list('var')).length, 300);
    });

    it('cannot be had where there is no folder for it, and says so until there is one', async () => {
      writeFileSync(path.join(folder, 'linktor'), 'a file stands where the folder should be');
      const clock = useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] });
      try {
        const ledger = ledgerOf({ keepIn: 'auto' });
        assert.equal(ledger.engine, 'file');
        const error = await failing(ledger.put('ask', 'q', 1));
        assert.equal((error.cause.details as { problem: string }).problem, 'unwritable');
        assert.ok(!JSON.stringify(error).includes(folder));
        assert.equal(ledger.state.name, 'failed');
        rmSync(path.join(folder, 'linktor'));
        await clock.tickAsync(10_000);
        await ledger.put('ask', 'q', 1);
        assert.equal(ledger.state.name, 'ready');
      } finally {
        clock.restore();
      }
    });

    it('says when the disk is full, and what it could not keep does not count as kept', async () => {
      // The shell's limit is in blocks of 1,024 bytes; without its signal the write just fails.
      const child = childFor('fill', "trap '' XFSZ; ulimit -f 2048");
      const lines: string[] = [];
      for await (const line of createInterface({ input: child.stdout as NodeJS.ReadableStream })) lines.push(line);
      const [, code, problem, tried, kept, state] =
        /^failed (\w+) (\w+) after (\d+) kept (\d+) state (\w+)$/.exec(lines.at(-1) ?? '') ?? [];
      assert.deepEqual([code, problem, state], ['storage', 'unwritable', 'failed'], lines.join());
      assert.equal(kept, tried);
      assert.equal((await ledgerOf().list('var')).length, Number(kept));
    });

    it('of a later version is left as it is', async () => {
      await ledgerOf().open();
      await opened[0]?.close();
      const sqlite = loadSqlite();
      assert.ok(sqlite);
      const database = new sqlite.DatabaseSync(file);
      database.exec('PRAGMA user_version = 99');
      database.close();
      const error = await failing(ledgerOf().open());
      assert.equal((error.cause.details as { problem: string }).problem, 'newer');
      assert.equal(error.cause.retryable, false);
      assert.ok(existsSync(file));
    });

    it('forgets what is older than it may be, but no question that waits', async () => {
      const clock = useFakeTimers({ now: Date.now(), toFake: ['Date', 'setInterval', 'clearInterval'] });
      try {
        const ledger = ledgerOf({ keepDays: 2 });
        await ledger.put('var', 'old', 1);
        await ledger.put('ask', 'waits', 1, { due: Date.now() + 5 * DAY_MS });
        await ledger.put('optout', 'person', 1);
        clock.tick(1.5 * DAY_MS);
        await ledger.put('var', 'young', 1);
        clock.tick(1 * DAY_MS);
        const keys = async () => {
          const all = [...(await ledger.list('var')), ...(await ledger.list('ask')), ...(await ledger.list('optout'))];
          return all.map(({ key }) => key);
        };
        assert.deepEqual(await keys(), ['young', 'waits', 'person']);
        clock.tick(10 * DAY_MS);
        assert.deepEqual(await keys(), ['person']);
        await ledger.close();
        assert.equal((await ledgerOf().list('ask')).length, 0);
      } finally {
        clock.restore();
      }
    });

    it('of an account that has not been deployed for 30 days is removed', async () => {
      const linktor = path.dirname(file);
      for (const name of ['abandoned', 'used', 'young']) {
        const ledger = ledgerOf({ file: path.join(linktor, `${name}.db`) });
        await ledger.open();
        await ledger.close();
        if (name !== 'young') mkdirSync(path.join(linktor, `${name}.files`));
      }
      const old = new Date(Date.now() - 31 * DAY_MS);
      for (const name of ['abandoned', 'used']) utimesSync(path.join(linktor, `${name}.db`), old, old);
      assert.deepEqual(removeAbandoned(linktor, new Set([path.join(linktor, 'used.db')])), ['abandoned.db']);
      assert.deepEqual(readdirSync(linktor).sort(), ['used.db', 'used.files', 'young.db']);
      assert.deepEqual(removeAbandoned(path.join(folder, 'nowhere'), new Set()), []);
    });
  });
}
