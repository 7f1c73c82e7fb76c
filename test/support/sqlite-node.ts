import { execFile } from 'node:child_process';
import { existsSync } from 'node:fs';
import path from 'node:path';
import { loadSqlite } from '../../lib/ledger/sqlite';

const root = path.join(import.meta.dirname ?? __dirname, '..', '..');

/** Does this Node.js have SQLite? Then tests that need it run in this process. */
export const hasSqlite = loadSqlite() !== undefined;

/** @returns the path of a Node.js with SQLite: this one or the one that the suite downloaded; undefined without one */
export function sqliteNode(): string | undefined {
  if (hasSqlite) return process.execPath;
  if (process.env.NODE_RED_5) return (JSON.parse(process.env.NODE_RED_5) as { node: string }).node;
  const platform = `${process.platform}-${process.arch}`;
  const brought = path.join(root, '.cache', 'node-red-5', `node-24-${platform}`, 'node_modules', `node-${platform}`);
  const file = path.join(brought, 'bin', 'node');
  return existsSync(file) ? file : undefined;
}

/** Run a test file with another Node.js. @returns its report; `passed` is the number of tests that passed */
export function runMochaWith(node: string, file: string): Promise<{ code: number; passed: number; report: string }> {
  const mocha = path.join(root, 'node_modules', 'mocha', 'bin', 'mocha.js');
  const options = ['--no-config', '--reporter', 'tools/reporter.cjs', '--timeout', '20000', '--exit=false'];
  const args = ['--no-warnings', '--import', 'tsx', '--expose-gc', mocha, ...options, file];
  return new Promise((resolve) => {
    execFile(node, args, { cwd: root, env: { ...process.env, MOCHA_COLORS: '0' } }, (error, stdout, stderr) => {
      const passed = Number(/^(\d+) passed/m.exec(stdout)?.[1] ?? 0);
      resolve({ code: error ? Number(error.code ?? 1) : 0, passed, report: `${stdout}\n${stderr}` });
    });
  });
}
