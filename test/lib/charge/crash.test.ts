import { strict as assert } from 'node:assert';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { isHeldBack, OptOuts, Takeovers } from '../../../lib/charge';
import { createLedger } from '../../../lib/ledger';
import { Variables } from '../../../lib/variables';
import { hasSqlite, runMochaWith, sqliteNode } from '../../support/sqlite-node';

describe('who is in charge, after kill -9', () => {
  if (!hasSqlite) {
    const node = sqliteNode();
    if (node) {
      it('is known, on a Node.js that has SQLite', async function () {
        this.timeout(120_000);
        const { code, passed, report } = await runMochaWith(node, path.join('test/lib/charge/crash.test.ts'));
        assert.equal(code, 0, report);
        assert.ok(passed >= 1, report);
      });
    }
    return;
  }

  it('is known, and so is who has opted out, and what was counted', async function () {
    this.timeout(60_000);
    const folder = mkdtempSync(path.join(tmpdir(), 'linktor-charge-'));
    const file = path.join(folder, 'account.db');
    const script = path.join(import.meta.dirname ?? __dirname, 'child.ts');
    const child = spawn(process.execPath, ['--no-warnings', '--import', 'tsx', script, file], {
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    await once(child.stdout, 'data');
    child.kill('SIGKILL');
    await once(child, 'exit');
    const ledger = createLedger({ keepIn: 'file', file, keepDays: 30 });
    const takeovers = new Takeovers({
      ...{ ledger: () => ledger, isOn: true, by: [], resumeAfterMs: 0, resumeOn: [], offWords: [], onWords: [] },
      ...{ isOurs: () => false, onBegan() {}, onEnded() {}, onProblem: (error) => assert.fail(String(error)) },
    });
    try {
      await takeovers.load();
      for (const id of ['c1', 'c2']) assert.throws(() => takeovers.pass(id), isHeldBack);
      assert.equal(takeovers.get('c1')?.reason, 'message');
      const optOuts = new OptOuts({
        ledger: () => ledger,
        isOn: true,
        outWords: [],
        inWords: [],
        language: () => 'de',
      });
      await optOuts.load();
      assert.ok(optOuts.has({ contactId: 'ana' }));
      assert.equal(await new Variables(() => ledger).get({ scope: 'contact', id: 'ana' }, 'visits'), 7);
    } finally {
      takeovers.stop();
      await ledger.close();
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
