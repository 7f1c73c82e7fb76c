import { invalid } from '../errors';
import { type FileSource, isObject, kindOf, type Media, type Outgoing } from '../model';
import { describe } from '../text';
import { textOf } from './outgoing';
import { webAddress } from './web-address';

/** bytes; servers and channels take no larger file */
export const MAX_FILE_BYTES = 25 * 1024 * 1024;

/** How a file is to be shown: as what it is, as a voice note, as a sticker, or as a file to be stored. */
export const MEDIA_FORMS = ['auto', 'voice', 'sticker', 'document'] as const;
export type MediaForm = (typeof MEDIA_FORMS)[number];

type Given = Record<string, unknown>;

const endings: Record<string, readonly string[]> = {
  image: ['png', 'jpg', 'jpeg', 'gif', 'webp', 'bmp', 'heic'],
  video: ['mp4', 'mov', 'webm', 'mkv', '3gp'],
  audio: ['mp3', 'ogg', 'oga', 'opus', 'wav', 'm4a', 'aac', 'amr'],
};

/** @returns image, video, audio, or document */
export function kindOfType(mimeType: string): string {
  const major = mimeType.split('/')[0] ?? '';
  return Object.hasOwn(endings, major) ? major : 'document';
}

/**
 * @param given a URL, a data URL, base64, a path, bytes, or an object with one of them in `url`, `data`, `base64` or
 * `path`. A file without a URL is in `file`, and its address is still to be made
 * @throws LinktorError `validation`
 */
export function mediaMessage(given: unknown, caption: string | undefined, form: MediaForm = 'auto'): Outgoing {
  const said = isObject(given) && !isBytes(given) ? named(given) : undefined;
  const { data, base64, path, url: address, voice, ...rest } = said ?? { url: given };
  const url = webAddress(address);
  const file = url === undefined ? fileIn({ data, base64, path, address }) : undefined;
  if (url === undefined && file === undefined) throw noAddress(said ? (address ?? data ?? given) : given);
  const isVoice =
    form === 'voice' || (form === 'auto' && (voice === true || voice === 'true' || rest.type === 'voice'));
  const type = typeIn(rest.type, isVoice ? 'voice' : form) ?? (url === undefined ? '' : typeOf(url, rest.mimeType));
  const words = caption ?? textOf(rest.caption);
  const mimeType = isFilled(rest.mimeType) ? rest.mimeType : dataUrlType(base64, data, address);
  const media = {
    ...rest,
    ...(mimeType !== undefined && { mimeType }),
    ...(words !== undefined && { caption: words }),
    ...(isVoice && { voice: true }),
  };
  if (url !== undefined) return { type, media: { ...media, url, type } as Media };
  // Only its bytes say what the file is.
  return { type: type || 'document', media: { ...media, url: '', type } as Media, file };
}

/** The names that other nodes give to the same fields. */
function named({ mimetype, mime_type, fileName, file_name, ...rest }: Given): Given {
  const mimeType = [rest.mimeType, mimetype, mime_type].find(isFilled);
  const filename = [rest.filename, fileName, file_name].find(isFilled);
  return { ...rest, ...(mimeType !== undefined && { mimeType }), ...(filename !== undefined && { filename }) };
}

function isFilled(value: unknown): value is string {
  return typeof value === 'string' && value.trim() !== '';
}

function typeIn(said: unknown, form: MediaForm): string | undefined {
  if (form === 'voice') return 'audio';
  if (form !== 'auto') return form;
  return isFilled(said) ? said : undefined;
}

function typeOf(url: string, mimeType: unknown): string {
  if (typeof mimeType === 'string' && kindOfType(mimeType) !== 'document') return kindOfType(mimeType);
  const ending = /\.(\w+)$/.exec(new URL(url).pathname)?.[1]?.toLowerCase() ?? '';
  return Object.keys(endings).find((type) => endings[type]?.includes(ending)) ?? 'document';
}

interface Held {
  data: unknown;
  base64: unknown;
  path: unknown;
  address: unknown;
}

