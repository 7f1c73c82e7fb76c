/** What a server's things are called, so that an id that was picked can be told offline too. */
type Names = [id: string, name: string][];

const MAX_KEPT_NAMES = 300;
const keyOf = (config: string) => `linktor.names.${config}`;

/** @returns the name under which something was last seen in a pick list of this browser, or '' */
export function nameOf(config: string, id: string): string {
  return read(config).find(([known]) => known === id)?.[1] ?? '';
}

/** Keep the names of what was listed; the flow itself holds ids alone. */
export function keepNames(config: string, names: Names): void {
  const fresh = new Set(names.map(([id]) => id));
  const kept = [...names, ...read(config).filter(([id]) => !fresh.has(id))].slice(0, MAX_KEPT_NAMES);
  try {
    localStorage.setItem(keyOf(config), JSON.stringify(kept));
  } catch {
    // A browser that keeps nothing shows ids.
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
