import type { Store } from './store';

/** Memory only: the records end with the process. */
export function memoryStore(): Store {
  return { engine: 'memory', durability: 'none', isVolatile: true, load: () => [], write() {}, close() {} };
}
