import { MAX_BYTES_PER_UNIT, unitsOf } from './units';

/** The storable part of a message, and the paths left out. */
export interface Kept {
  value: Record<string, unknown>;
  /** paths left out, such as `payload.file` */
  dropped: string[];
}

/** Node-RED's HTTP request and response objects, and the original event: large, live, and useless later. */
const NEVER_KEPT: ReadonlySet<string> = new Set(['req', 'res', 'event']);
const MAX_DEPTH = 32;
/** number of names, enough to see what is missing */
const MAX_DROPPED_NAMES = 50;

/**
 * Extract the plain data of a message for a ledger. Functions, buffers, `attachments[].data`, cycles and live objects
 * are left out, then the largest properties until the rest is small enough.
 * @param maxBytes size of its JSON
 */
export function keepable(message: Readonly<Record<string, unknown>>, maxBytes: number): Kept {
  const dropped: string[] = [];
  const entries: [string, unknown][] = [];
  for (const [name, given] of Object.entries(message)) {
    const kept = NEVER_KEPT.has(name) && typeof given === 'object' ? undefined : plain(given, name, [], dropped);
    if (kept === undefined) {
      if (given !== undefined && !dropped.includes(name)) dropped.push(name);
    } else entries.push([name, kept]);
  }
  const value = Object.fromEntries(entries);
  shrink(value, maxBytes, dropped);
  return { value, dropped: dropped.slice(0, MAX_DROPPED_NAMES) };
}

/** @returns the plain part of a value; undefined if there is none, which is then added to `dropped` */
function plain(value: unknown, path: string, above: readonly object[], dropped: string[]): unknown {
  if (value === null || typeof value === 'string' || typeof value === 'boolean') return value;
  // JSON would turn other numbers into null.
  if (typeof value === 'number' && Number.isFinite(value)) return value;
  if (value === undefined) return undefined;
  if (value instanceof Date && !Number.isNaN(value.getTime())) return value.toISOString();
  if (typeof value !== 'object' || above.length >= MAX_DEPTH || above.includes(value) || !isPlain(value)) {
    dropped.push(path);
    return undefined;
  }
  const inside = [...above, value];
  if (Array.isArray(value)) {
    // A list item left out becomes null, so that the others keep their index.
    return value.map((item, index) => plain(item, `${path}[${index}]`, inside, dropped) ?? null);
  }
  const entries: [string, unknown][] = [];
  for (const [name, given] of Object.entries(value)) {
    const here = `${path}.${name}`;
    if (name === 'data' && /^attachments\[\d+\]$/.test(path)) {
      dropped.push(here);
      continue;
    }
    const kept = plain(given, here, inside, dropped);
    if (kept !== undefined) entries.push([name, kept]);
  }
  // fromEntries defines properties instead of assigning them: `__proto__` is a property like any other.
  return Object.fromEntries(entries);
}

/** A function node makes its objects in a realm of its own, with another Object.prototype, which has no prototype. */
function isPlain(value: object): boolean {
  if (Array.isArray(value)) return true;
  const kind: unknown = Object.getPrototypeOf(value);
  return kind === null || Object.getPrototypeOf(kind) === null;
}

/** Leave out the largest properties until the rest is small enough. */
function shrink(value: Record<string, unknown>, maxBytes: number, dropped: string[]): void {
  // Most messages are so small that their parts need not be measured.
  const most = maxBytes / MAX_BYTES_PER_UNIT;
  if (unitsOf(value, most) <= most) return;
  const sizes = Object.entries(value).map(([name, kept]) => ({ name, bytes: bytesOf(name) + bytesOf(kept) + 2 }));
  let sum = sizes.reduce((total, { bytes }) => total + bytes, 2);
  sizes.sort((one, other) => other.bytes - one.bytes);
  for (const { name, bytes } of sizes) {
    if (sum <= maxBytes) return;
    delete value[name];
    dropped.push(name);
    sum -= bytes;
  }
}

function bytesOf(value: unknown): number {
  return Buffer.byteLength(JSON.stringify(value));
}