function fileIn({ data, base64, path, address }: Held): FileSource | undefined {
  const bytes = bytesOf(data) ?? bytesOf(address);
  if (bytes) return { data: checked(bytes) };
  for (const encoded of [base64, data]) if (isFilled(encoded)) return { data: decoded(encoded) };
  if (isFilled(path)) return { path: path.trim() };
  if (!isFilled(address)) return undefined;
  const text = address.trim();
  if (/^data:/i.test(text)) return { data: decodedUrl(text) };
  if (isLikelyBase64(text)) return { data: decoded(text) };
  const isOtherUrl = /^[a-z][a-z0-9+.-]+:/i.test(text);
  if (/^file:\/\//i.test(text) && URL.canParse(text)) return { path: text };
  return !isOtherUrl && text.length <= MAX_PATH_LENGTH && /[/\\]|\.\w+$/.test(text) ? { path: text } : undefined;
}

const MAX_PATH_LENGTH = 4096;

function isBytes(value: unknown): boolean {
  return kindOf(value) === 'ArrayBuffer' || isStoredBuffer(value);
}

/** A Buffer that has been through JSON. */
function isStoredBuffer(value: unknown): value is { data: number[] } {
  return isObject(value) && value.type === 'Buffer' && Array.isArray(value.data);
}

function bytesOf(value: unknown): Buffer | undefined {
  if (Buffer.isBuffer(value)) return value;
  if (ArrayBuffer.isView(value)) return Buffer.from(value.buffer, value.byteOffset, value.byteLength);
  if (kindOf(value) === 'ArrayBuffer') return Buffer.from(value as ArrayBuffer);
  return isStoredBuffer(value) ? Buffer.from(value.data) : undefined;
}

function checked(data: Buffer): Buffer {
  if (data.length === 0) throw invalid('The file to send is empty.', 'Give a file with something in it.');
  if (data.length > MAX_FILE_BYTES) throw tooLarge(data.length);
  return data;
}

/** @param size bytes @returns the error for a file that nothing takes */
export function tooLarge(size: number, limit = MAX_FILE_BYTES, whose = 'this node'): Error {
  const inMb = (bytes: number) => Math.round((bytes / 1024 / 1024) * 10) / 10;
  return invalid(
    `The file has ${inMb(size)} MB, and ${whose} takes ${inMb(limit)} MB.`,
    'Make it smaller, or send the address of a page that has it.',
    { size, limit },
  );
}

const LONGEST_BASE64 = Math.ceil((MAX_FILE_BYTES * 4) / 3) * 1.1;
const BASE64 = /^[A-Za-z0-9+/_-]+={0,2}$/;
/** A shorter text is rather a name. */
const SHORTEST_BASE64 = 64;

/** The path of a file usually has a dot in it, and base64 never has. */
function isLikelyBase64(text: string): boolean {
  return text.length >= SHORTEST_BASE64 && BASE64.test(text.replace(/\s+/g, ''));
}

function decoded(encoded: string): Buffer {
  if (encoded.length > LONGEST_BASE64) throw tooLarge((encoded.length * 3) / 4);
  if (/^\s*data:/i.test(encoded)) return decodedUrl(encoded.trim());
  const text = encoded.replace(/\s+/g, '');
  if (!BASE64.test(text) || text.replace(/=+$/, '').length % 4 === 1) {
    throw invalid('The file is a text that is not base64.', 'Give a Buffer, base64, a data URL, a path or a URL.');
  }
  return checked(Buffer.from(text, 'base64'));
}

function decodedUrl(url: string): Buffer {
  const comma = url.indexOf(',');
  const head = url.slice(0, comma);
  const body = url.slice(comma + 1);
  if (comma >= 0 && /;base64$/i.test(head)) return decoded(body);
  if (comma < 0 || url.length > LONGEST_BASE64) throw notDataUrl();
  try {
    return checked(Buffer.from(decodeURIComponent(body)));
  } catch (error) {
    throw error instanceof URIError ? notDataUrl() : error;
  }
}

/** @returns the type that a data URL states; its bytes tell that of most files, and of texts nothing else does */
function dataUrlType(...given: readonly unknown[]): string | undefined {
  const url = given.find((one): one is string => typeof one === 'string' && /^\s*data:/i.test(one));
  return /^\s*data:([a-z]+\/[\w.+-]+)/i.exec(url ?? '')?.[1];
}

function notDataUrl(): Error {
  return invalid('The data URL of the media cannot be read.', 'It begins with data:<type>;base64, and base64 follows.');
}

function noAddress(given: unknown): Error {
  const instead = typeof given === 'string' ? '' : `; there is ${describe(given)}`;
  const isShortBase64 = typeof given === 'string' && given.trim().length < SHORTEST_BASE64 && BASE64.test(given.trim());
  return invalid(
    `The media needs a URL that starts with http:// or https://, or a file${instead}.`,
    isShortBase64
      ? 'If it is base64, give it as {base64: ...}: a text this short may as well be a name.'
      : 'Give a URL, a Buffer, base64, a data URL or a path in the field "media".',
  );
}
