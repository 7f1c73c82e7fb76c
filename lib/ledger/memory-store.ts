import type { Store } from './store';

/** Nothing but memory: what is written here ends with the process. */
export function memoryStore(): Store {
  return { engine: 'memory', durability: 'none', load: () => [], write() {}, close() {} };
}
