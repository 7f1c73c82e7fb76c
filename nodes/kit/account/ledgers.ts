import path from 'node:path';
import { messageOf } from '../../../lib/errors';
import {
  type ContextAccess,
  createLedger,
  type KeptLedger,
  keptFolderOf,
  type LedgerSettings,
  removeAbandoned,
} from '../../../lib/ledger/index';
import type { FlowStart } from '../deploys';
import type { RED, RunningNode } from '../red';

const FOLDER = 'linktor';

/** Account settings for its ledger. */
interface MemorySettings extends Pick<LedgerSettings, 'keepIn' | 'keepDays'> {
  /** name of a context store; by default the first persistent one */
  keepStore: string;
}

interface Log {
  info(text: string): void;
  warn(text: string): void;
}

/** The ledgers of one Node-RED. A ledger in memory outlives deploys; a file is reopened. */
export class Ledgers {
  readonly #red: RED;
  readonly #flowStart: FlowStart;
  readonly #inMemory = new Map<string, KeptLedger>();
  #isSwept = false;

  constructor(red: RED, flowStart: FlowStart) {
    this.#red = red;
    this.#flowStart = flowStart;
  }

  /**
   * @param onDamaged called when a damaged ledger has been set aside
   * @param prepare called with the opened ledger before anybody reads it
   */
  open(
    node: RunningNode,
    settings: MemorySettings,
    log: Log,
    onDamaged: () => void,
    prepare?: LedgerSettings['prepare'],
  ): KeptLedger {
    const kept = this.#inMemory.get(node.id);
    const file = this.#fileOf(node.id);
    const ledger = createLedger({
      keepIn: settings.keepIn,
      keepDays: settings.keepDays,
      file,
      context: this.#contextOf(node, settings.keepStore),
      prepare,
      onDamaged: (keptAs) => {
        log.warn(`the ledger was damaged and is kept as ${path.basename(keptAs)}; a new one has been started`);
        onDamaged();
      },
    });
    if (ledger.engine === 'file') this.#sweep(log);
    if (ledger.engine !== 'memory') return ledger;
    if (kept) return kept;
    this.#inMemory.set(node.id, ledger);
    return ledger;
  }

  /** @returns where the files of messages lie that wait in the ledger of an account */
  keptFolderOf(id: string): string | undefined {
    const file = this.#fileOf(id);
    return file && keptFolderOf(file);
  }

  /** Close the ledger of an account. @param removed the account has been deleted or disabled */
  async close(id: string, ledger: KeptLedger, removed: boolean): Promise<void> {
    if (this.#inMemory.get(id) === ledger && !removed) return;
    this.#inMemory.delete(id);
    await ledger.close();
  }

  #fileOf(id: string): string | undefined {
    const { userDir } = this.#red.settings;
    // The id becomes a file name: a hand-written one must not leave the folder.
    return typeof userDir === 'string' && /^[\w.-]+$/.test(id) ? path.join(userDir, FOLDER, `${id}.db`) : undefined;
  }

  /** @returns the context of the account in a persistent store, if settings.js has one */
  #contextOf(node: RunningNode, wanted: string): ContextAccess | undefined {
    const { contextStorage } = this.#red.settings;
    const name = wanted || lastingStoreOf(contextStorage);
    if (name === undefined) return undefined;
    const context = node.context();
    return {
      get: (key, done) => context.get(key, name, done),
      set: (key, value, done) => context.set(key, value, name, done),
      keys: (done) => context.keys(name, done),
    };
  }

  /** Delete files of long-removed accounts, once, after the flows have started. */
  #sweep(log: Log): void {
    const { userDir } = this.#red.settings;
    if (this.#isSwept || typeof userDir !== 'string') return;
    this.#isSwept = true;
    this.#flowStart.whenStarted(() => {
      const deployed = new Set<string>();
      this.#red.nodes.eachNode(({ id }) => deployed.add(this.#fileOf(id) ?? ''));
      try {
        const removed = removeAbandoned(path.join(userDir, FOLDER), deployed);
        if (removed.length > 0) log.info(`ledgers of accounts that are gone have been removed: ${removed.join(', ')}`);
      } catch (error) {
        log.warn(`ledgers of accounts that are gone cannot be removed: ${messageOf(error)}`);
      }
    });
  }
}

/** @returns the name of the first store that is not memory; the default store has priority */
function lastingStoreOf(contextStorage: unknown): string | undefined {
  if (typeof contextStorage !== 'object' || contextStorage === null) return undefined;
  const stores = contextStorage as Record<string, unknown>;
  const isLasting = (name: string) => {
    const store = stores[name];
    // A string is an alias of another store.
    if (typeof store === 'string') return false;
    return (store as { module?: unknown } | undefined)?.module !== 'memory';
  };
  const names = Object.keys(stores).sort((one, other) => Number(other === 'default') - Number(one === 'default'));
  return names.find(isLasting);
}
