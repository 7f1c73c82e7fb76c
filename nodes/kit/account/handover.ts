import type { Realtime } from '../../../lib/realtime/index';
import { fenced } from '../fence';
import type { RunningNode } from '../red';

type Memory = Realtime['memory'];
type Exported = ReturnType<Memory['export']>;

const STORE_KEY = 'seen';
/** milliseconds; what a crash may cost with a persistent store */
const SAVE_INTERVAL_MS = 60_000;

/** What config nodes leave to their successors, by their ids. */
export type Handover = Map<string, Exported>;

/**
 * Keep what has been seen: over a deploy in the legacy, since Node-RED empties a node's context then unless a store is
 * set up for it; over a restart in the context, where its store is a lasting one.
 * @returns the function that keeps it for the last time
 */
export function persistMemory(node: RunningNode, memory: Memory, legacy: Handover): () => void {
  const context = node.context();
  const warn = fenced(({ message }: Error) => node.warn(`what has been seen cannot be kept: ${message}`));
  const complain = (error?: Error) => {
    if (error) warn(error);
  };
  let kept = 0;
  // A store of somebody else may throw as well as answer with an error.
  const save = fenced((seen: Exported) => context.set(STORE_KEY, seen, complain), warn);
  const saveNews = () => {
    const seen = memory.export();
    const newest = seen.at(-1)?.[1] ?? 0;
    if (newest === kept) return;
    kept = newest;
    save(seen);
  };
  memory.import(legacy.get(node.id) ?? []);
  legacy.delete(node.id);
  const take = fenced((error: Error | undefined, value: unknown) => {
    complain(error);
    if (Array.isArray(value)) memory.import((value as Exported).filter(isEntry));
  }, warn);
  fenced(() => context.get(STORE_KEY, take), warn)();
  const timer = setInterval(fenced(saveNews, warn), SAVE_INTERVAL_MS);
  return () => {
    clearInterval(timer);
    const seen = memory.export();
    legacy.set(node.id, seen);
    // Even without news: it says until when we have listened.
    save(seen);
  };
}

/** A store holds what it was given, by whatever version of this package. */
function isEntry(entry: unknown): boolean {
  return Array.isArray(entry) && typeof entry[0] === 'string' && typeof entry[1] === 'number';
}
