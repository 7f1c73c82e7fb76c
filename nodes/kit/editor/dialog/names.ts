/** Names of server objects by id, so that a picked id can be shown by name offline. */
type Names = [id: string, name: string][];

const MAX_KEPT_NAMES = 300;
const keyOf = (config: string) => `linktor.names.${config}`;

/** @returns the last known name of an id in the pick lists of this browser, or '' */
export function nameOf(config: string, id: string): string {
  return read(config).find(([known]) => known === id)?.[1] ?? '';
}

/** Store the names of listed items; the flow itself contains only ids. */
export function keepNames(config: string, names: Names): void {
  const fresh = new Set(names.map(([id]) => id));
  const kept = [...names, ...read(config).filter(([id]) => !fresh.has(id))].slice(0, MAX_KEPT_NAMES);
  try {
    localStorage.setItem(keyOf(config), JSON.stringify(kept));
  } catch {
    // Without storage the dialog shows ids.
  }
}

function read(config: string): Names {
  try {
    const kept: unknown = JSON.parse(localStorage.getItem(keyOf(config)) ?? '[]');
    return Array.isArray(kept) ? kept.filter((one) => Array.isArray(one) && typeof one[1] === 'string') : [];
  } catch {
    return [];
  }
}
