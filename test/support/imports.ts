// The imports of our sources, read from their text. Type-only imports count as well.
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';

export const root = path.join(import.meta.dirname ?? __dirname, '..', '..');

export type Arrow = [importer: string, imported: string];

const statements = /^(?:import|export)\b[^'"]*?from '([^']+)'|^import '([^']+)'|\bimport\(\s*'([^']+)'\)/gm;

/** @returns the source files of a room, as paths from the project's folder with forward slashes */
export function sourcesOf(room: string): string[] {
  return (readdirSync(path.join(root, room), { recursive: true }) as string[])
    .filter((file) => /\.([cm]?js|ts)$/.test(file))
    .map((file) => path.posix.join(room, file.split(path.sep).join('/')))
    .sort();
}

/** @returns all imports of a room's files: packages by name, our own files by path */
export function arrowsOf(room: string): Arrow[] {
  return sourcesOf(room).flatMap((importer) => {
    const source = readFileSync(path.join(root, importer), 'utf8');
    const names = [...source.matchAll(statements)].map((match) => match[1] ?? match[2] ?? match[3] ?? '');
    return names.map((name): Arrow => [importer, name.startsWith('.') ? fileOf(importer, name) : name]);
  });
}

function fileOf(importer: string, name: string): string {
  const target = path.posix.join(path.posix.dirname(importer), name);
  const candidates = [target, `${target}.ts`, `${target}/index.ts`];
  return candidates.find((file) => path.posix.extname(file) !== '' && existsSync(path.join(root, file))) ?? target;
}

/**
 * Find import cycles.
 * @returns for every group of files that import each other, a shortest cycle through its first file
 */
export function circlesIn(arrows: readonly Arrow[]): string[][] {
  const targets = new Map<string, string[]>();
  for (const [from, to] of arrows) targets.set(from, [...(targets.get(from) ?? []), to]);
  const circles: string[][] = [];
  const done = new Set<string>();
  for (const file of [...targets.keys()].sort()) {
    if (done.has(file)) continue;
    const circle = wayBack(file, targets);
    if (!circle) continue;
    circles.push(circle);
    for (const other of reachedFrom(file, targets)) if (reachedFrom(other, targets).has(file)) done.add(other);
  }
  return circles;
}

/** Find the shortest path from a file back to itself, by breadth-first search. */
function wayBack(file: string, targets: ReadonlyMap<string, string[]>): string[] | undefined {
  const ways: string[][] = [[file]];
  const seen = new Set<string>();
  for (const way of ways) {
    for (const next of targets.get(way.at(-1) ?? '') ?? []) {
      if (next === file) return [...way, file];
      if (seen.has(next)) continue;
      seen.add(next);
      ways.push([...way, next]);
    }
  }
  return undefined;
}

function reachedFrom(file: string, targets: ReadonlyMap<string, string[]>): Set<string> {
  const reached = new Set<string>();
  const waiting = [file];
  for (const one of waiting) {
    for (const next of targets.get(one) ?? []) {
      if (reached.has(next)) continue;
      reached.add(next);
      waiting.push(next);
    }
  }
  return reached;
}
