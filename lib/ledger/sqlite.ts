/** The used part of Node's SQLite: the types of Node.js 20 do not include it. */
export interface Statement {
  all(...values: readonly (string | number | null)[]): Record<string, unknown>[];
  get(...values: readonly (string | number | null)[]): Record<string, unknown> | undefined;
  run(...values: readonly (string | number | null)[]): unknown;
}

export interface Database {
  exec(sql: string): void;
  prepare(sql: string): Statement;
  close(): void;
}

export interface Sqlite {
  DatabaseSync: new (path: string) => Database;
}

/** @returns SQLite where this Node.js includes it: 22.13 and newer. Loaded only when a ledger is opened */
export function loadSqlite(): Sqlite | undefined {
  const { getBuiltinModule } = process as { getBuiltinModule?: (name: string) => unknown };
  try {
    return getBuiltinModule?.('node:sqlite') as Sqlite | undefined;
  } catch {
    // 22.5 to 22.12 have the module, but refuse it without a flag.
    return undefined;
  }
}

const primaryCodes: Record<number, SqliteProblem> = {
  5: 'busy',
  6: 'busy',
  11: 'damaged',
  26: 'damaged',
};

/** busy: locked by another process; damaged: not a valid database; other: it cannot be read or written */
export type SqliteProblem = 'busy' | 'damaged' | 'other';

/** @returns undefined for an error of another origin than SQLite */
export function sqliteProblemOf(error: unknown): SqliteProblem | undefined {
  const { errcode } = (error ?? {}) as { errcode?: unknown };
  if (typeof errcode !== 'number') return undefined;
  return primaryCodes[errcode & 0xff] ?? 'other';
}
