import { strict as assert } from 'node:assert';
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLedger } from '../../../lib/ledger';
import { forget, Variables } from '../../../lib/variables';
import { hasSqlite, runMochaWith, sqliteNode } from '../../support/sqlite-node';

const SECRET = 'ana-souza-lives-in-rio';
const OTHER = 'bruno-lives-in-recife';

describe('forgetting a person', () => {
  if (!hasSqlite) {
    const node = sqliteNode();
    if (node) {
      it('leaves nothing in the file, on a Node.js that has SQLite', async function () {
        this.timeout(120_000);
        const { code, passed, report } = await runMochaWith(node, path.join('test/lib/variables/forget-file.test.ts'));
        assert.equal(code, 0, report);
        assert.ok(passed >= 1, report);
      });
    }
    return;
  }

  it('leaves nothing of it in the file, nor in its log', async () => {
    const folder = mkdtempSync(path.join(tmpdir(), 'linktor-forget-'));
    const file = path.join(folder, 'account.db');
    const ledger = createLedger({ keepIn: 'file', file, keepDays: 30 });
    const variables = new Variables(() => ledger);
    /** @returns the files that hold a text, as they lie on the disk */
    const holding = (text: string) =>
      readdirSync(folder).filter((name) => readFileSync(path.join(folder, name)).includes(text));
    try {
      const forMs = 3_600_000;
      for (let count = 0; count < 300; count++) {
        await variables.set({ scope: 'contact', id: 'ana' }, `v${count}`, `${SECRET} ${count}`, { forMs });
        await variables.append({ scope: 'conversation', id: 'c1', contactId: 'ana' }, 'said', SECRET, 20, { forMs });
      }
      await variables.set({ scope: 'contact', id: 'bruno' }, 'name', OTHER, { forMs });
      await ledger.put('ask', 'q1', { carried: { payload: SECRET } }, { tags: ['c:c1', 'p:ana'] });
      await ledger.put('pause', 'c1', { by: SECRET }, { tags: ['c:c1'] });
      writeFileSync(`${file}.damaged-2026`, 'an older one');
      assert.ok(holding(SECRET).length > 0, 'it is there before');

      const { deleted, untouched } = await forget(ledger, 'ana', []);
      assert.deepEqual(deleted, { ask: 1, var: 301, pause: 1 });
      assert.deepEqual(untouched, ['account.db.damaged-2026']);
      assert.deepEqual(holding(SECRET), []);
      assert.equal(await variables.get({ scope: 'contact', id: 'bruno' }, 'name'), OTHER);
    } finally {
      variables.stop();
      await ledger.close();
      assert.deepEqual(holding(SECRET), []);
      rmSync(folder, { recursive: true, force: true });
    }
  });
});
