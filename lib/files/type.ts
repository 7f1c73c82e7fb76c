import path from 'node:path';
import { safeFileName } from '../contract/json';
import { kindOfType } from '../messages/media';

/** What a file is, by its bytes. */
export interface FileFacts {
  mimeType: string;
  filename: string;
  /** image, video, audio, document */
  kind: string;
}

/** Containers of many formats: what the author says is more exact. */
const CONTAINERS = new Set(['application/x-cfb', 'application/zip', 'application/xml', 'application/gzip']);
const PLAIN = 'text/plain';
const UNKNOWN = 'application/octet-stream';

/** Formats made of text, which have no mark that tells them apart. */
const TEXT_TYPES: Readonly<Record<string, string>> = {
  txt: PLAIN,
  csv: 'text/csv',
  html: 'text/html',
  md: 'text/markdown',
  ics: 'text/calendar',
  vcf: 'text/vcard',
  json: 'application/json',
  xml: 'application/xml',
  svg: 'image/svg+xml',
};

/**
 * Find out what a file is from its bytes; what the author says counts only where the bytes do not tell.
 * @param said the type and the name that the author gives
 */
export async function factsOf(data: Buffer, said: { mimeType?: unknown; filename?: unknown }): Promise<FileFacts> {
  const declared = declaredType(said.mimeType);
  const given = safeFileName(said.filename);
  const found = await sniffed(data);
  const mimeType = found && !CONTAINERS.has(found.mime) ? found.mime : unmarked(data, found?.mime, declared, given);
  // A drawing is a text that no channel shows as a picture.
  const kind = mimeType === TEXT_TYPES.svg ? 'document' : kindOfType(mimeType);
  const ending = found?.ext ?? Object.keys(TEXT_TYPES).find((one) => TEXT_TYPES[one] === mimeType) ?? 'bin';
  const name = given ?? kind;
  return { mimeType, filename: path.extname(name) === '' ? `${name}.${ending}` : name, kind };
}

/** The package has a file of its own in the build, so it costs nothing before a file is sent. */
async function sniffed(data: Buffer): Promise<{ mime: string; ext: string } | undefined> {
  const { fileTypeFromBuffer } = await import('file-type/core');
  // A broken file is one of an unknown type.
  return fileTypeFromBuffer(data).catch(() => undefined);
}

function unmarked(
  data: Buffer,
  container: string | undefined,
  declared: string | undefined,
  filename: string | undefined,
): string {
  const isApplication = declared?.startsWith('application/') === true;
  if (container !== undefined) return isApplication && declared !== undefined ? declared : container;
  if (!isText(data)) return isApplication && declared !== undefined ? declared : UNKNOWN;
  const ending = path
    .extname(filename ?? '')
    .slice(1)
    .toLowerCase();
  if (declared !== undefined && (declared.startsWith('text/') || Object.values(TEXT_TYPES).includes(declared)))
    return declared;
  return Object.hasOwn(TEXT_TYPES, ending) ? (TEXT_TYPES[ending] ?? PLAIN) : PLAIN;
}

function declaredType(given: unknown): string | undefined {
  const type = typeof given === 'string' ? given.split(';', 1)[0]?.trim().toLowerCase() : undefined;
  return type !== undefined && /^[a-z]+\/[\w.+-]+$/.test(type) ? type : undefined;
}

function isText(data: Buffer): boolean {
  if (data.includes(0)) return false;
  try {
    new TextDecoder('utf-8', { fatal: true }).decode(data);
    return true;
  } catch {
    return false;
  }
}
