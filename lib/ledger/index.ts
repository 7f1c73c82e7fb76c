import { accessSync, constants, existsSync, mkdirSync, readdirSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { AccountLedger } from './account-ledger';
import { type ContextAccess, contextStore } from './context-store';
import { FileStore } from './file-store';
import type { EngineName, Ledger, LedgerState } from './ledger';
import { memoryStore } from './memory-store';
import { loadSqlite } from './sqlite';

export { AccountLedger } from './account-ledger';
export { contextAnswer } from './context-answer';
export type { ContextAccess } from './context-store';
export { storageError, storageProblemOf } from './failures';
export { type Kept, keepable } from './keepable';
export {
  type Change,
  type Durability,
  type EngineName,
  type Entry,
  type KeptLedger,
  type Ledger,
  type LedgerState,
  MAX_RECORD_BYTES,
  type Namespace,
  namespaces,
  type PutOptions,
  type Soon,
  type StorageProblem,
  type ValueOptions,
} from './ledger';
export { moveRecords } from './move';
export { SharedLedger } from './shared-ledger';

/** @param file of a ledger @returns where the files of its records lie */
export function keptFolderOf(file: string): string {
  return file.replace(/\.db$/, '.files');
}

/** ledger files of accounts not deployed for this long are removed, in milliseconds */
const ABANDONED_MS = 30 * 24 * 3_600_000;

export interface LedgerSettings {
  /** auto: a file where Node.js has SQLite, else a persistent context, else memory */
  keepIn: 'auto' | 'file' | 'context' | 'memory';
  /** the ledger file; undefined without a folder for it */
  file?: string;
  /** a persistent context store, if there is one */
  context?: ContextAccess;
  /** 1 to 90 */
  keepDays: number;
  onState?(state: LedgerState): void;
  /** a damaged file has been renamed */
  onDamaged?(keptAs: string): void;
  /** called with the opened ledger before anybody reads it; its failures are its own */
  prepare?: ((ledger: Ledger) => Promise<void>) | undefined;
}

/** Create a ledger with the engine chosen in the account. It is opened on first use. */
export function createLedger(settings: LedgerSettings): AccountLedger {
  const { file = '', context, keepDays, onState, onDamaged, prepare } = settings;
  const common = { keepDays, onState, prepare };
  const engine = engineOf(settings);
  switch (engine) {
    case 'file':
      return new AccountLedger({
        engine,
        durability: 'crash',
        ...common,
        store: (snapshot) => new FileStore({ file, onDamaged, snapshot }),
      });
    case 'context':
      return new AccountLedger({
        engine,
        durability: 'restart',
        ...common,
        store: () => contextStore(context as ContextAccess),
      });
    default:
      return new AccountLedger({ engine: 'memory', durability: 'none', ...common, store: memoryStore });
  }
}

/** `auto` falls back only to another persistent engine; a folder that is not writable is reported instead. */
function engineOf({ keepIn, file, context }: LedgerSettings): EngineName {
  if (keepIn === 'context') return context ? 'context' : 'memory';
  if (keepIn !== 'auto') return keepIn;
  const canKeepFile = file !== undefined && loadSqlite() !== undefined;
  if (canKeepFile && (!context || isWritable(path.dirname(file)))) return 'file';
  return context ? 'context' : 'memory';
}

function isWritable(folder: string): boolean {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    accessSync(folder, constants.W_OK);
    return true;
  } catch {
    return false;
  }
}

/**
 * Remove ledger files of accounts not deployed for 30 days.
 * @param inUse files to keep, whatever their age
 * @returns the names of the removed files
 */
export function removeAbandoned(folder: string, inUse: ReadonlySet<string>, now = Date.now()): string[] {
  if (!existsSync(folder)) return [];
  const files = readdirSync(folder).filter((name) => name.endsWith('.db') && !inUse.has(path.join(folder, name)));
  return files.filter((name) => {
    const file = path.join(folder, name);
    if (now - statSync(file).mtimeMs < ABANDONED_MS) return false;
    for (const suffix of ['', '-wal', '-shm']) rmSync(file + suffix, { force: true });
    rmSync(keptFolderOf(file), { recursive: true, force: true });
    return true;
  });
}
