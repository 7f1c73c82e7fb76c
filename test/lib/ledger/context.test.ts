import { mkdtempSync, rmSync } from 'node:fs';
import { createRequire } from 'node:module';
import { tmpdir } from 'node:os';
import path from 'node:path';
import { type ContextAccess, createLedger } from '../../../lib/ledger';
import { conformance } from './conformance';

/** A context store of Node-RED's, as settings.js names it. */
interface NodeRedStore {
  open(): Promise<void>;
  close(): Promise<void>;
  get(scope: string, key: string, done: (error: Error | undefined, value?: unknown) => void): void;
  set(scope: string, key: string, value: unknown, done: (error?: Error) => void): void;
  keys(scope: string, done: (error: Error | undefined, keys?: string[]) => void): void;
}

const require = createRequire(__filename);
const nodeRed = createRequire(require.resolve('node-red'));
const runtime = createRequire(nodeRed.resolve('@node-red/runtime'));
const localFileSystem = runtime('./nodes/context/localfilesystem') as (config: object) => NodeRedStore;

/** The context of one node in a store. */
function accessTo(store: NodeRedStore): ContextAccess {
  return {
    get: (key, done) => store.get('account', key, done),
    set: (key, value, done) => store.set('account', key, value, done),
    keys: (done) => store.keys('account', done),
  };
}

conformance({
  name: 'context',
  durability: 'restart',
  place: async () => {
    const dir = mkdtempSync(path.join(tmpdir(), 'linktor-context-'));
    let store: NodeRedStore | undefined;
    return {
      open: async () => {
        await store?.close();
        store = localFileSystem({ dir, flushInterval: 3600 });
        await store.open();
        const ledger = createLedger({ keepIn: 'context', context: accessTo(store), keepDays: 30 });
        await ledger.open();
        return ledger;
      },
      remove: async () => {
        await store?.close();
        rmSync(dir, { recursive: true, force: true });
      },
    };
  },
});
