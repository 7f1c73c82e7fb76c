import { constants } from 'node:fs';
import { type FileHandle, open, realpath } from 'node:fs/promises';
import path from 'node:path';
import { fileURLToPath } from 'node:url';
import { invalid } from '../errors';
import { MAX_FILE_BYTES, tooLarge } from '../messages/media';

/**
 * @param own the folders that the account names
 * @param operators the folders that settings.js names; the account's must then lie in one of them
 * @returns the folders from which files may be read, as absolute paths
 */
export function allowedFolders(own: readonly string[], operators: unknown): string[] {
  const absolute = (folders: readonly unknown[]) => folders.filter((one) => typeof one === 'string').filter(isAbsolute);
  if (!Array.isArray(operators)) return absolute(own).map((one) => path.resolve(one));
  const outer = absolute(operators).map((one) => path.resolve(one));
  if (own.length === 0) return outer;
  return absolute(own)
    .map((one) => path.resolve(one))
    .filter((one) => outer.some((folder) => isWithin(folder, one)));
}

/** @returns those of the account's folders from which no file may be read: no absolute paths, or not allowed by settings.js */
export function leftOutFolders(own: readonly string[], allowed: readonly string[]): string[] {
  return own.filter((one) => !isAbsolute(one) || !allowed.includes(path.resolve(one)));
}

function isAbsolute(folder: string): boolean {
  return path.isAbsolute(folder);
}

function isWithin(folder: string, file: string): boolean {
  const way = path.relative(folder, file);
  return way === '' || (!path.isAbsolute(way) && way !== '..' && !way.startsWith(`..${path.sep}`));
}

/**
 * Read a file that lies in one of the folders, whatever links lead there.
 * @param given an absolute path, a path within one of the folders, or a file URL
 * @throws LinktorError `validation`; the same for what is not there and for what may not be read
 */
export async function readFileIn(
  folders: readonly string[],
  given: string,
): Promise<{ data: Buffer; filename: string }> {
  const { real, candidate } = await placeIn(folders, given);
  return { data: await readWhole(real), filename: path.basename(candidate) };
}

/** @returns where a path really leads, and the path itself @throws LinktorError `validation` */
export async function placeIn(folders: readonly string[], given: string): Promise<{ real: string; candidate: string }> {
  const file = /^file:/i.test(given) ? pathOf(given) : given;
  if (folders.length === 0 || file.includes('\0')) throw notAllowed(folders);
  const candidates = path.isAbsolute(file) ? [path.resolve(file)] : folders.map((one) => path.resolve(one, file));
  for (const candidate of candidates) {
    if (!folders.some((folder) => isWithin(folder, candidate))) continue;
    const real = await realPlace(folders, candidate);
    if (real !== undefined) return { real, candidate };
  }
  throw notAllowed(folders);
}

/** @returns where an absolute path really leads; undefined when that is in none of the folders, or nowhere */
export async function realPlace(folders: readonly string[], candidate: string): Promise<string | undefined> {
  const real = await realpath(candidate).catch(() => undefined);
  if (real === undefined) return undefined;
  const homes = await Promise.all(folders.map((folder) => realpath(folder).catch(() => undefined)));
  return homes.some((home) => home !== undefined && isWithin(home, real)) ? real : undefined;
}

function pathOf(url: string): string {
  try {
    return fileURLToPath(url);
  } catch {
    throw invalid('The file URL names no file of this machine.', 'Give it as file:///folder/name.');
  }
}

/** Neither follows a link that has replaced the file since, nor waits for a pipe. */
async function readWhole(file: string): Promise<Buffer> {
  const { O_RDONLY, O_NOFOLLOW = 0, O_NONBLOCK = 0 } = constants;
  const handle = await open(file, O_RDONLY | O_NOFOLLOW | O_NONBLOCK).catch((error: NodeJS.ErrnoException) => {
    throw unreadable(error.code);
  });
  try {
    const facts = await handle.stat();
    if (!facts.isFile()) throw invalid('The path is that of a folder, or of no file.', 'Give the path of one file.');
    if (facts.size > MAX_FILE_BYTES) throw tooLarge(facts.size);
    const data = Buffer.alloc(facts.size + 1);
    const bytesRead = await fill(handle, data);
    if (bytesRead === 0) throw invalid('The file is empty.', 'Give a file with something in it.');
    if (bytesRead !== facts.size) throw unreadable('it is being written');
    return data.subarray(0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** A file system over a network may give less than was asked for. @returns the number of bytes until the file ends */
async function fill(handle: FileHandle, data: Buffer): Promise<number> {
  for (let filled = 0; ; ) {
    const { bytesRead } = await handle.read(data, filled, data.length - filled, filled);
    filled += bytesRead;
    if (bytesRead === 0 || filled === data.length) return filled;
  }
}

function unreadable(why = 'UNKNOWN') {
  return invalid(`The file cannot be read: ${why}.`, 'See that Node-RED may read it.');
}

function notAllowed(folders: readonly string[]) {
  return folders.length === 0
    ? invalid(
        'No file of this machine may be read: no folder is named.',
        'Name the folder in the field "fileFolders" of the Linktor account.',
      )
    : invalid(
        'It is not there, or in none of the folders from which files may be read.',
        'Correct its path, or name its folder in the field "fileFolders" of the Linktor account, by an absolute path.',
      );
}
