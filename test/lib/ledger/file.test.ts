import { strict as assert } from 'node:assert';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { createLedger } from '../../../lib/ledger';
import { hasSqlite, runMochaWith, sqliteNode } from '../../support/sqlite-node';
import { conformance } from './conformance';

if (hasSqlite) {
  conformance({
    name: 'file',
    durability: 'crash',
    place: async () => {
      const folder = mkdtempSync(path.join(tmpdir(), 'linktor-ledger-'));
      const file = path.join(folder, 'linktor', 'account.db');
      return {
        open: async () => {
          const ledger = createLedger({ keepIn: 'file', file, keepDays: 30 });
          await ledger.open();
          return ledger;
        },
        remove: async () => rmSync(folder, { recursive: true, force: true }),
      };
    },
  });
} else {
  const node = sqliteNode();
  if (node) {
    describe('the ledger of the engine file', () => {
      for (const name of ['file.test.ts', 'file-faults.test.ts']) {
        it(`passes ${name} on a Node.js that has SQLite`, async function () {
          this.timeout(180_000);
          const { code, passed, report } = await runMochaWith(node, path.join('test/lib/ledger', name));
          assert.equal(code, 0, report);
          assert.ok(passed >= 8, report);
        });
      }
    });
  }
}
