import type { Dir } from 'node:fs';
import { opendir, stat } from 'node:fs/promises';
import path from 'node:path';
import { invalid } from '../errors';
import { placeIn, realPlace } from './folders';

/** A file below a folder. */
export interface FileBelow {
  /** its path from the folder, with `/` on every system */
  name: string;
  /** absolute */
  path: string;
}

/**
 * type: it is no file, or not a wanted one. outside: a link leads out of the allowed folders, or nowhere. depth: the
 * folder lies too deep. unreadable: Node-RED may not read it
 */
type PassedOver = 'type' | 'outside' | 'depth' | 'unreadable';

export interface FilesBelow {
  /** in the order of their names */
  files: FileBelow[];
  /** what is not among them, and why */
  others: { name: string; why: PassedOver }[];
}

export interface WalkOptions {
  /** look into sub-folders as well */
  isDeep: boolean;
  /** @param name of a file */
  isWanted(name: string): boolean;
  signal: AbortSignal;
}

/** folders within one another */
const MAX_DEPTH = 16;
const MAX_FILES = 10_000;
/** entries that are looked at, files or not */
const MAX_ENTRIES = 100_000;

interface Folder {
  name: string;
  path: string;
  depth: number;
}

/**
 * List the files below a folder. Names that begin with a dot are left out.
 * @param folders the folders from which files may be read, as absolute paths
 * @param given an absolute path, a path within one of them, or a file URL
 * @throws LinktorError `validation` for a folder that may not be read or holds too much
 */
export async function filesBelow(
  folders: readonly string[],
  given: string,
  { isDeep, isWanted, signal }: WalkOptions,
): Promise<FilesBelow> {
  const { real } = await placeIn(folders, given);
  const found: FilesBelow = { files: [], others: [] };
  const inside: Folder[] = [{ name: '', path: real, depth: 0 }];
  // Links come last, so that a folder has its own name and not that of a link to it.
  const linked: Folder[] = [];
  const seen = new Set<string>();
  let looked = 0;
  for (let folder = inside.shift(); folder; folder = inside.shift() ?? linked.shift()) {
    signal.throwIfAborted();
    if (seen.has(folder.path)) continue;
    seen.add(folder.path);
    const entries = await opened(folder, found);
    for await (const entry of entries ?? []) {
      if (++looked > MAX_ENTRIES) throw tooMuch();
      if (entry.name.startsWith('.')) continue;
      const name = `${folder.name}${entry.name}`;
      const own = path.join(folder.path, entry.name);
      const target = entry.isSymbolicLink() ? await realPlace(folders, own) : own;
      const facts = target === own ? entry : target && (await stat(target).catch(() => undefined));
      if (target === undefined || !facts) found.others.push({ name, why: 'outside' });
      else if (facts.isFile() && isWanted(name)) found.files.push({ name, path: own });
      else if (!facts.isDirectory()) found.others.push({ name, why: 'type' });
      else if (isDeep && folder.depth >= MAX_DEPTH) found.others.push({ name, why: 'depth' });
      else if (isDeep)
        (target === own ? inside : linked).push({ name: `${name}/`, path: target, depth: folder.depth + 1 });
      if (found.files.length > MAX_FILES) throw tooMuch();
    }
  }
  found.files.sort((one, other) => (one.name < other.name ? -1 : 1));
  return found;
}

/** @returns the entries of a folder; nothing for a sub-folder that cannot be read, which is noted */
async function opened({ path: folder, name, depth }: Folder, found: FilesBelow): Promise<Dir | undefined> {
  try {
    return await opendir(folder);
  } catch (error) {
    const { code = 'UNKNOWN' } = error as NodeJS.ErrnoException;
    if (depth === 0)
      throw invalid(`The folder cannot be read: ${code}.`, 'Give the path of a folder that Node-RED may read.');
    found.others.push({ name, why: 'unreadable' });
    return undefined;
  }
}

function tooMuch() {
  return invalid(
    `The folder holds more than ${MAX_FILES} files, or ${MAX_ENTRIES} entries.`,
    'Give its sub-folders one by one.',
  );
}
